"""Sketches of many genomes in one array, bounded, and the Jaccard index of such sketches.

What is kept of a genome is the smallest hashes of its FracMinHash sketch (`minhash`), at most
`SIZE`: a bottom-k sketch (Broder 1997), 8 kB a genome whatever the genome's size. Of two genomes
the hashes up to the smaller of their two limits are compared, where the limit of a full sketch
is its largest hash: below it each sketch is complete, so the index is that of two FracMinHash
sketches of a coarser scale.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqcoder import core
from seqcoder.pangenome.minhash import SCALED, Sketch

Ints = npt.NDArray[np.int64]

SIZE = 1000
"""Hashes kept of a genome, unless a table says otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class SketchTable:
    """Sketches of n genomes, one after the other."""

    hashes: npt.NDArray[np.uint64]
    """uint64[t]: distinct and rising within a genome."""
    edges: Ints
    """int64[n + 1]: genome i has hashes[edges[i]:edges[i + 1]], at most ``size``."""
    size: int = SIZE
    """Most hashes of a genome; what has fewer is complete."""

    @staticmethod
    def of(
        sketches: Iterable[Sketch], capacity: int | None = None, size: int = SIZE
    ) -> SketchTable:
        """Gather sketches (sorted distinct hashes, uint64), each cut to its ``size`` smallest.

        With ``capacity``, at least the number of sketches, they may come from an iterator and
        only one is in memory beside the table.
        """
        if capacity is None:
            sketches = list(sketches)
            capacity = len(sketches)
        # Pages of this that are never written to take no memory.
        hashes = np.empty(capacity * size, dtype=np.uint64)
        edges = [0]
        for sketch in sketches:
            end = edges[-1] + min(len(sketch), size)
            hashes[edges[-1] : end] = sketch[:size]
            edges.append(end)
        return SketchTable(hashes[: edges[-1]], np.array(edges, dtype=np.int64), size)

    def __len__(self) -> int:
        return len(self.edges) - 1

    def __getitem__(self, i: int) -> Sketch:
        return self.hashes[self.edges[i] : self.edges[i + 1]]

    @property
    def columns(self) -> tuple[npt.NDArray[np.uint64], Ints, int]:
        """Hashes, edges and size, as kernels take them."""
        return self.hashes, self.edges, self.size

    def estimates(self, of: Ints | None = None) -> npt.NDArray[np.float64]:
        """Return about how many hashes the FracMinHash sketches had: float64[n].

        ``of`` (int64[n]) are the genomes asked for, by default all.
        """
        firsts, ends = self.edges[:-1], self.edges[1:]
        if of is not None:
            firsts, ends = firsts[of], ends[of]
        out = (ends - firsts).astype(np.float64)
        full = out >= self.size
        out[full] *= np.float64(1 << 64) / SCALED / self.hashes[ends[full] - 1]
        return out

    def sums(self) -> npt.NDArray[np.uint64]:
        """Return the sum of each genome's hashes, modulo 2**64: a digest, uint64[n]."""
        before = np.zeros(len(self.hashes) + 1, dtype=np.uint64)
        np.cumsum(self.hashes, out=before[1:])
        return before[self.edges[1:]] - before[self.edges[:-1]]

    def canonical(self) -> Ints:
        """Return all indices by estimated genome size, largest first.

        Genomes of one size come in the order of the sums of their hashes; only for equal
        sketches does the order given decide.
        """
        return np.lexsort((self.sums(), -self.estimates())).astype(np.int64)


def jaccards(table: SketchTable, rows: Ints, columns: Ints) -> npt.NDArray[np.float64]:
    """Return the Jaccard indices of genomes: float64[len(rows), len(columns)].

    Some 10 microseconds for 64 columns of a row.
    """
    out = np.empty((len(rows), len(columns)))
    for at in range(0, len(columns), 64):
        part = np.empty((len(rows), len(columns[at : at + 64])))
        core.jaccards(*table.columns, rows, np.ascontiguousarray(columns[at : at + 64]), part)
        out[:, at : at + 64] = part
    return out
