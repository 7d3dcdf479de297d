"""Inputs are opened by their first bytes; damaged and missing ones are named."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from seqcoder import fasta
from seqcoder.errors import InputError
from seqcoder.export.bgzf import BgzfWriter
from seqcoder.fasta.bases import read_bases
from seqcoder.fasta.decompression import read_input

DATA = b">x\n" + bytes(random.Random(2).choices(b"ACGT\n", k=300_000)) + b"\n"


def bgzip(data: bytes) -> bytes:
    """Compress as bgzip does: members of up to 64 KiB and an empty one at the end."""
    blocks = [data[at : at + 65_280] for at in range(0, len(data), 65_280)]
    return b"".join(gzip.compress(block, 6) for block in [*blocks, b""])


def skippable(data: bytes) -> bytes:
    return b"\x52\x2a\x4d\x18\x05\x00\x00\x00hello" + zstandard.compress(data)


def xz_padded(data: bytes) -> bytes:
    return lzma.compress(data[:999]) + b"\0" * 8 + lzma.compress(data[999:]) + b"\0" * 4


def twice(pack: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda data: pack(data[:777]) + pack(data[777:])


PACKERS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "plain": (bytes, "plain"),
    "gzip": (gzip.compress, "gzip"),
    "gzip members": (twice(gzip.compress), "gzip"),
    "gzip zero padding": (lambda data: gzip.compress(data) + bytes(500), "gzip"),
    "bgzip": (bgzip, "gzip"),
    "zstd": (zstandard.compress, "zstd"),
    "zstd frames": (twice(zstandard.compress), "zstd"),
    "zstd skippable": (twice(skippable), "zstd"),
    "xz": (lzma.compress, "xz"),
    "xz streams": (xz_padded, "xz"),
    "bzip2": (twice(bz2.compress), "bzip2"),
}


@pytest.mark.parametrize("kind", PACKERS)
def test_compressed_inputs(kind: str, tmp_path: Path) -> None:
    pack, compression = PACKERS[kind]
    path = tmp_path / "misnamed.txt"
    path.write_bytes(pack(DATA))
    assert read_input(path) == fasta.InputBytes(DATA, compression)
    assert fasta.open_bytes(io.BytesIO(pack(DATA))) == DATA
    assert fasta.open_bytes(io.BytesIO(pack(b"")), 10) == b""


@pytest.mark.parametrize("kind", [kind for kind in PACKERS if kind != "plain"])
def test_truncated_and_damaged_inputs_are_refused(kind: str) -> None:
    pack, compression = PACKERS[kind]
    whole = pack(DATA).rstrip(b"\0")
    for cut in (len(whole) - 1, len(whole) // 2, 20):
        with pytest.raises(InputError, match=rf"a\.gz: (truncated|corrupt) {compression}"):
            fasta.decompress(whole[:cut], "a.gz")
    damaged = bytearray(pack(DATA))
    damaged[len(damaged) // 2] ^= 0x55
    with pytest.raises(InputError, match=r"a\.gz: "):
        fasta.decompress(bytes(damaged), "a.gz")


def test_something_else_after_the_data_is_named() -> None:
    with pytest.raises(InputError, match="not gzip follows gzip member 1"):
        fasta.decompress(gzip.compress(DATA) + b"garbage", "a.gz")


@pytest.mark.parametrize("kind", ["gzip", "zstd", "xz", "bzip2", "plain"])
def test_bombs_are_bounded(kind: str) -> None:
    pack, _ = PACKERS[kind]
    bomb = pack(bytes(3_000_000))
    assert len(fasta.decompress(bomb, "x", 3_000_000).data) == 3_000_000
    with pytest.raises(InputError, match="more than 2999999 bytes after decompression"):
        fasta.decompress(bomb, "x", 2_999_999)


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: no such file"):
        fasta.open_bytes(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is a directory"):
        fasta.open_bytes(tmp_path)
    with pytest.raises(InputError, match="name too long"):
        fasta.open_bytes(tmp_path / ("x" * 300))


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")  # root, in a container, may read anything

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="secret: no permission"):
        fasta.open_bytes(tmp_path / "secret")


def test_bases_of_a_compressed_file_in_two_frames(tmp_path: Path) -> None:
    path = tmp_path / "x.fa.zst"
    frames = [b">one a>b\nACG\nNNT\n", b">two\nacgt\n"]
    path.write_bytes(b"".join(map(zstandard.compress, frames)))
    assert read_bases(path).tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    path.write_bytes(b">protein\nMKLVEWQHYPLLREE\n")
    with pytest.raises(InputError, match=r"x\.fa\.zst: .*give nucleotide FASTA"):
        read_bases(path)


@pytest.mark.parametrize("suffix", ["gz", "bgz", "zst", "xz", "bz2", "GZ", "Z"])
@pytest.mark.parametrize("name", ["x.fa.{}", "a.tar::d/x.fa.{}", "s3://b/x.fa.{}?region=eu"])
def test_empty_is_no_compressed_file(name: str, suffix: str) -> None:
    label = name.format(suffix)
    with pytest.raises(InputError) as caught:
        fasta.decompress(b"", label)
    assert str(caught.value).startswith(f"{label}: a compressed file is longer than its 0 bytes")


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress, zstandard.compress])
def test_a_compressed_nothing_is_empty_and_a_beginning_is_truncated(
    pack: Callable[[bytes], bytes],
) -> None:
    nothing = pack(b"")
    assert fasta.decompress(nothing, "x.fa.gz").data == b""
    assert fasta.decompress(nothing * 2, "x.fa.gz").data == b""
    for stop in range(len(nothing)):
        with pytest.raises(InputError, match="fetch it again"):
            fasta.decompress(nothing[:stop], "x.fa.gz")
    assert fasta.decompress(b"", "x.fa").data == b""


def test_bgzip_without_its_last_block_is_told() -> None:
    whole = io.BytesIO()
    with BgzfWriter(whole) as out:
        out.write(DATA)
    read = fasta.decompress(whole.getvalue(), "x.fa.gz")
    assert (read.data, read.warning) == (DATA, "")
    read = fasta.decompress(whole.getvalue()[:-28], "x.fa.gz")
    assert read.data == DATA
    assert read.warning.startswith("x.fa.gz: the block that ends a bgzip file is missing")
