"""The residual coder: bases in, few bits out.

Importing this package is cheap; the kernels (numba) are imported when first needed.

A base is a uint8 of 0..3 (A, C, G, T). A class is a uint8 of 0..15 that stage 1 gives
every base: 0 unknown or between genes, 1..3 the codon positions of a gene on this
strand, 4..6 those of a gene on the opposite one (see ``levels.COMPLEMENT_CLASS``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcoder.coder import twobit
from seqcoder.coder.levels import LEVELS, TWO_BIT, Level, by_coding
from seqcoder.errors import IntegrityError

__all__ = [
    "LEVELS",
    "TWO_BIT",
    "Level",
    "decode",
    "encode",
    "is_compiled",
    "memory_bytes",
    "warm_up",
]


def _level(coding: int) -> Level:
    level = by_coding(coding)
    if level is None:
        raise IntegrityError(f"unknown coding id {coding}; a newer seqcoder may know it")
    return level


def encode(
    bases: NDArray[np.uint8], coding: int, classes: NDArray[np.uint8] | None = None
) -> bytes:
    """Code bases (uint8, 0..3, shape ``(n,)``) under a coding id (see ``LEVELS``)."""
    if coding == TWO_BIT or len(bases) == 0:
        return twobit.pack(bases)
    level = _level(coding)
    if not level.models:
        from seqcoder.coder import copying

        return copying.encode(bases)
    from seqcoder.coder import engine

    return engine.encode(bases, level, classes)


def decode(
    payload: bytes | memoryview,
    n: int,
    coding: int,
    classes: NDArray[np.uint8] | None = None,
    stop: int | None = None,
) -> NDArray[np.uint8]:
    """Decode the first ``stop`` (default: all) of the ``n`` bases of a payload.

    Raises:
        IntegrityError: the payload is damaged and it shows. Damage that does not show
            gives other bases; the caller holds a digest against that.
    """
    count = n if stop is None else min(stop, n)
    if coding == TWO_BIT or count == 0:
        return twobit.unpack(payload, count)
    level = _level(coding)
    if not level.models:
        from seqcoder.coder import copying

        return copying.decode(payload, count)
    from seqcoder.coder import engine

    return engine.decode(payload, n, level, classes, count)


def memory_bytes(coding: int, n: int) -> int:
    """Bytes the coder's tables take for a chunk of ``n`` bases, beyond the bases."""
    if coding in (TWO_BIT, 1):
        return n
    return 300 << 20


def is_compiled(coding: int) -> bool:
    """Whether a first use of a coding would not have to compile."""
    return True


def warm_up(coding: int) -> None:
    """Compile (or load from numba's cache) the kernels a coding needs."""
    decode(encode(np.zeros(64, np.uint8), coding), 64, coding)
