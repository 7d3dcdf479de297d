"""Containers that extend a reference: smaller by what they share, refused without it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import independent_reader
import seqcoder
from genomes import fasta_bytes, letters, random_bases
from independent_fasta import RefusedError
from seqcoder import Settings, coder
from seqcoder.cli.extract import run_extract
from seqcoder.errors import IntegrityError, ReferenceMissingError, UsageError
from seqcoder.reading import track
from seqcoder.reading.reader import Container, References
from seqcoder.reading.region import AS_FILE
from seqcoder.reading.repair import repair
from seqcoder.reading.verification import verify
from seqcoder.writing.genome_source import GenomeSource

PLAIN = Settings(level=1, model=None, chunk_bases=50_000)


def strain(ancestor: np.ndarray, seed: int, novel: int = 300) -> bytes:
    """A relative: a substitution every 400 bases, a piece inverted, some bases of its own."""
    rng = np.random.default_rng(seed)
    bases = ancestor.copy()
    at = rng.integers(0, len(bases), len(bases) // 400)
    bases[at] = (bases[at] + rng.integers(1, 4, len(at))) % 4
    bases[10_000:14_000] = 3 - bases[10_000:14_000][::-1]
    bases = np.concatenate([bases, rng.integers(0, 4, novel).astype(np.uint8)])
    text = letters(bases)
    return fasta_bytes((f"s{seed} one", text[:20_000]), (f"s{seed}.2", text[20_000:]))


ANCESTOR = random_bases(60_000, 5)
REFERENCE = {f"r{i}.fa": strain(ANCESTOR, i) for i in range(3)} | {"r.txt": b"not FASTA\n"}
MEMBERS = {f"m{i}.fa": strain(ANCESTOR, 10 + i) for i in range(4)} | {
    "stranger.fa": fasta_bytes(("x", letters(random_bases(20_000, 99)))),
    "empty.fa": b"",
    "m.faa": b">p\nMKVLWW\n",
}
MORE = {"n0.fa": strain(ANCESTOR, 30), "n1.fa": strain(ANCESTOR, 31)}


def write(
    files: dict[str, bytes],
    out: Path,
    reference: Path | None = None,
    settings: Settings = PLAIN,
    *,
    force: bool = False,
) -> seqcoder.ContainerReport:
    sources = [GenomeSource(name, name, size=len(data)) for name, data in files.items()]
    return seqcoder.compress(
        sources,
        out,
        settings=settings,
        reference=reference,
        opener=lambda source: files[source.name],
        force=force,
    )


def append(files: dict[str, bytes], out: Path) -> seqcoder.ContainerReport:
    sources = [GenomeSource(name, name, size=len(data)) for name, data in files.items()]
    return seqcoder.append(sources, out, settings=PLAIN, opener=lambda source: files[source.name])


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A reference and a container that extends it."""
    reference, out = tmp_path / "ref.sqc", tmp_path / "out.sqc"
    write(REFERENCE, reference)
    write(MEMBERS, out, reference)
    return reference, out


def decode(payload: bytes, n: int, coding: int, model: bytes, latents: bytes) -> np.ndarray:
    assert not model
    return coder.decode(payload, n, coding)


def check(out: Path, files: dict[str, bytes]) -> None:
    with seqcoder.open(out) as container:
        assert list(container) == list(files)
        for name, data in files.items():
            assert container[name].read() == data
        assert verify(container, full=True).intact


def test_what_is_shared_is_written_once(pair: tuple[Path, Path], tmp_path: Path) -> None:
    reference, out = pair
    check(out, MEMBERS)
    alone = tmp_path / "alone.sqc"
    write(MEMBERS, alone)
    backbone = len(ANCESTOR) // 4
    assert out.stat().st_size < alone.stat().st_size - backbone + 600
    assert reference.stat().st_size > backbone


def test_the_other_reader_reads_it(pair: tuple[Path, Path]) -> None:
    reference, out = (path.read_bytes() for path in pair)
    assert independent_reader.read_container(out, decode, reference) == MEMBERS
    assert independent_reader.read_without_index(out, decode, reference) == MEMBERS
    with pytest.raises(RefusedError):
        independent_reader.read_container(out, decode, reference[:-1] + b"!")


def test_small_ones_have_no_index(tmp_path: Path) -> None:
    one = {"m.fa": strain(ANCESTOR, 10)}
    write(REFERENCE, tmp_path / "ref.sqc")
    report = write(one, tmp_path / "one.sqc", tmp_path / "ref.sqc")
    check(tmp_path / "one.sqc", one)
    # 150 substitutions, the walk, names and digests.
    assert report.size < 1400
    reference = (tmp_path / "ref.sqc").read_bytes()
    packed = (tmp_path / "one.sqc").read_bytes()
    assert independent_reader.read_container(packed, decode, reference) == one


