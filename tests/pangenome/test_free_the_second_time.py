"""What is there already is nearly free, however it comes again."""

from pathlib import Path

import numpy as np
import pytest

from genomes import fasta_bytes, letters, random_bases
from seqcoder.reading.reader import Container
from seqcoder.settings import Settings
from seqcoder.writing.chunk import ChunkCoder
from seqcoder.writing.executor import ThreadExecutor
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.pipeline import write_container

LENGTH = 120_000


def packed(folder: Path, files: list[tuple[str, bytes]], *, group: bool = True) -> int:
    """Return the size of a container of ``files``, whose contents and order have been checked."""
    folder.mkdir(exist_ok=True)
    for name, data in files:
        (folder / name).write_bytes(data)
    settings = Settings(level=1, model=None, group=group)
    coder = ChunkCoder(settings)
    out = folder / "all.sqc"
    sources = [
        GenomeSource(name=name, path=str(folder / name), size=len(data)) for name, data in files
    ]
    write_container(sources, settings, coder.model_digests(), ThreadExecutor(coder, 1), out)
    with Container(out) as reader:
        assert list(reader) == [name for name, _ in files]
        for name, data in files:
            assert reader[name].read() == data
    return out.stat().st_size


def genome(seed: int) -> bytes:
    return letters(random_bases(LENGTH, seed))


def turned(sequence: bytes) -> bytes:
    return sequence[::-1].translate(bytes.maketrans(b"ACGT", b"TGCA"))


def tiny_records(n: int) -> bytes:
    """Return short records as of an amplicon library: many alike, none longer than 60."""
    rng = np.random.default_rng(7)
    kinds = [letters(random_bases(60, 100 + kind)) for kind in range(300)]
    records = []
    for i in range(n):
        start, stop = rng.integers(0, 10), rng.integers(40, 61)
        records.append((f"read_{i}", kinds[rng.integers(0, 300)][start:stop]))
    return fasta_bytes(*records)


@pytest.mark.parametrize(
    ("again", "most"),
    [
        ("the same", 140),
        ("reverse complement", 160),
        ("two others, one after the other", 210),
        ("two others, the first turned, in one record", 190),
        ("the halves exchanged", 170),
    ],
)
def test_nearly_free_the_second_time(tmp_path: Path, again: str, most: int) -> None:
    one, two = genome(1), genome(2)
    once = [("one.fa", fasta_bytes(("a", one))), ("two.fa", fasta_bytes(("b", two)))]
    more = {
        "the same": [("a", one)],
        "reverse complement": [("a", turned(one))],
        "two others, one after the other": [("a", one), ("b", two)],
        "two others, the first turned, in one record": [("a", turned(one) + two)],
        "the halves exchanged": [("a", one[LENGTH // 2 :] + one[: LENGTH // 2])],
    }[again]
    before = packed(tmp_path / "once", once)
    after = packed(tmp_path / "again", [*once, ("again.fa", fasta_bytes(*more))])
    assert 0 < after - before <= most


def test_concatenation_first_then_its_parts(tmp_path: Path) -> None:
    one, two = genome(1), genome(2)
    whole = [("both.fa", fasta_bytes(("a", one), ("b", two)))]
    parts = [("two.fa", fasta_bytes(("b", two))), ("one.fa", fasta_bytes(("a", one)))]
    before = packed(tmp_path / "once", whole)
    assert packed(tmp_path / "again", [*whole, *parts]) - before <= 280


def test_twice_within_one_file(tmp_path: Path) -> None:
    one = genome(3)
    before = packed(tmp_path / "once", [("x.fa", b">y\nA\n"), ("one.fa", fasta_bytes(("a", one)))])
    twice = fasta_bytes(("a", one), ("b", turned(one)))
    assert packed(tmp_path / "twice", [("x.fa", b">y\nA\n"), ("one.fa", twice)]) - before <= 105


def test_tiny_records_twice(tmp_path: Path) -> None:
    records = tiny_records(20_000)
    before = packed(tmp_path / "once", [("x.fa", b">y\nA\n"), ("one.fa", records)])
    files = [("x.fa", b">y\nA\n"), ("one.fa", records), ("two.fa", records)]
    more = packed(tmp_path / "twice", files) - before
    assert more < 0.12 * before  # headers and lengths: the bases cost nothing


def test_strangers_are_not_larger_together(tmp_path: Path) -> None:
    """Low in G + C, so that many short stretches are alike by chance."""
    rng = np.random.default_rng(5)
    files = []
    for i in range(4):
        bases = rng.choice(4, LENGTH, p=[0.42, 0.08, 0.08, 0.42]).astype(np.uint8)
        files.append((f"g{i}.fa", fasta_bytes((f"s{i}", letters(bases)))))
    together = packed(tmp_path / "together", files)
    assert together <= 1.001 * packed(tmp_path / "alone", files, group=False)
