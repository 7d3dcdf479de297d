"""Small containers that declare much: refused before the memory is taken, under a real limit."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import seqcoder
from genomes import letters, random_bases
from seqcoder import Settings, coder
from seqcoder.container import frames
from seqcoder.container.frames import bases_digest
from seqcoder.container.rows import STORED, ChunkRow, GenomeRow
from seqcoder.container.writer import ChunkFrames, ContainerWriter, GenomeFrames
from seqcoder.errors import MemoryLimitError, UsageError
from seqcoder.pangenome.relative_walk import PARENT, SELF
from seqcoder.storage.memory import memory_limit
from test_hostile import BIG, ROW, container, rle_frame, side, varints
from walk_items import code_items

MIB = 1 << 20
LIMIT = 256
"""MiB that the subprocess lets a container take (SEQCODER_MEMORY)."""
ROOM = 3 * LIMIT
"""MiB of address space it has on top of what the program has loaded."""

CHILD = """
import json, resource, sys, time
import seqcoder
from seqcoder import coder
from seqcoder.errors import SeqcoderError
import numpy
for coding in (0, 1, 2, 3):
    coder.encode(numpy.zeros(64, numpy.uint8), coding)
from seqcoder.pangenome import build, relative_walk as relative
import seqcoder.reading.verification, seqcoder.reading.repair
size = int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (size + int(sys.argv[1]),) * 2)
from pathlib import Path
def attempt(what):
    try:
        what()
    except SeqcoderError as error:
        return type(error).__name__
    except MemoryError:
        return "MemoryError"
    return ""
def read(path):
    with seqcoder.open(path, threads=2) as opened:
        list(opened.values())[-1].read()
def regions(path):
    with seqcoder.open(path, threads=2) as opened:
        for record in list(opened.values())[-1]:
            record.fetch(0, len(record))
def full(path):
    with seqcoder.open(path, threads=2) as opened:
        seqcoder.verify(opened, full=True, threads=2)
for path in sys.argv[2:]:
    began = time.process_time()
    found = [attempt(lambda: what(path)) for what in (read, regions, full)]
    out = Path(path).with_suffix(".mended")
    repair = seqcoder.reading.repair.repair
    found.append(attempt(lambda: repair(Path(path), out, force=True, threads=2)))
    print(json.dumps([Path(path).stem, found, time.process_time() - began]), flush=True)