def test_regions_and_records(pair: tuple[Path, Path]) -> None:
    with seqcoder.open(pair[1]) as container:
        record = container["m1.fa"]["s11"]
        text = MEMBERS["m1.fa"].split(b"\n", 1)[1].replace(b"\n", b"")
        assert record[9_950:10_050].encode() == text[9_950:10_050]
        assert container.reference.path == str(pair[0])


def test_the_same_bytes_again(pair: tuple[Path, Path], tmp_path: Path) -> None:
    again = tmp_path / "again.sqc"
    write(MEMBERS, again, pair[0])
    assert again.read_bytes() == pair[1].read_bytes()


def test_a_reference_may_grow(pair: tuple[Path, Path]) -> None:
    append(MORE, pair[0])
    check(pair[0], REFERENCE | MORE)
    check(pair[1], MEMBERS)
    packed, reference = pair[1].read_bytes(), pair[0].read_bytes()
    assert independent_reader.read_container(packed, decode, reference) == MEMBERS


def test_what_extends_may_grow(pair: tuple[Path, Path]) -> None:
    before = pair[1].read_bytes()
    report = append(MORE, pair[1])
    assert pair[1].read_bytes().startswith(before)
    assert report.size - len(before) < 2600
    check(pair[1], MEMBERS | MORE)
    packed, reference = pair[1].read_bytes(), pair[0].read_bytes()
    assert independent_reader.read_container(packed, decode, reference) == MEMBERS | MORE


def test_chains_end_at_one(pair: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"extends ref\.sqc itself; name that one as reference"):
        write(MORE, tmp_path / "third.sqc", pair[1])
    assert not (tmp_path / "third.sqc").exists()


