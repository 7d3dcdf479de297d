"""Appending to a container: old bytes stay, new genomes use what is there, nothing is torn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import seqcoder
from genomes import fasta_bytes, letters, random_bases
from seqcoder import Settings
from seqcoder.container.frames import Bases
from seqcoder.container.scan import scan_sections
from seqcoder.errors import InputError, IntegrityError, UsageError
from seqcoder.pangenome.build import UNKNOWN
from seqcoder.reading.verification import verify
from seqcoder.storage.range_source import RangeSource
from seqcoder.writing.appending import Append, before, read_basis
from seqcoder.writing.chunk import ChunkCoder, CodedChunk
from seqcoder.writing.chunk_input import ChunkInput
from seqcoder.writing.executor import ThreadExecutor
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.pipeline import write_container

PLAIN = Settings(level=1, chunk_bases=20_000)


def relative_of(bases: Bases, seed: int, changes: int = 20) -> Bases:
    rng = np.random.default_rng(seed)
    out = bases.copy()
    out[rng.choice(len(out), changes, replace=False)] ^= 1
    return np.concatenate([out, random_bases(300, seed)])


def as_fasta(bases: Bases, name: str) -> bytes:
    return fasta_bytes((name, letters(bases)))


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """Two families that have nothing to do with one another, and a file that is no FASTA."""
    one, two = random_bases(60_000, 1), random_bases(50_000, 2)
    return {
        "one.fa": as_fasta(one, "one"),
        "two.fa": as_fasta(two, "two"),
        "notes.txt": b"not a FASTA file\n",
        "one-b.fa": as_fasta(relative_of(one, 3), "one-b"),
        "two-b.fa": as_fasta(relative_of(two, 4), "two-b"),
        "one-c.fa": as_fasta(relative_of(one[::-1] ^ 3, 5), "one-c"),
    }


def sources(files: dict[str, bytes], *names: str) -> list[GenomeSource]:
    return [GenomeSource(name, name, size=len(files[name])) for name in names]


@pytest.fixture
def container(files: dict[str, bytes], tmp_path: Path) -> Path:
    out = tmp_path / "all.sqc"
    seqcoder.compress(
        sources(files, "one.fa", "two.fa", "notes.txt"),
        out,
        settings=PLAIN,
        opener=lambda source: files[source.name],
    )
    return out


def add(
    files: dict[str, bytes], out: Path, *names: str, settings: Settings = PLAIN
) -> seqcoder.ContainerReport:
    return seqcoder.append(
        sources(files, *names), out, settings=settings, opener=lambda source: files[source.name]
    )


def check(files: dict[str, bytes], out: Path, *names: str) -> None:
    with seqcoder.open(out) as container:
        assert list(container) == list(names)
        for name in names:
            assert container[name].read() == files[name]
        assert verify(container, full=True).intact
    scan = scan_sections(RangeSource(out.read_bytes()))
    assert not scan.problem
    assert len(scan.index.genomes) == len(names)


def test_relatives_cost_little_and_the_old_bytes_stay(
    files: dict[str, bytes], container: Path
) -> None:
    old = container.read_bytes()
    report = add(files, container, "one-b.fa", "two-b.fa")
    new = container.read_bytes()
    assert new.startswith(old)
    # 2 x 300 novel bases at two bits, 40 substitutions, and index and header once more.
    assert len(new) - len(old) < 1100
    novel = [genome.novel_bases for genome in report.genomes]
    assert all(290 <= n <= 300 for n in novel)  # a base or two may go on from a copy by chance
    assert report.size == len(new)
    assert sum(chunk.bases for chunk in report.chunks) == sum(novel)
    check(files, container, "one.fa", "two.fa", "notes.txt", "one-b.fa", "two-b.fa")


def test_appending_twice(files: dict[str, bytes], container: Path) -> None:
    add(files, container, "one-b.fa")
    add(files, container, "one-c.fa", "two-b.fa")
    check(files, container, "one.fa", "two.fa", "notes.txt", "one-b.fa", "one-c.fa", "two-b.fa")


def test_without_groups_and_with_a_model_the_container_did_not_name(
    files: dict[str, bytes], container: Path
) -> None:
    add(files, container, "one-b.fa", settings=Settings(level=2, group=False))
    check(files, container, "one.fa", "two.fa", "notes.txt", "one-b.fa")
    with seqcoder.open(container) as opened:
        # Random bases have no latents worth their bytes, and no chunk names a model.
        assert opened.reader.index.models == []


def test_cut_anywhere_the_old_genomes_come_out(files: dict[str, bytes], container: Path) -> None:
    old = container.stat().st_size
    add(files, container, "one-b.fa")
    new = container.read_bytes()
    for end in [*range(old, len(new), 23), len(new) - 1]:
        with seqcoder.open(new[:end]) as opened:
            assert list(opened) == ["one.fa", "two.fa", "notes.txt"]
            assert opened.reader.torn_bytes == end - old
            if end % 7 == 0:
                assert opened["one.fa"].read() == files["one.fa"]


def test_a_torn_tail_is_left_behind(files: dict[str, bytes], container: Path) -> None:
    old = container.read_bytes()
    add(files, container, "one-b.fa")
    whole = container.read_bytes()
    container.write_bytes(whole[: (len(old) + len(whole)) // 2])
    add(files, container, "one-b.fa")
    assert container.read_bytes() == whole


class Interrupted:
    """An executor that dies after some chunks."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.coder = ChunkCoder(PLAIN)

    def code(self, chunks: Iterator[ChunkInput]) -> Iterator[CodedChunk]:
        for number, chunk in enumerate(ThreadExecutor(self.coder, 1).code(chunks)):
            if number == self.after:
                raise KeyboardInterrupt
            yield chunk


