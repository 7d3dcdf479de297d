"""Sketches of many genomes in one array, bounded, and the Jaccard index of such sketches.

What is kept of a genome is the smallest hashes of its FracMinHash sketch (`minhash`), at most
`SIZE`: a bottom-k sketch (Broder 1997), 8 kB a genome whatever the genome's size. Of two genomes
the hashes up to the smaller of their two limits are compared, where the limit of a full sketch
is its largest hash: below it each sketch is complete, so the index is that of two FracMinHash
sketches of a coarser scale.
"""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,assignment"

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

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
        sums: npt.NDArray[np.uint64] = _sums(self.hashes, self.edges)
        return sums

    def canonical(self) -> Ints:
        """Return all indices by estimated genome size, largest first.

        Genomes of one size come in the order of the sums of their hashes; only for equal
        sketches does the order given decide.
        """
        return np.lexsort((self.sums(), -self.estimates())).astype(np.int64)


@numba.njit("uint64[::1](uint64[::1], int64[::1])", cache=True, nogil=True)
def _sums(hashes, edges):
    out = np.zeros(edges.size - 1, np.uint64)
    for i in range(out.size):
        for j in range(edges[i], edges[i + 1]):
            out[i] += hashes[j]
    return out


@numba.njit("float64(uint64[::1], int64, int64, int64, int64, int64)", cache=True, nogil=True)
def jaccard(hashes, size, a, a_end, b, b_end):
    """Return the Jaccard index of hashes[a:a_end] and hashes[b:b_end], sketches of ``size``."""
    a_full = a_end - a >= size
    b_full = b_end - b >= size
    n = 0
    i = a
    j = b
    while i < a_end and j < b_end:
        x = hashes[i]
        y = hashes[j]
        n += x == y
        i += x <= y
        j += y <= x
    # A sketch that is not full is complete: what the other has beyond its end counts.
    if i == a_end and not a_full:
        j = b_end
    if j == b_end and not b_full:
        i = a_end
    union = (i - a) + (j - b) - n
    return n / union if union else 0.0


@numba.njit("float64[::1](uint64[::1], int64[::1], int64)", cache=True, nogil=True)
def jaccards_with_last(hashes, edges, size):
    """Return the Jaccard index of the last genome and each before it, sketches of ``size``.

    Genome i's hashes are hashes[edges[i]:edges[i + 1]].
    """
    last = edges.size - 2
    out = np.empty(last)
    for i in range(last):
        out[i] = jaccard(hashes, size, edges[i], edges[i + 1], edges[last], edges[last + 1])
    return out


@numba.njit(
    "float64[:, ::1](uint64[::1], int64[::1], int64, int64[::1], int64[::1])",
    cache=True,
    nogil=True,
)
def _jaccards(hashes, edges, size, rows, columns):
    """`jaccard` of all rows with up to 64 columns, which are indexed by their hashes.

    A hash has a word of one bit a column; the words of a row's hashes are added up in bit
    planes, all columns at once.
    """
    total = 0
    for c in columns:
        total += edges[c + 1] - edges[c]
    bits = 4
    while (1 << bits) < 2 * total:
        bits += 1
    mask = (1 << bits) - 1
    shift = np.uint64(64 - bits)
    odd = np.uint64(0x9E3779B97F4A7C15)
    keys = np.zeros(1 << bits, np.uint64)
    words = np.zeros(1 << bits, np.uint64)
    none = np.uint64(0)
    for k in range(columns.size):
        for e in range(edges[columns[k]], edges[columns[k] + 1]):
            h = hashes[e]
            slot = np.int64((h * odd) >> shift)
            while words[slot] != none and keys[slot] != h:
                slot = (slot + 1) & mask
            keys[slot] = h
            words[slot] |= np.uint64(1) << np.uint64(k)
    out = np.zeros((rows.size, columns.size))
    planes = np.zeros(16, np.uint64)
    for r in range(rows.size):
        a = edges[rows[r]]
        a_end = edges[rows[r] + 1]
        planes[:] = none
        for e in range(a, a_end):
            h = hashes[e]
            slot = np.int64((h * odd) >> shift)
            while words[slot] != none and keys[slot] != h:
                slot = (slot + 1) & mask
            carry = words[slot]
            p = 0
            while carry != none:
                was = planes[p]
                planes[p] = was ^ carry
                carry &= was
                p += 1
        for k in range(columns.size):
            n = 0
            for p in range(16):
                n += np.int64((planes[p] >> np.uint64(k)) & np.uint64(1)) << p
            if n == 0:
                continue
            b = edges[columns[k]]
            b_end = edges[columns[k] + 1]
            i = a_end
            j = b_end
            a_full = a_end - a >= size
            b_full = b_end - b >= size
            if a_full and (not b_full or hashes[a_end - 1] <= hashes[b_end - 1]):
                j = b + np.searchsorted(hashes[b:b_end], hashes[a_end - 1], side="right")
            elif b_full:
                i = a + np.searchsorted(hashes[a:a_end], hashes[b_end - 1], side="right")
            out[r, k] = n / ((i - a) + (j - b) - n)
    return out


def jaccards(table: SketchTable, rows: Ints, columns: Ints) -> npt.NDArray[np.float64]:
    """Return the Jaccard indices of genomes: float64[len(rows), len(columns)].

    Some 10 microseconds for 64 columns of a row.
    """
    parts = [
        _jaccards(*table.columns, rows, np.ascontiguousarray(columns[at : at + 64]))
        for at in range(0, len(columns), 64)
    ]
    return np.concatenate(parts, axis=1) if parts else np.zeros((len(rows), 0))
