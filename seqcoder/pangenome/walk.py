"""A walk: one genome as intervals of a container's base space plus substitutions.

The base space [0, N) is the concatenation of a container's chunks, bases as uint8 0..3
(A, C, G, T). Interval i of a walk says: the next ``lengths[i]`` bases of the genome are
base space [starts[i], starts[i] + lengths[i]), read backwards and complemented where
``reverse[i]``. Then, at the genome's positions ``sub_positions``, the base so found is
replaced by itself XOR ``sub_diffs`` (1, 2 or 3). With A, C, G, T = 0..3 the complement of a
base is its XOR with 3, so a difference is the same on either strand and differences of
successive copies compose by XOR; 2 is a transition, 1 and 3 are the two transversions.
A difference, unlike a base, can be coded well by a reader that has not decoded the base it
applies to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqcoder import core
from seqcoder.errors import IntegrityError

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Bases = npt.NDArray[np.uint8]

Fetch = Callable[[int, int], Bases]
"""``fetch(start, stop)`` gives the bases (uint8, 0..3) of base space [start, stop)."""


NEAR = 4096
"""Ranges of base space with fewer bases between them are best fetched as one."""


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """One genome over a base space; k intervals, m substitutions, arrays never written to."""

    starts: Ints
    """int64[k]: first base-space position of each interval (its lowest, on either strand)."""
    lengths: Ints
    """int64[k], each >= 1."""
    reverse: Bools
    """bool[k]: the interval is read backwards and complemented."""
    sub_positions: Ints
    """int64[m]: positions in the genome, strictly increasing."""
    sub_diffs: Bases
    """uint8[m]: 1, 2 or 3, XORed onto the base the interval gives."""

    @staticmethod
    def contiguous(start: int, n: int) -> Walk:
        """Return the trivial walk: base space [start, start + n), forwards."""
        k = int(n > 0)
        return Walk(
            np.full(k, start, dtype=np.int64),
            np.full(k, n, dtype=np.int64),
            np.zeros(k, dtype=np.bool_),
            np.zeros(0, dtype=np.int64),
            np.zeros(0, dtype=np.uint8),
        )

    @property
    def n_bases(self) -> int:
        """Length of the genome in bases."""
        return int(self.lengths.sum())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Walk):
            return NotImplemented
        return (
            np.array_equal(self.starts, other.starts)
            and np.array_equal(self.lengths, other.lengths)
            and np.array_equal(self.reverse, other.reverse)
            and np.array_equal(self.sub_positions, other.sub_positions)
            and np.array_equal(self.sub_diffs, other.sub_diffs)
        )

    __hash__ = None  # type: ignore[assignment]

    def check(self, n_bases: int, space: int) -> None:
        """Raise IntegrityError unless this is a walk of ``n_bases`` over [0, ``space``)."""
        k, m = self.starts.size, self.sub_positions.size
        if self.lengths.size != k or self.reverse.size != k or self.sub_diffs.size != m:
            raise IntegrityError("walk: columns differ in length")
        if k:
            # Each length is at most `space` and k at most n_bases: checked before the sum,
            # the sum stays below n_bases * space, which is not assumed to fit; hence the
            # test of the maximum against n_bases first.
            if int(self.lengths.min()) < 1 or int(self.lengths.max()) > n_bases or k > n_bases:
                raise IntegrityError("walk: an interval is empty or longer than the genome")
            if int(self.starts.min()) < 0 or int((self.starts + self.lengths).max()) > space:
                raise IntegrityError(f"walk: an interval leaves the base space [0, {space})")
        if self.n_bases != n_bases:
            raise IntegrityError(f"walk: {self.n_bases} bases where {n_bases} are expected")
        if m:
            if int(self.sub_positions[0]) < 0 or int(self.sub_positions[-1]) >= n_bases:
                raise IntegrityError("walk: a substitution lies outside the genome")
            if m > 1 and int(np.diff(self.sub_positions).min()) < 1:
                raise IntegrityError("walk: substitutions are not in order")
            if int(self.sub_diffs.min()) < 1 or int(self.sub_diffs.max()) > 3:
                raise IntegrityError("walk: a substitution is not 1, 2 or 3")

    def slice(self, start: int, stop: int) -> Walk:
        """Return the walk of the genome's bases [start, stop), for region access.

        Raises ValueError unless 0 <= start <= stop <= n_bases.
        """
        ends = np.cumsum(self.lengths)
        total = int(ends[-1]) if ends.size else 0
        if not 0 <= start <= stop <= total:
            raise ValueError(f"[{start}, {stop}) is not within [0, {total})")
        if start == stop:
            return Walk.contiguous(0, 0)
        first = int(np.searchsorted(ends, start, side="right"))
        last = int(np.searchsorted(ends, stop, side="left")) + 1
        starts = self.starts[first:last].copy()
        lengths = self.lengths[first:last].copy()
        reverse = self.reverse[first:last].copy()
        cut_left = start - int(ends[first] - self.lengths[first])
        cut_right = int(ends[last - 1]) - stop
        # What is cut from the genome's left is the interval's high end on the reverse strand.
        if not reverse[0]:
            starts[0] += cut_left
        if reverse[-1]:
            starts[-1] += cut_right
        lengths[0] -= cut_left
        lengths[-1] -= cut_right
        a, b = np.searchsorted(self.sub_positions, [start, stop])
        return Walk(
            starts, lengths, reverse, self.sub_positions[a:b] - start, self.sub_diffs[a:b].copy()
        )

    def spans(self, apart: int = 0) -> Ints:
        """Return the base-space ranges the walk reads: int64[j, 2], sorted, disjoint, merged.

        Ranges at most ``apart`` bases apart are one, with what lies between them.
        """
        if self.starts.size == 0:
            return np.zeros((0, 2), dtype=np.int64)
        order = np.argsort(self.starts, kind="stable")
        starts = self.starts[order]
        ends = np.maximum.accumulate(starts + self.lengths[order])
        fresh = np.ones(starts.size, dtype=np.bool_)
        fresh[1:] = starts[1:] > ends[:-1] + apart
        firsts = np.flatnonzero(fresh)
        lasts = np.append(firsts[1:], starts.size) - 1
        return np.stack([starts[firsts], ends[lasts]], axis=1)

    def apply(self, fetch: Fetch, apart: int = 0) -> Bases:
        """Return the genome's bases (uint8[n_bases], 0..3), reading the base space by ``fetch``.

        ``fetch`` is called once for each of ``spans(apart)``, and the results are held together:
        memory is the genome plus the base-space ranges it reads.
        """
        out = np.empty(self.n_bases, dtype=np.uint8)
        spans = self.spans(apart)
        ranges = [np.ascontiguousarray(fetch(a, b)) for a, b in spans.tolist()]
        core.apply_walk(
            np.ascontiguousarray(self.starts),
            np.ascontiguousarray(self.lengths),
            np.ascontiguousarray(self.reverse),
            np.ascontiguousarray(self.sub_positions),
            np.ascontiguousarray(self.sub_diffs),
            np.ascontiguousarray(spans[:, 0]),
            ranges,
            out,
        )
        return out
