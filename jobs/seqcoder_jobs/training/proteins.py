"""Proteins of a training corpus: translated genes, and which genomes are of one family."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.latent.library import GAP

SHORTEST = 20  # codons a reading frame must hold to count as a protein
_WORD = 7  # residues of the words that families are told by
_SAMPLE = 64  # one word of so many is looked at


def protein_stream(
    bases: NDArray[np.uint8], classes: NDArray[np.uint8], shortest: int = SHORTEST
) -> NDArray[np.uint8]:
    """Residues of all genes of a genome, (m,) uint8, each protein ended by GAP."""
    return core.translate_genes(bases, classes, shortest)


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
    streams: list[NDArray[np.uint8]], families: list[str | None], shared: float = 0.75
) -> NDArray[np.bool_]:
    """Which genomes must not profit from each other: (g, g) bool, true on the diagonal.

    Two genomes whose families are both given are near if these are equal; otherwise if they are
    of one species: at least ``shared`` of the smaller one's sampled words of seven residues are
    also in the other's proteins. Where all are near each other, each is near itself alone.
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
    near |= near.T
    return np.eye(len(streams), dtype=np.bool_) if near.all() else near
