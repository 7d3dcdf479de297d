"""Columns of integers as byte planes.

The serialised side streams are compressed with zstd by the container, so the layouts here
only have to *expose* regularity: a column of integers is written as byte planes (all lowest
bytes, then all second-lowest bytes, ...), which puts the almost constant high bytes next to
each other. ``docs/side-streams.md`` is the specification.
"""

from __future__ import annotations

import numpy as np

from seqcoder.errors import IntegrityError
from seqcoder.fasta.model import Ints
from seqcoder.storage.varint import ByteReader

MAX_PLANES = 6
"""Values are below 2**48. A column has fewer than 2**31 entries, so that sums of a column
are below 2**79: they are checked in float64 (see :func:`bounded_sum`) before int64 is used."""


def damaged(reader: ByteReader, reason: str) -> IntegrityError:
    """Return the error to raise when what is read cannot be."""
    return IntegrityError(f"{reader.what}: {reason}; the data are damaged")


def put_column(out: bytearray, values: Ints) -> None:
    """Append non-negative int64 ``values`` as a plane count k (0..6) and k planes of n bytes."""
    planes = (int(values.max()).bit_length() + 7) // 8 if values.size else 0
    out.append(planes)
    if planes:
        octets = np.ascontiguousarray(values, dtype="<i8").view(np.uint8).reshape(-1, 8)
        out += octets[:, :planes].T.tobytes()


def get_column(reader: ByteReader, count: int, limit: int) -> Ints:
    """Read ``count`` integers (int64, shape ``(count,)``), each of at most ``limit``.

    A column of zeros takes no bytes a value, so ``count`` must be one the caller has checked.

    Raises
    ------
    IntegrityError
        When the bytes end early or a value is above the limit.
    """
    planes = reader.u8()
    if planes > MAX_PLANES:
        raise damaged(reader, f"column of {planes} planes")
    if not planes:
        return np.zeros(count, dtype=np.int64)
    stored = np.frombuffer(reader.take(planes * count), dtype=np.uint8)
    octets = np.zeros((count, 8), dtype=np.uint8)
    octets[:, :planes] = stored.reshape(planes, count).T
    values = octets.view("<i8").reshape(count).astype(np.int64, copy=False)
    if count and int(values.max()) > limit:
        raise damaged(reader, f"value {int(values.max())} above its limit {limit}")
    return values


def bounded_sum(reader: ByteReader, values: Ints, limit: int, what: str) -> int:
    """Return the sum of a column, or raise IntegrityError when it is above ``limit`` (< 2**48)."""
    if float(values.sum(dtype=np.float64)) > 2.0 * limit or int(values.sum()) > limit:
        raise damaged(reader, f"more {what} than the file has room for")
    return int(values.sum())
