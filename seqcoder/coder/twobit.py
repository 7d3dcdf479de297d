"""Plain packing of four bases in a byte: the coding nothing can be worse than.

Base ``i`` lies in byte ``i // 4``, the first of the four in the two highest bits. The
last byte of a length that is no multiple of four is filled up with zero bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.errors import IntegrityError


def packed_size(n: int) -> int:
    """Bytes that ``n`` bases take."""
    return (n + 3) // 4


def pack(bases: NDArray[np.uint8]) -> bytes:
    """Pack bases (uint8, values 0..3, shape ``(n,)``) into ``packed_size(n)`` bytes."""
    packed = np.empty(packed_size(len(bases)), np.uint8)
    core.pack_bases(np.ascontiguousarray(bases), packed)
    return packed.tobytes()


def unpack(payload: bytes | memoryview, n: int) -> NDArray[np.uint8]:
    """Unpack the first ``n`` bases (uint8, shape ``(n,)``) of a packed payload.

    Raises:
        IntegrityError: the payload is too short for ``n`` bases.
    """
    size = packed_size(n)
    if len(payload) < size:
        raise IntegrityError(
            f"2-bit payload holds {len(payload)} bytes where {n} bases need {size};"
            " the chunk is damaged"
        )
    bases = np.empty(n, np.uint8)
    core.unpack_bases(np.frombuffer(payload, np.uint8, size), bases)
    return bases
