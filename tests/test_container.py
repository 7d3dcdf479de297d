"""The container format: frames, rows, index, append, torn ends, damage anywhere."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import seqcoder
from genomes import fasta_bytes, letters, random_bases, real_file, small_genome
from seqcoder import Settings
from seqcoder.container import frames
from seqcoder.container.index import Index
from seqcoder.container.reader import ContainerReader, read_header
from seqcoder.container.scan import scan_sections
from seqcoder.errors import IntegrityError, SeqcoderError
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


def test_stock_zstd_accepts_it(packed: bytes, tmp_path: Path) -> None:
    zstd = shutil.which("zstd")
    if zstd is None:
        pytest.skip("the zstd command is not installed")
    path = tmp_path / "x.sqc"
    path.write_bytes(packed)
    done = subprocess.run([zstd, "-t", path], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_scanning_finds_what_the_index_says(packed: bytes) -> None:
    source = RangeSource(packed)
    index = ContainerReader(source).index
    scan = scan_sections(source)
    assert scan.end == len(packed)
    assert not scan.problem
    assert [c.offset for c in scan.index.chunks] == [c.offset for c in index.chunks]
    assert [g.row.name for g in scan.index.genomes] == [g.row.name for g in index.genomes]
    assert [g.offset for g in scan.index.genomes] == [g.offset for g in index.genomes]
    assert Index.unpack(index.pack(), "t", len(packed)).pack() == index.pack()


def test_one_record_genome_costs_little(tmp_path: Path) -> None:
    header = "NC_000913.3 Escherichia coli str. K-12 substr. MG1655, complete genome"
    data = fasta_bytes((header, letters(random_bases(300_000))), width=80)
    for model in (None, "prokaryote-1"):
        packed = seqcoder.compress_bytes({"EsCo.fa": data}, settings=Settings(model=model))
        index = ContainerReader(RangeSource(packed)).index
        coded = sum(c.row.latents_length + c.row.residual_length for c in index.chunks)
        assert len(packed) - coded <= 400


def test_a_torn_tail_leaves_the_old_footer_valid(packed: bytes) -> None:
    for tail in (b"\0", b"\x5b\x2a\x4d\x18\xff\0\0\0", packed[-40:-3], b"x" * 100_000):
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


def test_an_archive_of_another_major_version_is_refused(packed: bytes) -> None:
    body = bytearray(packed[8 : 8 + int.from_bytes(packed[4:8], "little")])
    body[8] = 9
    changed = frames.head_frame(frames.HEADER, bytes(body[:-4]))
    with pytest.raises(seqcoder.InputError, match="newer than this seqcoder"):
        read_header(RangeSource(changed))


@pytest.mark.real
def test_container_of_many_tiny_records_is_smaller_than_xz() -> None:
    data = real_file("awkward/tiny_20142_records_repeats.fa.zst")
    packed = seqcoder.compress_bytes({"tiny.fa": data})
    assert len(packed) < 120_248  # xz -9e -c tiny_20142_records_repeats.fa | wc -c
    with seqcoder.open(packed) as container:
        assert container["tiny.fa"].read() == data