def test_the_reference_is_found_in_folders_named(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, out = pair
    away = tmp_path / "away"
    away.mkdir()
    shutil.move(reference, away / "ref.sqc")
    with seqcoder.open(out) as container, pytest.raises(ReferenceMissingError) as caught:
        container["m0.fa"].read()
    assert f"{out}: extends ref.sqc (SHA-256 " in str(caught.value)
    assert "put it beside the container, or name its folder in SEQCODER_REFERENCES" in str(
        caught.value
    )
    assert caught.value.exit_code == 4
    monkeypatch.setenv("SEQCODER_REFERENCES", f"{tmp_path / 'nowhere'}:{away}")
    check(out, MEMBERS)


def test_listing_needs_no_reference(pair: tuple[Path, Path]) -> None:
    pair[0].unlink()
    with seqcoder.open(pair[1]) as container:
        assert [len(genome) for genome in container.values()] == [2, 2, 2, 2, 1, 0, 0]
        assert container["m.faa"].read() == MEMBERS["m.faa"]


@pytest.mark.parametrize("same_index", [False, True])
def test_another_container_in_its_place(pair: tuple[Path, Path], same_index: bool) -> None:
    reference, out = pair
    if same_index:  # all lengths alike, the bases others: only the digests tell
        two_bits = Settings(level=1, model=None, group=False)
        same = {"a.fa": fasta_bytes(("a", letters(random_bases(9_000, 1))))}
        other = {"a.fa": fasta_bytes(("a", letters(random_bases(9_000, 2))))}
        write(same, reference, settings=two_bits, force=True)
        write(same, out, reference, force=True)
        write(other, reference, settings=two_bits, force=True)
        files = same
    else:
        write(MORE, reference, force=True)
        files = MEMBERS
    name = next(iter(files))
    with seqcoder.open(out) as container, pytest.raises(ReferenceMissingError, match="another"):
        container[name].read()
    with seqcoder.open(out) as container, pytest.raises(ReferenceMissingError, match="another"):
        container[name][0][100:200]


def test_every_flipped_byte_of_the_reference_is_noticed(pair: tuple[Path, Path]) -> None:
    reference, out = pair
    data = bytearray(reference.read_bytes())
    told = set()
    for at in range(4, len(data), 131):
        data[at] ^= 4
        reference.write_bytes(data)
        data[at] ^= 4
        with seqcoder.open(out) as container:
            for name, contents in MEMBERS.items():
                try:
                    assert container[name].read() == contents
                except (IntegrityError, ReferenceMissingError) as error:
                    told.add((type(error), str(reference) in str(error)))
    assert (IntegrityError, True) in told
    assert all(names_it for _, names_it in told)


def test_verify_tells_what_damage_of_the_reference_costs(pair: tuple[Path, Path]) -> None:
    reference, out = pair
    with seqcoder.open(reference) as container:
        entry = container.reader.index.chunks[0]
    data = bytearray(reference.read_bytes())
    data[entry.residual_offset + 50] ^= 1
    reference.write_bytes(data)
    result = verify(out)
    assert not result.intact
    assert result.damaged_genomes == [f"m{i}.fa" for i in range(4)]
    assert "ref.sqc: chunk 0" in result.findings[0].message
    assert "needed by 4 genomes: m0.fa, m1.fa, m2.fa" in result.findings[0].message
    assert "stranger.fa" not in verify(out, full=True).damaged_genomes


def test_references_are_opened_once(pair: tuple[Path, Path], tmp_path: Path) -> None:
    reference, out = pair
    write(MORE, tmp_path / "more.sqc", reference)
    references = References()
    with (
        Container(out, references=references) as one,
        Container(tmp_path / "more.sqc", references=references) as two,
    ):
        assert one.reference is two.reference
        one.expect()
        for name in one:
            one[name].read()
        for name in two:
            two[name].read()
        bases = one.reference.reader.index.n_bases
        assert one.reference.decoder.bases_decoded <= bases
    references.close()


def test_costs_along_a_genome(pair: tuple[Path, Path]) -> None:
    with seqcoder.open(pair[1]) as container:
        genome = container["m2.fa"]
        costs = track.chunk_costs(container, track.chunks_of(genome), 2)
        made = track.genome_track(genome, costs, track.base_space_use(container))
        assert made.n_bases == genome.row.n_bases
        # Its own are the novel bases at its end; the rest is the reference's.
        assert 250 < made.own.sum() < 400
        assert made.bits.sum() > 1.9 * 60_000


def test_an_interrupted_run_goes_on(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seqcoder.writing import pipeline

    class StopError(Exception):
        pass

    def stop(*_: object) -> None:
        raise StopError

    out = tmp_path / "again.sqc"
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "_add_genomes", stop)
        with pytest.raises(StopError):
            write(MEMBERS, out, pair[0])
    assert list(tmp_path.glob(".again.sqc.*.partial"))
    report = write(MEMBERS, out, pair[0])
    assert out.read_bytes() == pair[1].read_bytes()
    assert [chunk.code_seconds for chunk in report.chunks] == [None] * len(report.chunks)


def test_extract_writes_a_container_that_stands_alone(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    alone = tmp_path / "alone.sqc"
    run_extract(str(pair[1]), [], ["m2.fa"], None, False, AS_FILE, str(alone), None, 1, False)
    check(alone, {"m2.fa": MEMBERS["m2.fa"]})
    with seqcoder.open(alone) as container:
        assert container.reader.index.extends is None
    with pytest.raises(UsageError, match="exists"):
        run_extract(str(pair[1]), [], ["m2.fa"], None, False, AS_FILE, str(alone), None, 1, False)
    with pytest.raises(UsageError, match="whole genomes"):
        run_extract(str(pair[1]), ["x"], [], None, False, AS_FILE, str(alone), None, 1, True)


def test_a_copy_stands_alone(pair: tuple[Path, Path], tmp_path: Path) -> None:
    alone = tmp_path / "alone.sqc"
    with seqcoder.open(pair[1]) as container:
        seqcoder.copy_genomes(container, alone, settings=PLAIN)
        seqcoder.copy_genomes(container, tmp_path / "one.sqc", ["m2.fa"], settings=PLAIN)
    for path in pair:
        path.unlink()
    check(alone, MEMBERS)
    check(tmp_path / "one.sqc", {"m2.fa": MEMBERS["m2.fa"]})
    with seqcoder.open(alone) as container:
        assert container.reader.index.extends is None


@pytest.mark.parametrize("part", ["reference", "entry", "chunk", "index"])
def test_repair_of_what_extends(pair: tuple[Path, Path], tmp_path: Path, part: str) -> None:
    reference, out = pair
    with seqcoder.open(out) as container:
        index = container.reader.index
        assert index.extends is not None
        at = {
            "reference": index.extends.section.payload_offset + 3,
            "entry": 5,
            "chunk": index.chunks[0].residual_offset + 9,
            "index": out.stat().st_size - 30,
        }[part]
    data = bytearray(out.read_bytes())
    data[at] ^= 2
    out.write_bytes(data)
    mended = tmp_path / "mended.sqc"
    result = repair(out, mended)
    lost = result.lost
    assert bool(lost) == (part == "chunk")
    check(mended, {name: data for name, data in MEMBERS.items() if name not in lost})
    packed = mended.read_bytes()
    kept = {name: data for name, data in MEMBERS.items() if name not in lost}
    assert independent_reader.read_container(packed, decode, reference.read_bytes()) == kept


def test_repair_without_the_reference_says_so(pair: tuple[Path, Path], tmp_path: Path) -> None:
    pair[0].unlink()
    data = bytearray(pair[1].read_bytes())
    data[-20] ^= 1
    pair[1].write_bytes(data)
    with pytest.raises(ReferenceMissingError, match=r"extends ref\.sqc"):
        repair(pair[1], tmp_path / "mended.sqc")
    assert not (tmp_path / "mended.sqc").exists()
