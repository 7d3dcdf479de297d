"""Formats on the way out, read back by other people's code: gzip, zstd, samtools' rules, 2bit."""

from __future__ import annotations

import errno
import gzip
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import twobitreader
import zstandard
from hypothesis import given
from hypothesis import strategies as st

import seqcoder
from genomes import fasta_bytes, small_genome
from seqcoder.errors import InputError, UsageError
from seqcoder.export import FORMATS, file_name, packed, pick_format
from seqcoder.export.bgzf import BgzfWriter
from seqcoder.export.twobit import write_2bit
from test_cli import Cli, cli  # noqa: F401

GENOME = small_genome(20_000, seed=2)  # what test_cli calls two.fa
READERS = {
    "fa": lambda data: data,
    "fa.gz": gzip.decompress,
    "fa.bgz": gzip.decompress,
    "fa.zst": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


def residues(data: bytes) -> dict[str, str]:
    records = data.decode().split(">")[1:]
    return {r.split()[0]: "".join(r.splitlines()[1:]) for r in records}


def bgzf_blocks(data: bytes) -> list[bytes]:
    """Take blocks apart by their own sizes, as the SAM specification has them."""
    blocks = []
    at = 0
    while at < len(data):
        head = struct.unpack_from("<4BI2BH2B2H", data, at)
        assert head[:4] == (31, 139, 8, 4)
        assert head[7:11] == (6, 66, 67, 2)
        size = head[11] + 1
        crc, length = struct.unpack_from("<2I", data, at + size - 8)
        block = zlib.decompress(data[at + 18 : at + size - 8], -15)
        assert (zlib.crc32(block), len(block)) == (crc, length)
        assert len(block) <= 1 << 16
        blocks.append(block)
        at += size
    return blocks


@pytest.mark.parametrize("format", READERS)
def test_what_went_in_is_packed(cli: Cli, format: str) -> None:  # noqa: F811
    assert cli("compress", "-1", "-q", "two.fa") == 0
    target = f"out.{format}"
    assert cli("extract", "two.fa.sqc", "-g", "two.fa", "-o", target) == 0  # by its name
    assert READERS[format](Path(target).read_bytes()) == GENOME
    assert cli("extract", "two.fa.sqc", "contig1:11-30", "--format", format) == 0
    expected = residues(GENOME)["contig1"][10:30]
    assert READERS[format](cli.out) == f">contig1:11-30\n{expected}\n".encode()


@given(st.lists(st.binary(max_size=300_000), max_size=4))
def test_bgzf_is_blocks_with_an_end(parts: list[bytes]) -> None:
    out = io.BytesIO()
    with BgzfWriter(out) as writer:
        for part in parts:
            assert writer.write(part) == len(part)
    blocks = bgzf_blocks(out.getvalue())
    assert blocks[-1] == b""
    assert out.getvalue().endswith(bytes.fromhex("1b0003000000000000000000"))
    assert b"".join(blocks) == b"".join(parts) == gzip.decompress(out.getvalue())


def test_where_a_block_could_not_be_written_no_end_is() -> None:
    class Full(io.BytesIO):
        full = True

        def write(self, data: Any) -> int:
            if self.full:
                raise OSError(errno.ENOSPC, "full")
            return super().write(data)

    out = Full()
    writer = BgzfWriter(out)
    with pytest.raises(OSError, match="full"):
        writer.write(bytes(200_000))
    out.full = False  # room for the end block would make it look whole
    writer.close()
    assert out.getvalue() == b""


def test_what_does_not_compress_fits_into_a_block() -> None:
    noise = np.random.default_rng(1).bytes(200_000)
    out = io.BytesIO()
    with BgzfWriter(out) as writer:
        writer.write(noise)
    assert b"".join(bgzf_blocks(out.getvalue())) == noise


@pytest.mark.parametrize("format", ["fa.gz", "fa.bgz", "fa.zst"])
def test_a_failed_file_does_not_end_like_a_whole_one(format: str) -> None:
    out = io.BytesIO()

    def fails() -> None:
        with packed(out, format) as file:
            file.write(GENOME * 20)
            raise InputError("damaged half way")

    with pytest.raises(InputError):
        fails()
    with pytest.raises((EOFError, AssertionError, zstandard.ZstdError)):
        assert READERS[format](out.getvalue()) == GENOME * 20


def test_2bit_is_read_by_another_reader(cli: Cli) -> None:  # noqa: F811
    assert cli("compress", "-1", "-q", "two.fa") == 0
    assert cli("extract", "two.fa.sqc", "-g", "two.fa", "-o", "two.2bit") == 0
    expected = residues(GENOME)
    assert "N" in expected["contig1"]
    assert any(letter.islower() for letter in expected["contig1"])
    read = twobitreader.TwoBitFile("two.2bit")
    try:
        assert {name: str(read[name]) for name in read} == expected
        assert read["contig2"][101:257] == expected["contig2"][101:257]
    finally:
        read.close()
    assert cli("extract", "two.fa.sqc", "contig1:11-30", "-o", "part.2bit") == 0
    read = twobitreader.TwoBitFile("part.2bit")
    try:
        assert str(read["contig1:11-30"]) == expected["contig1"][10:30]
    finally:
        read.close()


@given(st.lists(st.text("ACGTNacgtn", max_size=70), min_size=1, max_size=5))
def test_2bit_round_trips(tmp_path_factory: pytest.TempPathFactory, given: list[str]) -> None:
    path = tmp_path_factory.mktemp("twobit") / "x.2bit"
    expected = {f"r{i}": letters for i, letters in enumerate(given) if letters}
    pairs = [(name.encode(), letters.encode()) for name, letters in expected.items()]
    if not pairs:
        return
    with path.open("wb") as out:
        assert write_2bit(out, pairs, "x") == len(pairs)
    read = twobitreader.TwoBitFile(str(path))
    try:
        assert {name: str(read[name]) for name in read} == expected
    finally:
        read.close()


def test_what_2bit_cannot_hold_is_refused(cli: Cli, tmp_path: Path) -> None:  # noqa: F811
    files = {
        "iupac.fa": fasta_bytes(("x", b"ACGTACGTRA")),
        "double.fa": fasta_bytes(("x", b"ACGT"), ("x", b"ACGG")),
        "protein.fa": b">p\nMKVLITGAGSGIGLELVRQFLELGHRVVATDRDPERLAELAEELG\n",
    }
    said = {"iupac.fa": "'R' at residue 9", "double.fa": "two records", "protein.fa": "no FASTA"}
    Path("all.sqc").write_bytes(seqcoder.compress_bytes(files))
    for name in files:
        code = cli("extract", "all.sqc", "-g", name, "-o", "out.2bit")
        assert (code, said[name].encode() in cli.err) == (1, True), cli.err
        assert b"--format fa" in cli.err
        assert not Path("out.2bit").exists()
    with pytest.raises(InputError, match="1 to 255 bytes"):
        write_2bit(io.BytesIO(), [(b"n" * 256, b"A")], "x")


def test_formats_are_picked() -> None:
    assert [pick_format(None, f"x.{f.split('.')[-1]}") for f in FORMATS] == list(FORMATS)
    assert pick_format("fa", "x.fa.gz") == "fa"
    assert pick_format(None, None) == "fa"
    assert file_name("a/x.fa", "fa.bgz") == "a/x.fa.bgz"
    with pytest.raises(UsageError, match="there are fa, "):
        pick_format("bam", None)
