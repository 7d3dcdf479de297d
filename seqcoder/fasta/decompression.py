"""The bytes of an input, decompressed by what they begin with and not by what they are called."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from seqcoder.circumstances import is_memory, system_reason
from seqcoder.errors import InputError

DEFAULT_MAX_BYTES = 8 << 30
"""An input that decompresses to more than this is refused (8 GiB), a guard against bombs."""

# Compressed bytes fed to a decompressor at a time. One feed of zstd (RLE blocks: 4 bytes to
# 128 KiB) can overshoot the bound by no more than 128 MiB, of the others by less.
_FEED = 4096
_ZSTD_WINDOW = 1 << 31  # up to what ``zstd --long=31`` writes

SUFFIXES = (".gz", ".bgz", ".bgzf", ".zst", ".zstd", ".xz", ".bz2")
"""What the names of compressed files end with."""
_NOT_READ = (".z", ".lz", ".lz4", ".lzma", ".br", ".zip")  # compressed too, but by others
_BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_MAGIC = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00", b"BZh")

_CONTAINER = b"SQC\x02"
"""What a seqcoder container begins with."""

Source = str | os.PathLike[str] | IO[bytes]


@dataclass(frozen=True)
class InputBytes:
    """Decompressed ``data`` and how they came: plain, gzip, zstd, xz or bzip2.

    ``warning``: they may not be all (a bgzip file without the block it ends with).
    """

    data: bytes
    compression: str
    warning: str = ""


class _Decompressor(Protocol):
    """One member (gzip), frame (zstd) or stream (xz, bzip2) being decompressed."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def sniff(head: bytes) -> str:
    """Return the compression a file's first bytes tell of: plain, gzip, zstd, xz or bzip2."""
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    if head[:4] == b"\x28\xb5\x2f\xfd":
        return "zstd"
    if head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F:
        return "zstd"  # a skippable frame
    if head[:6] == b"\xfd7zXZ\x00":
        return "xz"
    if head[:3] == b"BZh" and head[4:10] in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"):
        return "bzip2"
    return "plain"


def is_container(data: bytes) -> bool:
    """Whether bytes begin like a seqcoder container."""
    return data[:4] == _CONTAINER


def _starter(compression: str) -> tuple[Callable[[], _Decompressor], tuple[type[Exception], ...]]:
    """Return how to begin a decompressor, and what it raises on corrupt data."""
    if compression == "gzip":
        import zlib

        return (lambda: zlib.decompressobj(31)), (zlib.error,)
    if compression == "zstd":
        import zstandard

        return (lambda: zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()), (
            zstandard.ZstdError,
        )
    if compression == "xz":
        import lzma

        return (lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ)), (lzma.LZMAError,)
    import bz2

    return bz2.BZ2Decompressor, (OSError, ValueError)


def _is_cut_off(data: bytes, name: str) -> bool:
    """Whether so little is left of what is called a compressed file that it is no such file."""
    if "://" in name:
        name = re.sub(r"\?[^?/]*=[^?/]*$", "", name)  # options of an object store
    called = name.lower().endswith((*SUFFIXES, *_NOT_READ))
    return called and (
        any(magic.startswith(data) for magic in _MAGIC) or (data[:3] == b"BZh" and len(data) < 10)
    )


