"""Genomes coded after a leader: who leads whom, the container, reading, damage."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

import independent_reader
import seqcoder
from kin_genomes import fasta, files, genome, species
from seqcoder.container.index import ChunkEntry
from seqcoder.container.rows import ChunkRow, LedBy
from seqcoder.errors import IntegrityError
from seqcoder.pangenome.kinship import Kinship
from seqcoder.reading.repair import repair
from seqcoder.settings import Settings
from seqcoder.storage.varint import ByteReader
from seqcoder.writing.chunk import ChunkCoder
from seqcoder.writing.executor import ThreadExecutor
from seqcoder.writing.genome_source import local_source
from seqcoder.writing.pipeline import write_container
from test_independent_reader import decode


@lru_cache(maxsize=1)
def coder() -> ChunkCoder:
    return ChunkCoder(Settings())


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("leaders"), 2)


def write(folder: Path, threads: int) -> Path:
    for name, data in files().items():
        (folder / name).write_bytes(data)
    sources = [local_source(folder / name) for name in files()]
    out = folder / "all.sqc"
    executor = ThreadExecutor(coder(), threads)
    write_container(sources, coder().settings, coder().model_digests(), executor, out)
    return out


def led(container: seqcoder.Container) -> list[ChunkEntry]:
    return [entry for entry in container.reader.index.chunks if entry.row.leader is not None]


def test_roles() -> None:
    one, two = species(1), species(2)
    genomes = [genome(one, 11), genome(two, 21), genome(one, 12), genome(one, 13)]
    roles = Kinship(1 << 22).roles(genomes)
    leaders = [role.number for role in roles if role.leads]
    assert len(leaders) == 1
    assert {role.leader for role in roles if role.number in (0, 2, 3)} == {None, leaders[0]}
    assert roles[1].leader is None
    assert not roles[1].leads
    # Those that come later may follow; strains walk, and what is short leads nobody.
    kinship = Kinship(1 << 22)
    kinship.roles(genomes)
    later = kinship.roles([genome(one, 14), genomes[0].copy(), genome(one, 15)[: 1 << 17]])
    assert [role.leader for role in later] == [leaders[0], None, leaders[0]]
    few = Kinship(1 << 17).roles(genomes)
    assert not any(role.leads for role in few)


@pytest.mark.parametrize("appends", [False, True])
def test_strains_of_what_is_there_walk(appends: bool, tmp_path: Path) -> None:
    """They are kin to one another, and yet nobody leads: what they walk along is there."""
    one = species(1)
    kin = [genome(one, 11), genome(one, 12)]
    rng = np.random.default_rng(5)
    strains = [np.where(rng.random(len(its)) < 0.002, its ^ 1, its) for its in kin]
    names = [f"{word}{i}.fa" for word in ("old", "new") for i in range(2)]
    for name, bases in zip(names, [*kin, *strains], strict=True):
        (tmp_path / name).write_bytes(fasta(bases, name))
    old, new = ([tmp_path / name for name in part] for part in (names[:2], names[2:]))
    there = tmp_path / "there.sqc"
    seqcoder.compress(old, there, settings=Settings(level=1))
    out = there if appends else tmp_path / "new.sqc"
    if appends:
        seqcoder.append(new, there, settings=Settings(level=2))
    else:
        seqcoder.compress(new, out, settings=Settings(level=2), reference=there)
    with seqcoder.open(out) as container:
        assert led(container) == []
        index = container.reader.index
        assert sum(chunk.row.n_bases for chunk in index.chunks[2 * appends :]) < len(kin[0]) // 10


def test_round_trip_and_the_same_bytes(packed: Path, tmp_path: Path) -> None:
    assert write(tmp_path, 1).read_bytes() == packed.read_bytes()
    with seqcoder.open(packed) as container:
        assert {name: genome.read() for name, genome in container.items()} == files()
        assert list(container) == list(files())
        assert len(led(container)) == 3
        assert all(entry.row.leader and entry.row.leader.state for entry in led(container))
        assert seqcoder.verify(container, full=True).intact
    alone = len(seqcoder.compress_bytes(files(), settings=Settings(group=False)))
    assert packed.stat().st_size < 0.95 * alone


def test_an_independent_reader_agrees(packed: Path) -> None:
    data = packed.read_bytes()
    assert independent_reader.read_container(data, decode) == files()
    assert independent_reader.read_without_index(data, decode) == files()


@pytest.mark.parametrize("threads", [1, 2])
def test_a_leader_is_decoded_once_for_all(packed: Path, threads: int) -> None:
    with seqcoder.open(packed, threads=threads) as container:
        container.expect()
        for name, genome in container.items():
            assert genome.read() == files()[name]
        assert container.decoder.bases_decoded == container.reader.index.n_bases


def test_one_genome_takes_at_most_its_leader(packed: Path) -> None:
    for name in files():
        with seqcoder.open(packed) as container:
            assert container[name].read() == files()[name]
            assert container.decoder.bases_decoded <= 2 * container[name].row.n_bases + 1000
            assert container[name].region(0, 5, 25) == files()[name].split(b"\n")[1][5:25]


def test_a_damaged_leader_costs_those_after_it(packed: Path, tmp_path: Path) -> None:
    data = bytearray(packed.read_bytes())
    with seqcoder.open(packed) as container:
        entry = led(container)[0]
        assert entry.row.leader is not None
        leader = container.decoder.leaders.find(entry.row.leader.first_base, entry.first_base)
        after = [e.first_base for e in led(container) if e.row.leader == entry.row.leader]
    data[leader.residual_offset + 100] ^= 1
    bad = tmp_path / "bad.sqc"
    bad.write_bytes(data)
    hit = set()
    with seqcoder.open(bad) as container:
        for name, genome in container.items():
            if genome.row.base_start in (leader.first_base, *after):
                hit.add(name)
                with pytest.raises(IntegrityError):
                    genome.read()
            else:
                assert genome.read() == files()[name]
    assert len(hit) == 1 + len(after)
    for full in (False, True):
        checked = seqcoder.verify(bad, full=full)
        assert set(checked.damaged_genomes) == hit
        assert len(checked.findings) == 1
    mended = repair(bad, tmp_path / "mended.sqc")
    assert set(mended.lost) == hit
    with seqcoder.open(tmp_path / "mended.sqc") as container:
        assert {name: g.read() for name, g in container.items()} == {
            name: data for name, data in files().items() if name not in hit
        }


def test_a_chunk_says_what_it_is_coded_after() -> None:
    row = ChunkRow(8, 2, b"modelmod", 0, 5, leader=LedBy(300, True, False))
    out = bytearray()
    row.pack(out)
    again = ChunkRow.unpack(ByteReader(bytes(out), "head"), 5)
    assert again == row
    for text in (b"", b"\0\5", b"\4\5", b"\1", b"\1\x80\0", b"\1\5\0"):
        with pytest.raises(IntegrityError):
            LedBy.unpack(text, "head")
    bare = bytearray()
    replace(row, model=b"", leader=LedBy(300, False, True)).pack(bare)
    with pytest.raises(IntegrityError, match="no model"):
        ChunkRow.unpack(ByteReader(bytes(bare), "head"), 5)


def test_impossible_leaders_are_refused(packed: Path) -> None:
    with seqcoder.open(packed) as container:
        entry = led(container)[0]
        assert entry.row.leader is not None
        second = led(container)[1].first_base
        for first_base in (1, second, entry.first_base, 1 << 40):
            wrong = replace(entry.row, leader=LedBy(first_base, True, False))
            with pytest.raises(IntegrityError, match="there is no such one"):
                container.decoder.leader(replace(entry, row=wrong))
        wrong = replace(entry.row, coding=1)
        with pytest.raises(IntegrityError, match="takes none"):
            container.decoder.leader(replace(entry, row=wrong))
