"""Small containers of every kind, with the files that are in them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest import mock

import numpy as np

import seqcoder
from appended import append
from genomes import coding_genome, fasta_bytes, letters, random_bases
from seqcoder import Settings
from seqcoder.container.reader import ContainerReader
from seqcoder.storage.range_source import RangeSource
from seqcoder.writing import chunk


@dataclass(frozen=True)
class Subject:
    """A container, and the file that each of its genomes is."""

    name: str
    data: bytes
    files: dict[str, bytes]


def relatives(n: int, length: int, seed: int) -> dict[str, bytes]:
    """Genomes with most of their bases from the one before: each a walk over the others."""
    rng = np.random.default_rng(seed)
    bases, files = random_bases(length, seed), {}
    third = length // 3
    for i in range(n):
        files[f"rel{seed}_{i}.fa"] = fasta_bytes((f"r{i}", letters(bases)))
        turned = bases[third : 2 * third][::-1] ^ 3
        new = random_bases(80, seed=seed + i)
        bases = np.concatenate([bases[:third], turned, new, bases[2 * third :]])
        bases[rng.integers(0, len(bases), length // 60)] ^= 1
    return files


def _files(prefix: str) -> dict[str, bytes]:
    text = letters(random_bases(2600, seed=len(prefix)))
    return {
        f"{prefix}/plain.fa": fasta_bytes(("one", text[:1500]), ("two", text[1500:])),
        f"{prefix}/odd.fa": b"; x\r\n>c_9 len=8\r\nACGTN\r\nNac\r\n>c_10 len=4\r\nA-GT",
        f"{prefix}/stored.faa": b">p\nMKVLITGAGSGIGLELVRQFLELGHRVVATD\n",
        f"{prefix}/empty.fa": b"",
    }


def _packed(name: str, files: dict[str, bytes], settings: Settings) -> Subject:
    return Subject(name, seqcoder.compress_bytes(files, settings=settings), files)


def _of_coding(name: str, coding: int, latents: bool, settings: Settings) -> Subject:
    """A container whose chunk is coded as said, which the smallest would not always be."""
    files = {f"{name}.fa": coding_genome(6000 if latents else 2400, seed=3)}
    with mock.patch.object(chunk, "_TRY_ALL_BASES", 0):
        subject = _packed(name, files, settings)
    rows = [c.row for c in ContainerReader(RangeSource(subject.data)).index.chunks]
    assert [(row.coding, bool(row.model)) for row in rows] == [(coding, latents)], rows
    return subject


def _grown() -> Subject:
    """A container to which relatives of its genomes were appended, as a user does it."""
    files = relatives(5, 1500, 9)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in files]
        for path in paths:
            path.write_bytes(files[path.name])
        out, settings = Path(folder) / "x.sqc", Settings(level=1)
        seqcoder.compress(paths[:2], out, settings=settings, threads=1)
        seqcoder.append(paths[2:], out, settings=settings, threads=1)
        data = out.read_bytes()
    rows = [g.row for g in ContainerReader(RangeSource(data)).index.genomes]
    assert [row.base_start is None for row in rows] == [False, True, True, True, True]
    return Subject("grown", data, files)


NAMES = (
    "level 1",
    "group",
    "appended",
    "group, appended",
    "grown",
    "level 2",
    "level 3",
    "latents",
    "stored",
)


@cache
def subjects() -> tuple[Subject, ...]:
    """Every level, latents, a group of walks, only stored files, appended genomes."""
    level1 = _packed("level 1", _files("l1"), Settings(level=1, chunk_bases=1024))
    group = _packed("group", relatives(4, 1500, 7), Settings(level=1, chunk_bases=1024))
    more = _packed("more", _files("more"), Settings(level=1))
    most = _packed("most", _files("most"), Settings(level=1))
    return (
        level1,
        group,
        Subject(
            "appended",
            append(append(level1.data, more.data), most.data),
            level1.files | more.files | most.files,
        ),
        Subject("group, appended", append(group.data, more.data), group.files | more.files),
        _grown(),
        _of_coding("level 2", 2, False, Settings(level=2, model=None)),
        _of_coding("level 3", 3, False, Settings(level=3, model=None)),
        _of_coding("latents", 2, True, Settings(level=2)),
        _packed("stored", {"x.bin": bytes(range(256)) * 3, "y.txt": b"no"}, Settings(level=1)),
    )