def test_interrupted_and_taken_up_again(files: dict[str, bytes], container: Path) -> None:
    rng_genomes = {f"new{i}.fa": as_fasta(random_bases(50_000, 90 + i), f"n{i}") for i in range(2)}
    everything = files | rng_genomes
    old = container.read_bytes()
    add(everything, container, *rng_genomes)
    whole = container.read_bytes()
    container.write_bytes(old)
    for after in (1, 3):
        with pytest.raises(KeyboardInterrupt):
            write_container(
                sources(everything, *rng_genomes),
                PLAIN,
                [],
                Interrupted(after),
                container,
                opener=lambda source: everything[source.name],
                append=Append(read_basis(container)),
            )
        assert container.read_bytes() == old
        assert list(container.parent.glob(".*.partial"))
    report = add(everything, container, *rng_genomes)
    assert container.read_bytes() == whole
    # One chunk and then three were whole in the temporary file; their times are not known.
    assert [chunk.code_seconds is None for chunk in report.chunks] == [True] * 4 + [False] * 2
    assert not list(container.parent.glob(".*.partial"))


def test_what_cannot_be_appended(files: dict[str, bytes], container: Path) -> None:
    old = container.read_bytes()
    with pytest.raises(UsageError, match=r"holds a genome called 'one.fa' already"):
        add(files, container, "one.fa")
    with pytest.raises(InputError, match=r"^\S*/absent\.fa: No such file"):
        seqcoder.append([container.parent / "absent.fa"], container, settings=PLAIN)
    with pytest.raises(InputError, match="not a seqcoder container"):
        add(files, _file(container.parent / "text.sqc", b">a\nACGT\n" * 20), "one.fa")
    assert container.read_bytes() == old
    damaged = bytearray(old)
    damaged[len(old) // 3] ^= 1
    container.write_bytes(bytes(damaged))
    with pytest.raises(IntegrityError):
        add(files, container, "one-b.fa")
    assert container.read_bytes() == bytes(damaged)


def _file(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_only_what_relatives_need_is_decoded(files: dict[str, bytes], container: Path) -> None:
    basis = read_basis(container)
    there = before(Append(basis, ("two.fa",)))
    assert there.spans == ((60_000, 110_000),)
    assert (there.text[:60_000] == UNKNOWN).all()
    assert (there.text[60_000:] < 4).all()
    report = write_container(
        sources(files, "two-b.fa", "one-b.fa"),
        PLAIN,
        [],
        ThreadExecutor(ChunkCoder(PLAIN), 1),
        container,
        opener=lambda source: files[source.name],
        append=Append(basis, ("two.fa",)),
    )
    # What is not decoded is not found again: safe, and the price of wrong relatives.
    near, far = (genome.novel_bases for genome in report.genomes)
    assert near <= 300
    assert far == 60_300
    check(files, container, "one.fa", "two.fa", "notes.txt", "two-b.fa", "one-b.fa")
    assert before(Append(read_basis(container), ("nobody.fa",))).spans == ()


def test_an_append_made_again(files: dict[str, bytes], container: Path) -> None:
    old = container.stat().st_size
    add(files, container, "one-b.fa")
    middle = container.read_bytes()
    add(files, container, "one-c.fa", "two-b.fa", settings=Settings(level=2))
    whole = container.read_bytes()
    assert read_basis(container, but=["absent.fa"]).size == len(whole)
    for names, size in ((["two-b.fa", "one-c.fa"], len(middle)), (["one-b.fa"], old)):
        basis = read_basis(container, but=names)
        assert basis.size == size
        with seqcoder.open(whole[:size]) as earlier:
            assert [entry.row.name for entry in basis.index.genomes] == list(earlier)
            assert len(basis.index.chunks) == len(earlier.reader.index.chunks)
            assert basis.index.others == earlier.reader.index.others


def test_every_split_of_a_family_comes_out(tmp_path: Path) -> None:
    first = random_bases(30_000, 20)
    family = {f"{i}.fa": as_fasta(relative_of(first, 30 + i), str(i)) for i in range(5)}
    sizes = []
    for split in range(1, 5):
        names = list(family)
        out = tmp_path / f"{split}.sqc"
        seqcoder.compress(
            sources(family, *names[:split]),
            out,
            settings=PLAIN,
            opener=lambda source: family[source.name],
        )
        add(family, out, *names[split:])
        check(family, out, *names)
        sizes.append(out.stat().st_size)
    assert max(sizes) - min(sizes) < 200
