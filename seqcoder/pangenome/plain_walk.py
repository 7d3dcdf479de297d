"""Serialised walks, the forms that stand alone: empty, contiguous, and columns under zstd.

The first byte says which form follows; docs/pangenome.md gives every byte.
"""

from __future__ import annotations

import numpy as np
import zstandard

from seqcoder.errors import IntegrityError
from seqcoder.pangenome.varint_columns import MAX_VARINT_BYTES, pack, unpack, unzigzag, zigzag
from seqcoder.pangenome.walk import Walk

CONTIGUOUS = 0
COLUMNS = 1
RELATIVE = 2

_LEVEL = 19


def write_plain(walk: Walk) -> bytes:
    """Serialise ``walk`` by itself: nothing, CONTIGUOUS or COLUMNS (docs/pangenome.md)."""
    k = walk.starts.size
    if k == 0:
        return b""
    if k == 1 and walk.sub_positions.size == 0 and not walk.reverse[0]:
        return bytes([CONTIGUOUS]) + pack(walk.starts)
    ends = np.where(walk.reverse, walk.starts, walk.starts + walk.lengths)
    begins = np.where(walk.reverse, walk.starts + walk.lengths, walk.starts)
    jumps = begins.copy()
    jumps[1:] -= ends[:-1]
    gaps = walk.sub_positions.copy()
    gaps[1:] -= walk.sub_positions[:-1] + 1
    counts = np.array([k, walk.sub_positions.size], dtype=np.int64)
    columns = b"".join(
        [
            pack(counts),
            pack(walk.lengths - 1),
            pack((zigzag(jumps) << 1) | walk.reverse),
            pack(gaps),
            walk.sub_diffs.tobytes(),
        ]
    )
    packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False, write_content_size=True)
    return bytes([COLUMNS]) + packer.compress(columns)


def read_plain(data: bytes, n_bases: int, space: int) -> Walk:
    """Read a walk of ``n_bases`` over base space [0, ``space``), as `write_plain` wrote it.

    One that is coded against other genomes' walks is refused; ``read_walk`` reads those.
    Raises IntegrityError, before anything larger than a small multiple of ``n_bases`` and
    ``len(data)`` is allocated, when ``data`` is not such a walk.
    """
    if not 0 <= space < 1 << 60 or not 0 <= n_bases < 1 << 60:
        raise IntegrityError(f"walk: {n_bases} bases over a space of {space} is out of range")
    if not data:
        walk = Walk.contiguous(0, 0)
    elif data[0] == CONTIGUOUS:
        start, used = unpack(data[1:], 1)
        if used != len(data) - 1:
            raise IntegrityError("walk: bytes left over")
        walk = Walk.contiguous(int(start[0]), n_bases)
    elif data[0] == COLUMNS:
        walk = _read_columns(data[1:], n_bases)
    elif data[0] == RELATIVE:
        raise IntegrityError("walk: is coded against other genomes'; read it by read_walk")
    else:
        raise IntegrityError(f"walk: unknown form {data[0]}; written by a newer version?")
    walk.check(n_bases, space)
    return walk


def columns_size(data: bytes) -> int:
    """Return how many bytes of columns a serialised walk says it holds, 0 for other forms."""
    if not data or data[0] != COLUMNS:
        return 0
    try:
        return max(zstandard.frame_content_size(data[1:]), 0)
    except zstandard.ZstdError:
        return 0  # refused when it is read


def _read_columns(frame: bytes, n_bases: int) -> Walk:
    # Two varints and a byte for each substitution, two varints for each interval, and
    # there are at most n_bases of either: what a frame may claim to hold is bounded.
    bound = 2 * MAX_VARINT_BYTES + n_bases * (3 * MAX_VARINT_BYTES + 1)
    try:
        size = zstandard.frame_content_size(frame)
        if not 0 <= size <= bound:
            raise IntegrityError(f"walk: a frame of {size} bytes for {n_bases} bases")
        columns = zstandard.ZstdDecompressor().decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise IntegrityError(f"walk: damaged zstd frame ({error})") from None
    counts, at = unpack(columns, 2)
    k, m = int(counts[0]), int(counts[1])
    if k > n_bases or m > n_bases:
        raise IntegrityError(f"walk: {k} intervals and {m} substitutions in {n_bases} bases")
    lengths, used = unpack(columns[at:], k)
    at += used
    jumps, used = unpack(columns[at:], k)
    at += used
    gaps, used = unpack(columns[at:], m)
    at += used
    if len(columns) - at != m:
        raise IntegrityError("walk: bytes missing or left over")
    # Totals first, on values known to be small: no sum below can overflow.
    lengths = lengths + 1
    if k and (int(lengths.max()) > n_bases or int(jumps.max()) >= 1 << 61):
        raise IntegrityError("walk: an interval is longer than the genome or out of range")
    if m and int(gaps.max()) >= n_bases:
        raise IntegrityError("walk: a substitution lies outside the genome")
    reverse = (jumps & 1).astype(np.bool_)
    steps = unzigzag(jumps >> 1)
    moved = np.where(reverse, -lengths, lengths)
    # begin[i] = end[i-1] + step[i] and end[i] = begin[i] + moved[i]; the sums wrap rather
    # than trap when hostile steps overflow, and Walk.check refuses what leaves the space.
    begins = np.cumsum(steps) + np.cumsum(moved) - moved
    starts = np.where(reverse, begins - lengths, begins)
    subs = np.cumsum(gaps + 1) - 1
    diffs = np.frombuffer(columns, dtype=np.uint8, count=m, offset=at).copy()
    return Walk(starts, lengths, reverse, subs, diffs)
