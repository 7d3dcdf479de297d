"""Frames: byte strings, compressed with zstd where that pays (docs/format.md)."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import zstandard
from numpy.typing import NDArray

from seqcoder.errors import IntegrityError

Bases = NDArray[np.uint8]

_AS_IT_IS = b"\0"
# A zstd frame that tells its content size never begins, behind this, with a zero byte.
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZSTD_HEAD = 14
# A block of a zstd frame holds at most 2**17 bytes and takes at least 4.
_MOST_EXPANSION = 1 << 15


DICTIONARY = Path(__file__).parent / "side.zdict"
"""What header lines are like; tests/golden/side_dictionary.py made it, the format has fixed it."""


@cache
def side_dictionary() -> zstandard.ZstdCompressionDict:
    """Return the dictionary of side frames and index frames."""
    return zstandard.ZstdCompressionDict(DICTIONARY.read_bytes())


def digest8(data: bytes | memoryview) -> bytes:
    """Return the first 8 bytes of SHA-256 of ``data``."""
    return sha256(data).digest()[:8]


def compress(
    data: bytes | memoryview, level: int, dictionary: zstandard.ZstdCompressionDict | None = None
) -> bytes:
    """Return a frame of ``data``, by zstd at ``level`` where it is shorter so."""
    window = min(max(len(data) - 1, 1).bit_length(), 27)
    parameters = zstandard.ZstdCompressionParameters.from_level(
        level,
        source_size=len(data),
        window_log=max(window, 10),
        write_checksum=False,
        write_content_size=True,
        write_dict_id=False,
    )
    compressor = zstandard.ZstdCompressor(compression_params=parameters, dict_data=dictionary)
    packed = compressor.compress(data).removeprefix(_ZSTD_MAGIC)
    return packed if len(packed) <= len(data) else _AS_IT_IS + bytes(data)


def content_size(frame: bytes, what: str) -> int:
    """Return how many bytes a frame says it holds, by its head alone."""
    if frame[:1] == _AS_IT_IS:
        return len(frame) - 1
    try:
        size = zstandard.frame_content_size(_ZSTD_MAGIC + frame[:_ZSTD_HEAD])
    except zstandard.ZstdError as error:
        raise IntegrityError(f"{what}: not a frame ({error}); the data are damaged") from None
    if size < 0:
        raise IntegrityError(f"{what}: zstd frame without a content size; not written by seqcoder")
    return size


def checked_size(frame: bytes, most: int, what: str) -> int:
    """Return how many bytes a frame says it holds, by its head alone.

    Raises IntegrityError if that is more than ``most``, or than so short a frame can hold at all.
    """
    size = content_size(frame, what)
    if size > most:
        raise IntegrityError(f"{what}: frame of {size} bytes where at most {most} belong")
    if size > len(frame) * _MOST_EXPANSION:
        raise IntegrityError(f"{what}: frame of {size} bytes in {len(frame)}; the data are damaged")
    return size


def decompress(
    frame: bytes,
    most: int,
    what: str,
    dictionary: zstandard.ZstdCompressionDict | None = None,
) -> bytes:
    """Return the at most ``most`` bytes of one whole frame.

    What it says of its size is checked before anything is allocated, see ``checked_size``.
    Raises IntegrityError, naming ``what``, for anything else than exactly one intact frame.
    """
    size = checked_size(frame, most, what)
    if frame[:1] == _AS_IT_IS:
        return frame[1:]
    decompressor = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=1 << 27)
    try:
        if size:
            return decompressor.decompress(_ZSTD_MAGIC + frame, allow_extra_data=False)
        # zstandard takes no look at a frame that says it holds nothing, unless it streams it.
        stream = decompressor.decompressobj()
        data = stream.decompress(_ZSTD_MAGIC + frame)
    except zstandard.ZstdError as error:
        raise IntegrityError(f"{what}: {error}; the data are damaged") from None
    if not stream.eof or stream.unused_data or data:
        raise IntegrityError(f"{what}: frame cut short or followed by foreign bytes")
    return data


def bases_digest(bases: Bases) -> bytes:
    """Return digest8 of a chunk's bases (uint8, 0..3)."""
    return digest8(np.ascontiguousarray(bases).data)
