"""Runs the mixing kernel on a chunk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcoder.coder import kernel, tables
from seqcoder.coder.levels import Level
from seqcoder.errors import UsageError
from seqcoder.latent.library import Library

_NO_MARKS = np.zeros((2, 0), np.uint64)


def _classes(classes: NDArray[np.uint8] | None, n: int) -> NDArray[np.uint8]:
    if classes is None:
        return np.zeros(0, np.uint8)
    if len(classes) < n:
        raise UsageError(f"{len(classes)} classes given for {n} bases; there must be one a base")
    return np.ascontiguousarray(classes[:n]) & np.uint8(15)


def encode(
    bases: NDArray[np.uint8],
    level: Level,
    classes: NDArray[np.uint8] | None,
    library: Library | None = None,
) -> bytes:
    """Code bases under a level. A base costs at most 16 bits, hence the stream's size."""
    n = len(bases)
    if n >= 1 << 31:
        raise UsageError(f"a chunk of {n} bases; the most is {(1 << 31) - 1}: use smaller chunks")
    stream = np.zeros(2 * n + 64, np.uint8)
    copy = np.array(bases, np.uint8)
    size = kernel.code(
        copy,
        n,
        _classes(classes, n),
        stream,
        False,
        _NO_MARKS,
        1,
        *tables.arguments(level, n, classes is not None, library),
    )
    return stream[:size].tobytes()


def decode(
    payload: bytes | memoryview,
    n: int,
    level: Level,
    classes: NDArray[np.uint8] | None,
    count: int,
    library: Library | None = None,
    marks: NDArray[np.uint64] = _NO_MARKS,
    mark_every: int = 1,
) -> NDArray[np.uint8]:
    """Decode the first ``count`` of ``n`` bases.

    ``marks`` (uint64, shape ``(2, k)``): as in ``kernel.code``.
    """
    bases = np.zeros(count, np.uint8)
    stream = np.array(np.frombuffer(payload, np.uint8))
    kernel.code(
        bases,
        count,
        _classes(classes, count),
        stream,
        True,
        marks,
        mark_every,
        *tables.arguments(level, n, classes is not None, library),
    )
    return bases


def costs(
    payload: bytes | memoryview,
    n: int,
    level: Level,
    classes: NDArray[np.uint8] | None,
    step: int,
    library: Library | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Decode all ``n`` bases; also return the bits that each ``step`` of them took."""
    marks = np.zeros((2, -(-n // step) + 1), np.uint64)
    bases = decode(payload, n, level, classes, n, library, marks, step)
    # A range of 2^64 divided by the probability of all bases so far, but for rounding.
    spent = 8.0 * marks[0] - np.log2(marks[1].astype(np.float64))
    return bases, np.diff(spent)
