"""Repair: what is whole comes out of a damaged container, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import independent_reader
import seqcoder
from appended import append
from genomes import letters, random_bases, small_genome
from independent_fasta import RefusedError
from seqcoder import IntegrityError, ModelError, Settings, coder
from seqcoder.container import frames
from seqcoder.container.reader import ContainerReader
from seqcoder.container.scan import scan_sections
from seqcoder.container.sections import CHUNK, section
from seqcoder.reading.repair import Repair, repair
from seqcoder.storage.range_source import RangeSource

FILES = {f"g{i}.fa": small_genome(6_000, seed=i) for i in range(5)}


@pytest.fixture(scope="module")
def packed() -> bytes:
    files = {**FILES, "p.faa": b">p\nMKVLITGAGSGIGLELVRQFLELGHRVVATDRDPERLAELAEELGDR\n" * 9}
    return seqcoder.compress_bytes(files, settings=Settings(chunk_bases=2048))


def mend(data: bytes, folder: Path) -> tuple[set[str], set[str]]:
    damaged, out = folder / "damaged.sqc", folder / "out.sqc"
    damaged.write_bytes(data)
    result = repair(damaged, out, force=True)
    with seqcoder.open(out) as container:
        assert seqcoder.verify(container, full=True).intact
        assert set(container) == set(result.recovered)
        for name in set(container) & set(FILES):
            assert container[name].read() == FILES[name]
    return set(result.recovered), set(result.lost)


def test_lost_index_and_footer(packed: bytes, tmp_path: Path) -> None:
    with seqcoder.open(packed) as container:
        end = container.reader.index.genomes[-1].end
        names = set(container)
    assert mend(packed[:end], tmp_path) == (names, set())
    assert mend(packed[: end + 8], tmp_path) == (names, set())


def test_each_damaged_chunk_costs_its_genome_only(packed: bytes, tmp_path: Path) -> None:
    with seqcoder.open(packed) as container:
        chunks = container.reader.index.chunks
        names = list(container)
    per_genome = len(chunks) // 5
    for chunk in chunks:
        damaged = bytearray(packed)
        damaged[chunk.residual_offset + 12] ^= 1
        recovered, lost = mend(bytes(damaged), tmp_path)
        owner = f"g{chunk.ordinal // per_genome}.fa"
        assert lost == {owner}
        assert recovered == set(names) - {owner}


def test_a_genome_whose_own_section_is_damaged_is_named(packed: bytes, tmp_path: Path) -> None:
    with seqcoder.open(packed) as container:
        places = {genome.name: genome.entry.side_offset for genome in container.values()}
        places["p.faa"] = container["p.faa"].entry.stored_offset
        end = container.reader.index.genomes[-1].end
    for name, place in places.items():
        damaged = bytearray(packed)
        damaged[place + 6] ^= 1
        assert mend(bytes(damaged), tmp_path) == (set(places) - {name}, {name})
        # Without the index nobody knows of it.
        assert mend(bytes(damaged[:end]), tmp_path) == (set(places) - {name}, set())


def test_random_damage(packed: bytes, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for _ in range(25):
        damaged = bytearray(packed)
        for at in rng.integers(0, len(packed), 3):
            damaged[at] = int(rng.integers(256))
        recovered, _ = mend(bytes(damaged), tmp_path)
        assert len(recovered) >= 2


def test_nothing_left_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.sqc").write_bytes(b"ACGT" * 1000)
    with pytest.raises(seqcoder.IntegrityError, match="nothing to recover"):
        repair(tmp_path / "x.sqc", tmp_path / "y.sqc")
    assert not (tmp_path / "y.sqc").exists()


def reseal(data: bytes, ordinal: int, residual: bytes) -> bytes:
    """Give a chunk another residual under right checksums; what lies behind it moves."""
    chunk = scan_sections(RangeSource(data)).index.chunks[ordinal]
    frame = frames.compress(residual, 3)
    row = replace(chunk.row, residual_length=len(frame))
    head = replace(chunk, row=row).section.head
    return data[: chunk.offset] + section(CHUNK, head, row.digest + frame) + data[chunk.end :]


def test_wrong_bases_under_right_checksums(tmp_path: Path) -> None:
    """Such a chunk is not copied, whether a genome needs it or not."""
    files = {f"{i}.fa": b">x\n" + letters(random_bases(900, seed=i)) + b"\n" for i in range(3)}
    data = seqcoder.compress_bytes(files, settings=Settings(level=1, group=False))
    wrong = coder.encode(random_bases(900, seed=77), coder.TWO_BIT)
    recovered, lost = mend(reseal(data, 1, wrong), tmp_path)
    assert (recovered, lost) == ({"0.fa", "2.fa"}, {"1.fa"})
    # Its genome lost too, so that nothing needs the chunk.
    damaged = bytearray(reseal(data, 1, wrong))
    place = scan_sections(RangeSource(bytes(damaged))).index.genomes[1].side_offset
    damaged[place + 9] ^= 1
    result = repair_bytes(bytes(damaged), tmp_path)
    assert set(result.recovered) == {"0.fa", "2.fa"}
    assert any("do not match their digest" in problem for problem in result.problems)


def repair_bytes(data: bytes, folder: Path) -> Repair:
    (folder / "x.sqc").write_bytes(data)
    result = repair(folder / "x.sqc", folder / "y.sqc", force=True)
    with seqcoder.open(folder / "y.sqc") as container:
        assert seqcoder.verify(container, full=True).intact
    return result


def test_sections_in_any_order_and_twice(packed: bytes, tmp_path: Path) -> None:
    index = scan_sections(RangeSource(packed)).index
    sections = [packed[part.offset : part.end] for part in [*index.chunks, *index.genomes]]
    names = {genome.row.name for genome in index.genomes}
    rng = np.random.default_rng(3)
    for _ in range(3):
        order = rng.permutation(len(sections) * 2) % len(sections)
        mixed = b"".join(sections[i] for i in order)
        result = repair_bytes(b"SQC\2" + mixed, tmp_path)
        assert list(result.recovered) == [genome.row.name for genome in index.genomes]
        assert set(result.recovered) == names


def test_appended_containers(packed: bytes, tmp_path: Path) -> None:
    """The index of an appended container lost, cut short anywhere, or appended to when torn."""
    new = {"new.fa": small_genome(3_000, seed=21)}
    stale = {"stale.fa": small_genome(2_500, seed=22)}
    one = Settings(level=1)
    fresh = seqcoder.compress_bytes(new, settings=one)
    whole = append(packed, fresh)
    names = set(seqcoder.open(packed))
    end = ContainerReader(RangeSource(whole)).index.genomes[-1].end
    assert mend(whole[:end], tmp_path) == (names | {"new.fa"}, set())
    assert mend(whole[: end - 1], tmp_path) == (names, set())
    # What an append left torn, and the same container appended to again, put behind one another.
    torn = append(packed, seqcoder.compress_bytes(stale, settings=one))[len(packed) :]
    again = packed + torn[:-30] + whole[len(packed) :]
    recovered, lost = mend(again, tmp_path)
    assert (recovered, lost) == (names | {"new.fa"}, {"stale.fa"})


def test_joined_containers_are_refused_and_parted(tmp_path: Path) -> None:
    """Of several genomes or one, larger or smaller: nothing of the other is lost without a word."""
    one = seqcoder.compress_bytes({"a.fa": FILES["g0.fa"]})
    many = seqcoder.compress_bytes(FILES)
    told = "another container begins at byte"
    for first, second in ((one, many), (many, one), (one, one), (many, many)):
        path = tmp_path / "joined.sqc"
        path.write_bytes(first + second)
        with pytest.raises(IntegrityError, match=f"{told} {len(first)}: "):
            seqcoder.open(path)
        with pytest.raises(IntegrityError, match=r"'head -c .*' part them"):
            repair(path, tmp_path / "out.sqc")
        assert not (tmp_path / "out.sqc").exists()
        with pytest.raises(RefusedError):
            independent_reader.indexed(first + second)


def test_a_missing_model_is_no_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from golden.make import FOLDER

    def missing(*_: object) -> None:
        raise ModelError("model is not here")

    monkeypatch.setattr("seqcoder.latent.load_model", missing)
    with pytest.raises(ModelError):
        repair(FOLDER / "latents2.sqc", tmp_path / "out.sqc")
    assert not (tmp_path / "out.sqc").exists()
