"""The container format: frames, rows, index, append, torn ends, damage anywhere."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import seqcoder
from genomes import fasta_bytes, letters, random_bases, real_file, small_genome
from seqcoder import Settings, fasta
from seqcoder.container import frames
from seqcoder.container.index import BARE_END, SMALL
from seqcoder.container.reader import ContainerReader
from seqcoder.container.scan import scan_sections
from seqcoder.container.sections import END, Section, section
from seqcoder.container.writer import ChunkFrames, ContainerWriter, GenomeFrames
from seqcoder.errors import IntegrityError, SeqcoderError
from seqcoder.reading.reader import Container
from seqcoder.reading.repair import repair
from seqcoder.storage.range_source import RangeSource
from seqcoder.storage.varint import ByteReader, put_varint

FILES = {
    "a.fa": small_genome(12_000, seed=1),
    "b.fa": small_genome(9_000, seed=2, records=1),
    "c.faa": b">prot\nMKVLITGAGSGIGLELVRQFLELGHRVVATDRDPERLAELAEELGDRVEVLRLDVTD\n" * 3,
}


@pytest.fixture(scope="module")
def packed() -> bytes:
    return seqcoder.compress_bytes(FILES, settings=Settings(chunk_bases=4096))


def test_varints() -> None:
    for value in (0, 1, 127, 128, 300, 2**32, 2**63 - 1):
        out = bytearray()
        put_varint(out, value)
        assert ByteReader(bytes(out), "t").varint() == value
    with pytest.raises(ValueError, match="out of range"):
        put_varint(bytearray(), 2**63)
    with pytest.raises(IntegrityError):
        ByteReader(b"\x80" * 12, "t").varint()
    with pytest.raises(IntegrityError):
        ByteReader(b"\x05abc", "t").take(9)


def test_scanning_finds_what_the_index_says(packed: bytes) -> None:
    source = RangeSource(packed)
    index = ContainerReader(source).index
    scan = scan_sections(source)
    assert scan.end == len(packed)
    assert not scan.problem
    assert [c.offset for c in scan.index.chunks] == [c.offset for c in index.chunks]
    assert [g.row.name for g in scan.index.genomes] == [g.row.name for g in index.genomes]
    assert [g.offset for g in scan.index.genomes] == [g.offset for g in index.genomes]
    assert scan.index.others == index.others


@pytest.mark.parametrize("model", [None, "prokaryote-2"])
def test_a_container_of_one_record_costs_little(model: str | None) -> None:
    """At most 200 bytes beyond its payload, with a name and description of 60 letters."""
    header = "NC_000913.3 Escherichia coli K-12 MG1655, complete genome xy"
    data = fasta_bytes((header, letters(random_bases(300_000))), width=80)
    packed = seqcoder.compress_bytes({"EsCo.fa": data}, settings=Settings(model=model))
    index = ContainerReader(RangeSource(packed)).index
    coded = sum(c.row.latents_length + c.row.residual_length for c in index.chunks)
    assert len(packed) - coded <= 200
    with seqcoder.open(packed) as container:
        assert container["EsCo.fa"].read() == data


@pytest.mark.real
@pytest.mark.parametrize(("name", "most", "beside"), [("AgPh", 10_760, 200), ("BuEb", 4_870, 210)])
def test_containers_of_viruses(name: str, most: int, beside: int) -> None:
    """Whole containers, and their bytes beside the payload; the header of BuEb has 108 letters."""
    data = real_file(f"dnacorpus/{name}.fa.zst")
    packed = seqcoder.compress_bytes({f"{name}.fa": data})
    assert len(packed) <= most
    rows = [chunk.row for chunk in ContainerReader(RangeSource(packed)).index.chunks]
    coded = sum(row.latents_length + row.residual_length for row in rows)
    assert len(packed) - coded <= beside


def test_only_a_small_container_of_one_genome_has_no_index() -> None:
    name, size = "x", SMALL - 200
    for n_genomes, length, bare in ((1, size, True), (1, SMALL, False), (2, 100, False)):
        data = np.random.default_rng(1).bytes(length)
        files = {f"{name}{i}": data for i in range(n_genomes)}
        packed = seqcoder.compress_bytes(files)
        place = int.from_bytes(packed[-10:-4], "little")
        assert (len(packed) - place == BARE_END) is bare
        source = RangeSource(packed)
        with Container(source) as container:
            assert container[f"{name}0"].read() == data
    for end in (SMALL + 100, 100):  # of a container that is not what may be without one
        body = b"SQC\x02" + section(ord("z"), b"", bytes(end))
        bad = body + section(END, b"", len(body).to_bytes(6, "little"))
        if end > SMALL:
            with pytest.raises(IntegrityError, match="without an index"):
                seqcoder.open(bad)
        else:
            assert not len(seqcoder.open(bad))


def test_two_reads_find_everything(packed: bytes) -> None:
    """The end, and what is there; of one genome, small or large, with its own section."""

    class Counting(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1) -> bytes:
            self.reads += 1
            return super().read(size)

    large = fasta_bytes(("x y", letters(random_bases(300_000))))
    one = [seqcoder.compress_bytes({"b.fa": data}) for data in (FILES["b.fa"], large)]
    for data in (packed, *one):
        source = Counting(data)
        with seqcoder.open(source) as container:
            assert container["b.fa"][0].name
            assert source.reads == 2


def test_a_torn_tail_leaves_the_old_footer_valid(packed: bytes) -> None:
    for tail in (b"\0", b"E\0\x06", packed[-40:-3], b"x" * 100_000):
        with seqcoder.open(packed + tail) as container:
            assert container["a.fa"].read() == FILES["a.fa"]
            result = seqcoder.verify(container)
            assert not result.intact
            assert any("torn" in finding.message for finding in result.findings)


def test_every_flipped_bit_is_found_and_named(packed: bytes) -> None:
    """One flipped bit anywhere: verify says so; genomes it does not touch come out right."""
    rng = np.random.default_rng(5)
    places = sorted(
        {*range(90), *range(len(packed) - 400, len(packed))}
        | {int(i) for i in rng.integers(0, len(packed), 250)}
    )
    for at in places:
        damaged = bytearray(packed)
        damaged[at] ^= 1 << int(rng.integers(8))
        with contextlib.suppress(seqcoder.InputError, IntegrityError):
            container = None
            container = seqcoder.open(bytes(damaged))
        if container is None:
            continue
        result = seqcoder.verify(container, full=False, threads=1)
        assert not result.intact, f"bit at byte {at} not found"
        assert all("container in memory" in finding.message for finding in result.findings)
        hit = set(result.damaged_genomes)
        for name in set(FILES) - hit:
            assert container[name].read() == FILES[name], at
        for finding in result.findings:
            if finding.chunk is not None:
                assert f"chunk {finding.chunk}" in finding.message
                assert finding.genomes
                assert set(finding.genomes) <= set(FILES)


def test_a_damaged_file_is_never_handed_out(packed: bytes) -> None:
    rng = np.random.default_rng(6)
    for at in rng.integers(0, len(packed), 150):
        damaged = bytearray(packed)
        damaged[at] ^= 0xFF
        try:
            container = seqcoder.open(bytes(damaged))
            names = list(container)
        except SeqcoderError:
            continue
        for name in names:
            with contextlib.suppress(SeqcoderError):
                assert container[name].read() == FILES[name]


def test_cut_anywhere_is_an_error(packed: bytes) -> None:
    for length in range(0, len(packed) - 1, max(1, len(packed) // 60)):
        with pytest.raises(SeqcoderError):
            seqcoder.open(packed[:length])


def test_a_bomb_is_refused_before_memory_is_taken(packed: bytes) -> None:
    bomb = frames.compress(b"\0" * (64 << 20), 3)
    with pytest.raises(IntegrityError, match="at most"):
        frames.decompress(bomb, 1000, "bomb")


def test_containers_of_other_formats_are_refused(packed: bytes, tmp_path: Path) -> None:
    first = bytes.fromhex("582a4d1830000000") + b"SQC\r\n\x1a\n\0\1" + bytes(200)
    for data, what in (
        (first, "format 1, .* compress them again"),
        (b"SQC\3" + bytes(99), "format 3, .* upgrade it"),
    ):
        path = tmp_path / "x.sqc"
        path.write_bytes(data)
        for read in (
            seqcoder.open,
            seqcoder.verify,
            lambda path: seqcoder.append([__file__], path),
        ):
            with pytest.raises(seqcoder.FormatError, match=what) as refused:
                read(path)
            assert refused.value.exit_code == 4
        with pytest.raises(seqcoder.FormatError, match=what):
            repair(path, tmp_path / "out.sqc")


def with_section(kind: str, head: bytes = b"") -> bytes:
    """A container that a later version added a section to."""
    out = io.BytesIO()
    writer = ContainerWriter(out)
    extra = section(ord(kind), head, b"contents")
    out.write(extra)
    writer.index.others.append(Section(ord(kind), head, 8, writer.position))
    writer.position += len(extra)
    files = seqcoder.compress_bytes({"a.fa": FILES["a.fa"], "c.faa": FILES["c.faa"]})
    source = RangeSource(files)
    index = scan_sections(source).index
    for chunk in index.chunks:
        frames_ = source.read(chunk.latents_offset, chunk.end - chunk.latents_offset - 4)
        latents = chunk.row.latents_length
        writer.add_chunk(ChunkFrames(chunk.row, frames_[:latents], frames_[latents:]))
    for genome in index.genomes:
        side = source.read(genome.side_offset, genome.end - genome.side_offset - 4)
        table = seqcoder.open(files).reader.index.genomes[genome.ordinal].record_table
        writer.add_genome(GenomeFrames(genome.row, side, record_table=table or b""))
    writer.finish()
    return out.getvalue()


def test_sections_of_later_versions() -> None:
    """A small letter is passed over, a capital one refused, whether by the index or without."""
    with seqcoder.open(with_section("q", b"head")) as container:
        assert container["a.fa"].read() == FILES["a.fa"]
        assert container["c.faa"].read() == FILES["c.faa"]
        assert seqcoder.verify(container).intact
    with pytest.raises(seqcoder.FormatError, match="'Y' is of a later version"):
        seqcoder.open(with_section("Y"))
    bare = b"SQC\2" + section(ord("Y"), b"", b"")
    bare += section(END, b"", len(bare).to_bytes(6, "little"))
    with pytest.raises(seqcoder.FormatError, match="'Y' is of a later version"):
        seqcoder.open(bare)
    with pytest.raises(IntegrityError, match="unknown kind"):
        seqcoder.open(with_section("\x01"))


@pytest.mark.parametrize("files", [("a.fa",), ("a.fa", "c.faa")])
def test_extras_of_later_versions(files: tuple[str, ...]) -> None:
    data = seqcoder.compress_bytes({name: FILES[name] for name in files})
    source = RangeSource(data)
    index = ContainerReader(source).index
    tables = [fasta.pack_record_table(g.table) for g in seqcoder.open(data).values()]
    scanned = scan_sections(source).index

    def changed(chunk: bytes = b"", genome: bytes = b"") -> bytes:
        out = io.BytesIO()
        writer = ContainerWriter(out)
        for c in scanned.chunks:
            rest = source.read(c.latents_offset, c.end - c.latents_offset - 4)
            latents = c.row.latents_length
            row = replace(c.row, extras=chunk)
            writer.add_chunk(ChunkFrames(row, rest[:latents], rest[latents:]))
        for g, table in zip(scanned.genomes, tables, strict=True):
            rest = source.read(g.side_offset, g.end - g.side_offset - 4)
            writer.add_genome(GenomeFrames(replace(g.row, extras=genome), rest, record_table=table))
        writer.finish()
        return out.getvalue()

    assert changed() == data
    with seqcoder.open(changed(b"a\2xy", b"b\0z\1x")) as container:
        assert {name: genome.read() for name, genome in container.items()} == {
            name: FILES[name] for name in files
        }
        assert seqcoder.verify(container, full=True).intact
    for bad in (changed(chunk=b"K\1\0"), changed(genome=b"K\1\0")):
        with pytest.raises(seqcoder.FormatError, match="'K' is of a later version"):
            seqcoder.open(bad)
    for bad in (changed(chunk=b"b\0a\0"), changed(genome=b"a\7"), changed(chunk=b"a\x80\0")):
        with pytest.raises(IntegrityError):
            seqcoder.open(bad)
    assert index.genomes


@pytest.mark.real
def test_container_of_many_tiny_records_is_smaller_than_xz() -> None:
    data = real_file("awkward/tiny_20142_records_repeats.fa.zst")
    packed = seqcoder.compress_bytes({"tiny.fa": data})
    assert len(packed) < 120_248  # xz -9e -c tiny_20142_records_repeats.fa | wc -c
    with seqcoder.open(packed) as container:
        assert container["tiny.fa"].read() == data