"""


def table(length: int) -> bytes:
    """A record table of one record, called n, of ``length`` residues."""
    column = bytes((6,)) + length.to_bytes(6, "little")
    return b"\1" + column + bytes.fromhex("02 04 00 00 02") + b"n\n"


def many_chunks(n: int, n_bases: int, coding: int) -> bytes:
    """``n`` chunks of ``n_bases`` bases of A each and a genome that is all of them."""
    total = n * n_bases
    out = io.BytesIO()
    writer = ContainerWriter(out)
    residual = rle_frame(n_bases // 4, n_bases // 4) if coding == 0 else frames.compress(b"", 3)
    for _ in range(n):
        writer.add_chunk(
            ChunkFrames(ChunkRow(n_bases, coding, b"", 0, len(residual), bytes(8)), b"", residual)
        )
    streams = frames.compress(side(table=table(total)), 3)
    row = replace(ROW, size=total + 4, n_residues=total, n_bases=total, side_length=len(streams))
    writer.add_genome(GenomeFrames(row, streams, record_table=table(total)))
    writer.finish()
    return out.getvalue()


def walks(*genomes: tuple[int, bytes]) -> bytes:
    """A chunk of 2000 bases, and genomes of (length, serialised walk) after a plain one."""
    bases = random_bases(2000, seed=2)
    residual = frames.compress(coder.encode(bases, 0), 3)
    out = io.BytesIO()
    writer = ContainerWriter(out)
    row = ChunkRow(2000, 0, b"", 0, len(residual), bases_digest(bases))
    writer.add_chunk(ChunkFrames(row, b"", residual))
    digest = sha256(b">n\n" + letters(bases) + b"\n").digest()
    for number, (length, walk) in enumerate([(2000, b""), *genomes]):
        streams = frames.compress(side(table=table(length)), 3)
        frame = frames.compress(walk, 3) if walk else b""
        sizes = (length + 4, 1, length, length, 0, None if walk else 0, len(streams), len(frame), 0)
        genome = GenomeRow(f"g{number}", 0, 0, *sizes, bytes(32) if walk else digest)
        writer.add_genome(GenomeFrames(genome, streams, frame, record_table=table(length)))
    writer.finish()
    return out.getvalue()


def relative(n_items: int, n_plain: int = 0, n_changed: int = 0, coded: bytes = b"") -> bytes:
    """The head of a walk over the genome before, and what is coded."""
    return b"\2" + varints(1, 1, 2000, n_items, n_plain, n_changed) + coded


def repeating(length: int) -> bytes:
    """A walk of single bases of its parent, copied from itself again and again."""
    items = [(PARENT, i & 1, 5 * i, 1) for i in range(64)]
    at = 64
    while at < length:
        items.append((SELF, 0, 0, min(at, length - at)))
        at += items[-1][3]
    return relative(len(items), 0, 0, code_items(items))


def doubling(length: int) -> bytes:
    """Columns of one interval read again and again: few bytes for many bases."""
    k = length // 2000
    columns = varints(k, 0) + varints(1999) * k + varints(0) + varints(2 * 3999) * (k - 1)
    import zstandard

    return b"\1" + zstandard.ZstdCompressor(write_checksum=False).compress(columns)


def wide_frame(contents: bytes, window_log: int) -> bytes:
    """A frame, one raw block, that asks for a window of ``2 ** window_log`` bytes."""
    head = struct.pack("<BBQ", 0xC0, window_log - 10 << 3, len(contents))
    return head + struct.pack("<I", len(contents) << 3 | 1)[:3] + contents


FAR = 1 << 27
STORED_ROW = replace(ROW, kind=STORED, n_records=0, n_residues=0, n_bases=0)
HOSTILE = {
    "a chunk of 2^28 bases, level 3": lambda: many_chunks(1, 1 << 28, 3),
    "a chunk of 2^28 bases, level 2": lambda: many_chunks(1, 1 << 28, 2),
    "a chunk of 2^28 bases, two bits": lambda: many_chunks(1, 1 << 28, 0),
    "a thousand chunks of 2^24 bases": lambda: many_chunks(1000, 1 << 24, 3),
    "a side frame of 1 GiB": lambda: container(BIG, side=rle_frame(1 << 30, 1 << 30)),
    "a stored frame of 4 GiB": lambda: container(
        replace(STORED_ROW, size=1 << 32), stored=rle_frame(1 << 32, 1 << 32), side=b""
    ),
    "a window of 2 GiB": lambda: container(side=wide_frame(side(), 31)),
    "a billion blank lines": lambda: container(
        replace(BIG, size=1 << 31), varints(128, 0) + b"\4" + (1 << 30).to_bytes(4, "little")
    ),
    "a billion empty ragged lines": lambda: container(
        replace(BIG, size=1 << 31),
        varints(256, 0) + b"\1\2\1\x08\0\4" + (1).to_bytes(4, "little") + b"\0\0\0\x40",
    ),
    "a walk of very many items": lambda: walks((FAR, relative(FAR))),
    "a walk of very many substitutions": lambda: walks((FAR, relative(1, FAR, FAR))),
    "a walk that reads itself again": lambda: walks((FAR, repeating(FAR))),
    "a walk's columns, a bomb": lambda: walks((FAR, b"\1" + rle_frame(FAR * 20, FAR * 20))),
    "a chain of walks": lambda: walks(*[(2000, relative(1, 0, 0, b"\0\0\0\0"))] * 300),
    "many bases of few": lambda: walks((FAR // 2000 * 2000, doubling(FAR // 2000 * 2000))),
}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
def test_peak_memory(tmp_path: Path) -> None:
    paths = []
    for name, make in HOSTILE.items():
        data = make()
        assert len(data) < 1 << 20, name
        path = tmp_path / f"{name}.sqc"
        path.write_bytes(data)
        paths.append(str(path))
    command = [sys.executable, "-c", CHILD, str(ROOM * MIB), *paths]
    environment = {
        **os.environ,
        "SEQCODER_MEMORY": f"{LIMIT}M",
        "MALLOC_ARENA_MAX": "2",
    }
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [name for name, _, _ in results] == list(HOSTILE)
    refusals = {"MemoryLimitError", "IntegrityError"}
    for name, found, seconds in results:
        read, regions, full, mended = found
        # A frame's contents are all there is room for: a window is not made, whatever it asks for.
        assert read in ({""} if name == "a window of 2 GiB" else refusals), (name, found)
        assert {regions, full, mended} <= refusals | {""}, (name, found)
        assert seconds < 30, (name, seconds)


def test_the_limit_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    file = b">n\n" + b"A" * (3 << 20) + b"\n"
    data = seqcoder.compress_bytes({"a.fa": file}, settings=Settings(level=1))
    assert len(data) < 1000
    with seqcoder.open(data) as opened:
        assert opened["a.fa"].read() == file
    with (
        seqcoder.Container(data, memory=8 << 20) as opened,
        pytest.raises(MemoryLimitError, match=r"genome a\.fa: needs some 1 GiB .* SEQCODER_MEMORY"),
    ):
        opened["a.fa"].read()
    monkeypatch.setenv("SEQCODER_MEMORY", "4M")
    with seqcoder.open(data) as opened:
        with pytest.raises(MemoryLimitError):
            opened["a.fa"].read()
        with pytest.raises(MemoryLimitError):
            seqcoder.verify(opened, full=True)
    monkeypatch.setenv("SEQCODER_MEMORY", "much")
    with pytest.raises(UsageError, match="'much' is not understood"):
        seqcoder.open(data)
    for text in ("inf", "nan", "-inf", "0.5", "0", "-1G", "G", "1e400", "1e308T"):
        monkeypatch.setenv("SEQCODER_MEMORY", text)
        with pytest.raises(UsageError, match=f"SEQCODER_MEMORY: size '{text}' is not understood"):
            memory_limit(100)
    for text, size in (("1", 1), ("0.5K", 512), (" 2 gib", 2 << 30)):
        monkeypatch.setenv("SEQCODER_MEMORY", text)
        assert memory_limit(100) == size
    monkeypatch.delenv("SEQCODER_MEMORY")
    assert memory_limit(100) == 2 << 30
    assert memory_limit(1 << 30) == 48 << 30


def test_writing_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What we have written ourselves is checked whatever it declares."""
    monkeypatch.setenv("SEQCODER_MEMORY", "1M")
    data = seqcoder.compress_bytes({"x.bin": bytes(1 << 20)}, settings=Settings(level=1))
    with seqcoder.open(data) as opened, pytest.raises(MemoryLimitError, match="SEQCODER_MEMORY"):
        opened["x.bin"].read()


def test_the_limit_is_not_in_the_way() -> None:
    """A genome at its smallest, a container of its own: well below what it may take."""
    bases = np.frombuffer(random_bases(400_000, seed=1).tobytes(), np.uint8)
    file = b">x\n" + seqcoder.fasta.bases_to_letters(bases) + b"\n"
    data = seqcoder.compress_bytes({"x.fa": file}, settings=Settings(level=1))
    with seqcoder.Container(data, memory=48 * len(data)) as opened:
        # The tables of a coder are the same for all, and not what is bounded here.
        opened.decoder.chunk(opened.reader.index.chunks[0])
        assert sha256(opened["x.fa"].read()).digest() == sha256(file).digest()
