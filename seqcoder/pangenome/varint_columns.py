"""Columns of integers as LEB128 varints: the plain form of a walk's columns.

Unsigned values are split in groups of 7 bits, low group first, the top bit of a byte set
while more groups follow. Signed values are folded first (zigzag: 0, -1, 1, -2, ... become
0, 1, 2, 3, ...). All values stay below 2**62, so neither the fold nor the shifts below can
overflow an int64; a varint is therefore at most 9 bytes long.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqcoder.errors import IntegrityError

Ints = npt.NDArray[np.int64]

MAX_VARINT_BYTES = 9
LIMIT = 1 << 62


def zigzag(values: Ints) -> Ints:
    """Fold signed ``values`` (magnitude below 2**61) into unsigned ones."""
    return (values << 1) ^ (values >> 63)


def unzigzag(values: Ints) -> Ints:
    """Undo `zigzag`."""
    return (values >> 1) ^ -(values & 1)


def pack(values: Ints) -> bytes:
    """Write ``values`` (int64, each in [0, 2**62)) as varints."""
    if values.size == 0:
        return b""
    if int(values.min()) < 0 or int(values.max()) >= LIMIT:
        raise ValueError("varint out of range [0, 2**62)")
    sizes = np.ones(values.size, dtype=np.int64)
    for shift in range(7, 63, 7):
        sizes += (values >> shift) > 0
    ends = np.cumsum(sizes)
    starts = ends - sizes
    out = np.zeros(int(ends[-1]), dtype=np.uint8)
    for group in range(int(sizes.max())):
        here = sizes > group
        low = (values[here] >> (7 * group)) & 0x7F
        more = (sizes[here] > group + 1).astype(np.int64) << 7
        out[starts[here] + group] = (low | more).astype(np.uint8)
    return out.tobytes()


def unpack(data: bytes, count: int, what: str = "walk") -> tuple[Ints, int]:
    """Read ``count`` varints from the start of ``data``.

    Returns the values (int64) and how many bytes they took. Nothing larger than
    8 * min(count, len(data)) bytes is allocated. Raises IntegrityError when ``data`` ends
    too soon or a varint is longer than 9 bytes or not below 2**62.
    """
    if count == 0:
        return np.zeros(0, dtype=np.int64), 0
    if count < 0 or count > len(data):
        raise IntegrityError(f"{what}: {count} integers claimed in {len(data)} bytes")
    window = np.frombuffer(data, dtype=np.uint8, count=min(len(data), count * MAX_VARINT_BYTES))
    stops = np.flatnonzero(window < 0x80)
    if stops.size < count:
        raise IntegrityError(f"{what}: integers end too soon or are too long")
    stops = stops[:count]
    starts = np.empty(count, dtype=np.int64)
    starts[0] = 0
    starts[1:] = stops[:-1] + 1
    sizes = stops - starts + 1
    if int(sizes.max()) > MAX_VARINT_BYTES:
        raise IntegrityError(f"{what}: an integer is longer than {MAX_VARINT_BYTES} bytes")
    values = np.zeros(count, dtype=np.int64)
    for group in range(int(sizes.max())):
        here = sizes > group
        values[here] |= (window[starts[here] + group].astype(np.int64) & 0x7F) << (7 * group)
    # Nine groups are 63 bits: bit 62 is the only one that could pass the limit.
    if int(values.max()) >= LIMIT:
        raise IntegrityError(f"{what}: an integer is not below 2**62")
    return values, int(stops[-1]) + 1
