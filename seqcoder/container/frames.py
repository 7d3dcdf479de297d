"""zstd frames and skippable frames (RFC 8878), the bricks of a container."""

from __future__ import annotations

import struct
import zlib
from hashlib import sha256

import numpy as np
import zstandard
from numpy.typing import NDArray

from seqcoder.errors import IntegrityError

Bases = NDArray[np.uint8]

HEADER, CHUNK, GENOME, INDEX, FOOTER = range(0x184D2A58, 0x184D2A5D)
SKIPPABLE_HEAD = 8
# A block of a zstd frame holds at most 2**17 bytes and takes at least 4.
_MOST_EXPANSION = 1 << 15
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def digest8(data: bytes | memoryview) -> bytes:
    """Return the first 8 bytes of SHA-256 of ``data``."""
    return sha256(data).digest()[:8]


def skippable(kind: int, contents: bytes) -> bytes:
    """Return a skippable frame with magic number ``kind``."""
    return struct.pack("<II", kind, len(contents)) + contents


def head_frame(kind: int, contents: bytes, following: bytes = b"") -> bytes:
    """Return the head frame of a section: ``contents``, and the CRC-32 of it and all ``following``.

    The checksums of zstd frames do not cover their own headers; this one does.
    """
    crc = zlib.crc32(following, zlib.crc32(contents))
    return skippable(kind, contents + struct.pack("<I", crc))


def check_head(frame_contents: bytes, following: bytes, what: str) -> bytes:
    """Return a head's contents without their CRC-32; IntegrityError, naming ``what``, if wrong."""
    body, tail = frame_contents[:-4], frame_contents[-4:]
    if len(tail) < 4 or struct.unpack("<I", tail)[0] != zlib.crc32(following, zlib.crc32(body)):
        raise IntegrityError(f"{what}: CRC mismatch; the data are damaged")
    return body


def compress(data: bytes | memoryview, level: int) -> bytes:
    """Return one zstd frame with content size and checksum."""
    window = min(max(len(data) - 1, 1).bit_length(), 27)
    parameters = zstandard.ZstdCompressionParameters.from_level(
        level,
        source_size=len(data),
        window_log=max(window, 10),
        write_checksum=True,
        write_content_size=True,
    )
    return zstandard.ZstdCompressor(compression_params=parameters).compress(data)


def content_size(frame: bytes, what: str) -> int:
    """Return what a zstd frame says it decompresses to, in bytes."""
    try:
        size = zstandard.frame_content_size(frame)
    except zstandard.ZstdError as error:
        raise IntegrityError(f"{what}: not a zstd frame ({error}); the data are damaged") from None
    if size < 0:
        raise IntegrityError(f"{what}: zstd frame without a content size; not written by seqcoder")
    return size


def checked_size(frame: bytes, most: int, what: str) -> int:
    """Return what a zstd frame says it decompresses to, in bytes, by its head alone.

    Raises IntegrityError if that is more than ``most``, or than so short a frame can hold at all.
    """
    size = content_size(frame, what)
    if size > most:
        raise IntegrityError(f"{what}: frame of {size} bytes where at most {most} belong")
    if size > len(frame) * _MOST_EXPANSION:
        raise IntegrityError(f"{what}: frame of {size} bytes in {len(frame)}; the data are damaged")
    return size


def decompress(frame: bytes, most: int, what: str) -> bytes:
    """Decompress one whole zstd frame of at most ``most`` bytes of content.

    What it says of its size is checked before anything is allocated, see ``checked_size``.
    Raises IntegrityError, naming ``what``, for anything else than exactly one intact frame.
    """
    size = checked_size(frame, most, what)
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    try:
        if size:
            return decompressor.decompress(frame, allow_extra_data=False)
        # zstandard takes no look at a frame that says it holds nothing, unless it streams it.
        stream = decompressor.decompressobj()
        data = stream.decompress(frame)
    except zstandard.ZstdError as error:
        reason = "checksum mismatch" if "checksum" in str(error) else str(error)
        raise IntegrityError(f"{what}: {reason}; the data are damaged") from None
    if not stream.eof or stream.unused_data or data or not is_zstd(frame):
        raise IntegrityError(f"{what}: frame cut short or followed by foreign bytes")
    return data


def is_zstd(data: bytes) -> bool:
    """Whether ``data`` starts like a zstd frame."""
    return data[:4] == _ZSTD_MAGIC


def bases_digest(bases: Bases) -> bytes:
    """Return digest8 of a chunk's bases (uint8, 0..3)."""
    return digest8(np.ascontiguousarray(bases).data)
