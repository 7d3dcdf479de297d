"""First labels of a genome: its long open reading frames."""

# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,assignment,type-arg"

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

_U8 = nb.types.Array(nb.uint8, 1, "C", readonly=True)


@nb.njit(
    nb.int64(_U8, nb.int64, nb.int64[:, ::1]),
    cache=True,
    nogil=True,
)
def open_frames(bases: NDArray, shortest: int, found: NDArray) -> int:
    """List stop-free stretches of at least ``shortest`` bases in all six frames.

    Rows of ``found`` become (length, start, strand); returns how many (at most as many as
    there are rows).
    """
    n = bases.size
    rows = found.shape[0]
    k = 0
    begin = np.zeros(6, np.int64)
    for f in range(3):
        begin[f] = f
        begin[3 + f] = f
    for i in range(2, n + 3):
        f = (i - 2) % 3
        forward_stop = True
        reverse_stop = True
        if i < n:
            a = bases[i - 2]
            b = bases[i - 1]
            c = bases[i]
            # TAA TAG TGA, and their reverse complements TTA CTA TCA
            forward_stop = a == 3 and ((b == 0 and (c == 0 or c == 2)) or (b == 2 and c == 0))
            reverse_stop = c == 0 and ((b == 3 and (a == 3 or a == 1)) or (b == 1 and a == 3))
        for strand in range(2):
            if (strand == 0 and forward_stop) or (strand == 1 and reverse_stop):
                start = begin[3 * strand + f]
                length = i - 2 - start
                if length >= shortest and k < rows:
                    found[k, 0] = length
                    found[k, 1] = start
                    found[k, 2] = strand
                    k += 1
                begin[3 * strand + f] = i + 1
    return k


@nb.njit(
    nb.void(nb.int64[:, ::1], nb.uint8[::1]),
    cache=True,
    nogil=True,
)
def paint(frames: NDArray, labels: NDArray) -> None:
    """Paint open frames, longest first, where at most an eighth is painted already."""
    for k in range(frames.shape[0]):
        length, start, strand = frames[k]
        taken = 0
        for i in range(start, start + length):
            if labels[i] > 0:
                taken += 1
        if 8 * taken > length:
            continue
        for i in range(start, start + length):
            if labels[i] == 0:
                phase = (i - start) % 3
                labels[i] = 6 - phase if strand else 1 + phase


def seed_labels(bases: NDArray[np.uint8], shortest: int = 300) -> NDArray[np.uint8]:
    """First labels: the longest open reading frames that do not overlap.

    The length that counts as long grows with the chance of a stop codon failing to turn
    up in random sequence of this composition, so that GC-rich genomes are not flooded.
    """
    labels = np.zeros(bases.size, np.uint8)
    if bases.size < 3:
        return labels
    share = np.bincount(bases, minlength=4)[:4] / bases.size
    at = (share[0] + share[3]) / 2
    gc = (share[1] + share[2]) / 2
    stop = max(at * at * at + 2 * at * at * gc, 1e-3)
    # the length a random frame reaches once in some 20,000 tries
    chance = 3 * math.ceil(math.log(20000.0) / -math.log1p(-stop))
    found = np.zeros((bases.size // 50 + 64, 3), np.int64)
    k = open_frames(bases, max(shortest, min(chance, 900)), found)
    frames = found[:k]
    order = np.lexsort((frames[:, 1], -frames[:, 0]))
    paint(np.ascontiguousarray(frames[order]), labels)
    return labels
