"""Proteins of a training corpus: translated genes, and which genomes are of one family."""

# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,assignment,type-arg"

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from seqcoder.latent.library import GAP, RESIDUE_OF

SHORTEST = 20  # codons a reading frame must hold to count as a protein
_WORD = 7  # residues of the words that families are told by
_SAMPLE = 64  # one word of so many is looked at


@nb.njit(cache=True, nogil=True)
def _translate(bases: NDArray, classes: NDArray, shortest: int, out: NDArray) -> int:
    n = bases.size
    k = 0
    i = 0
    while i + 2 < n:
        c = classes[i]
        if c != 1 and c != 6:
            i += 1
            continue
        step = 1 if c == 1 else -1
        j = i
        while (
            j + 2 < n
            and classes[j] == c
            and classes[j + 1] == c + step
            and classes[j + 2] == c + 2 * step
        ):
            j += 3
        m = (j - i) // 3
        if m >= shortest:
            for t in range(m):
                if c == 1:
                    p = i + 3 * t
                    a = RESIDUE_OF[16 * bases[p] + 4 * bases[p + 1] + bases[p + 2]]
                else:
                    p = j - 3 - 3 * t
                    a = RESIDUE_OF[63 - 16 * bases[p + 2] - 4 * bases[p + 1] - bases[p]]
                out[k] = a
                k += 1
            out[k] = GAP
            k += 1
        i = max(j, i + 1)
    return k


def protein_stream(
    bases: NDArray[np.uint8], classes: NDArray[np.uint8], shortest: int = SHORTEST
) -> NDArray[np.uint8]:
    """Residues of all genes of a genome, (m,) uint8, each protein ended by GAP."""
    out = np.empty(bases.size // 3 + bases.size // (3 * shortest) + 8, np.uint8)
    return out[: _translate(bases, classes, shortest, out)].copy()


def _sketch(stream: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """A sample of a proteome's words, by hash."""
    words = np.zeros(max(0, stream.size - _WORD + 1), np.uint64)
    whole = np.ones(words.size, np.bool_)
    for k in range(_WORD):
        part = stream[k : k + words.size]
        words = words * np.uint64(32) + part
        whole &= part != GAP
    hashed = words[whole] * np.uint64(0x9E3779B97F4A7C15)
    return np.unique(hashed[(hashed >> np.uint64(40)) % np.uint64(_SAMPLE) == 0])


def nearness(
    streams: list[NDArray[np.uint8]], families: list[str | None], shared: float = 0.2
) -> NDArray[np.bool_]:
    """Which genomes are of one family: (g, g) bool, true on the diagonal.

    Two genomes whose families are both given are near if these are equal; otherwise if at
    least ``shared`` of the smaller one's sampled words of seven residues are also in the
    other's proteins.
    """
    sketches = [_sketch(s) for s in streams]
    near = np.eye(len(streams), dtype=np.bool_)
    for i, a in enumerate(sketches):
        for j in range(i):
            x, y = families[i], families[j]
            if x is not None and y is not None:
                near[i, j] = x == y
            else:
                b = sketches[j]
                common = np.intersect1d(a, b, assume_unique=True).size
                near[i, j] = common >= shared * max(1, min(a.size, b.size))
    return near | near.T