def decompress(
    data: bytes, label: str, max_bytes: int = DEFAULT_MAX_BYTES, name: str = ""
) -> InputBytes:
    """Decompress ``data`` if they are gzip (bgzip), zstd, xz or bzip2, of any number of members.

    A seqcoder container counts as plain.

    Raises
    ------
    InputError
        When the data are truncated or corrupt, have something else after them, or decompress
        to more than ``max_bytes``; nothing, or less than they begin with, is what is left of a
        compressed file, told by ``name`` (or ``label``). The message begins with ``label``.
    """
    compression = "plain" if is_container(data) else sniff(data[:10])
    if compression == "plain":
        if _is_cut_off(data, name or label):
            raise InputError(
                f"{label}: a compressed file is longer than its {len(data)} bytes; fetch it again"
            )
        if len(data) > max_bytes:
            raise _too_big(label, max_bytes)
        return InputBytes(data, compression)
    start, errors = _starter(compression)
    parts: list[bytes] = []
    size = at = members = 0
    while at < len(data):
        if members and not data[at]:  # zero padding, as xz and tapes have it
            at = len(data) - len(data[at:].lstrip(b"\0"))
            continue
        if members and sniff(data[at : at + 10]) != compression:
            raise InputError(
                f"{label}: something that is not {compression} follows {compression} member "
                f"{members} at byte {at}; decompress it by hand and give the result"
            )
        member = start()
        members += 1
        try:
            while not member.eof:
                if at >= len(data):
                    raise InputError(
                        f"{label}: truncated {compression} data, the file ends within member "
                        f"{members}; fetch it again"
                    )
                fed = data[at : at + _FEED]
                part = member.decompress(fed)
                at += len(fed)
                if part:
                    parts.append(part)
                    size += len(part)
                if size > max_bytes:
                    raise _too_big(label, max_bytes)
            at -= len(member.unused_data)
        except errors as error:
            if is_memory(error):
                raise MemoryError from error
            if compression == "zstd" and "dictionary" in str(error).lower():
                raise InputError(
                    f"{label}: zstd data made with a dictionary, without which they cannot be "
                    "read; decompress it with 'zstd -d -D DICTIONARY' and give the result"
                ) from None
            raise InputError(
                f"{label}: corrupt {compression} data in member {members} before byte {at} "
                f"({error}); fetch it again"
            ) from None
    warning = ""
    if data[:4] == _BGZIP_END[:4] and data[12:14] == b"BC" and not data.endswith(_BGZIP_END):
        warning = f"{label}: the block that ends a bgzip file is missing; it may be cut short"
    return InputBytes(b"".join(parts), compression, warning)


def _too_big(label: str, max_bytes: int) -> InputError:
    return InputError(
        f"{label}: more than {max_bytes} bytes after decompression; split the file or raise the "
        "bound"
    )


def read_input(source: Source, max_bytes: int = DEFAULT_MAX_BYTES) -> InputBytes:
    """Read a path or an open binary file to its end and decompress what it holds.

    Raises
    ------
    InputError
        When it is missing, a directory, not permitted, unreadable, truncated, corrupt or
        larger than ``max_bytes`` decompressed.
    """
    if isinstance(source, str | os.PathLike):
        label = os.fspath(source)
        try:
            with Path(source).open("rb") as file:
                return _read_all(file, label, max_bytes)
        except FileNotFoundError:
            raise InputError(f"{label}: no such file; check the path") from None
        except IsADirectoryError:
            raise InputError(f"{label}: is a directory; give the files in it") from None
        except PermissionError:
            raise InputError(f"{label}: no permission to read it; change its mode") from None
        except OSError as error:
            raise InputError(f"{label}: {system_reason(error)}") from None
    label = str(getattr(source, "name", "input"))
    try:
        return _read_all(source, label, max_bytes)
    except OSError as error:
        raise InputError(f"{label}: {system_reason(error)}") from None


def _read_all(file: IO[bytes], label: str, max_bytes: int) -> InputBytes:
    # No compression makes its input larger by more than this.
    bound = max_bytes + max_bytes // 64 + (1 << 16)
    data = file.read(bound + 1)
    if len(data) > bound:
        raise _too_big(label, max_bytes)
    return decompress(data, label, max_bytes)


def open_bytes(source: Source, max_bytes: int = DEFAULT_MAX_BYTES) -> bytes:
    """Return the decompressed bytes of a path or an open binary file; see :func:`read_input`."""
    return read_input(source, max_bytes).data
