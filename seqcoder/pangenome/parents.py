"""Which earlier genomes a new one is written against: the nearest by their sketches."""

from __future__ import annotations

import numpy as np

from seqcoder import core
from seqcoder.pangenome.minhash import Sketch, similarity
from seqcoder.pangenome.walk_reading import MAX_FORERUNNERS

PARENTS = 6
MIN_SIMILARITY = 0.005
MOST = 512
"""Genomes compared in full; of more, so many that look nearest by their `FEW` smallest hashes."""
FEW = 256


class Candidates:
    """The genomes so far, by ordinal, and their sketches.

    Memory: 8 bytes for every hash (one for every 500 bases), and up to 2 kB more for every genome.
    """

    def __init__(self) -> None:
        """No genomes yet."""
        self._sketches: dict[int, Sketch] = {}
        self._ordinals: list[int] = []
        self._hashes = np.empty(1 << 12, dtype=np.uint64)
        self._edges = np.zeros(1 << 6, dtype=np.int64)

    @property
    def marks(self) -> list[Sketch]:
        """The sketches of all genomes so far."""
        return list(self._sketches.values())

    def add(self, ordinal: int, mark: Sketch) -> None:
        """Take a genome in; ``ordinal`` is higher than all before."""
        self._sketches[ordinal] = mark
        self._append(len(self._ordinals), mark)
        self._ordinals.append(ordinal)

    def parents(self, mark: Sketch, sets: dict[int, frozenset[int]]) -> list[int]:
        """Return the nearest genomes, the nearest first, as long as few walks must be read.

        ``sets`` are the forerunners of each genome.
        """
        scores = {at: similarity(mark, self._sketches[at]) for at in self._likely(mark)}
        parents: list[int] = []
        forerunners = frozenset[int]()
        for at in sorted(scores, key=lambda at: (-scores[at], at)):
            if len(parents) == PARENTS or scores[at] < MIN_SIMILARITY:
                break
            more = forerunners | sets[at] | {at}
            if len(more) <= MAX_FORERUNNERS:
                parents.append(at)
                forerunners = more
        return parents

    def _likely(self, mark: Sketch) -> list[int]:
        count = len(self._ordinals)
        if count <= MOST:
            return self._ordinals
        self._append(count, mark)
        scores = np.empty((count, 1))
        before = np.arange(count, dtype=np.int64)
        mine = np.array([count], dtype=np.int64)
        core.jaccards(self._hashes, self._edges[: count + 2], FEW, before, mine, scores)
        nearest = np.argsort(-scores[:, 0], kind="stable")[:MOST]
        return [self._ordinals[i] for i in nearest.tolist()]

    def _append(self, row: int, mark: Sketch) -> None:
        """Write the smallest hashes of a genome behind those of the ``row`` before it."""
        start = int(self._edges[row])
        end = start + min(len(mark), FEW)
        if end > len(self._hashes):
            self._hashes = np.resize(self._hashes, 2 * end)
        if row + 2 > len(self._edges):
            self._edges = np.resize(self._edges, 2 * (row + 2))
        self._hashes[start:end] = mark[:FEW]
        self._edges[row + 1] = end
