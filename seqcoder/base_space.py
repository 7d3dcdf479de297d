"""Base space: what the genomes of a container bring to it, cut into chunks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from seqcoder.chunk import Bases


def chunk_bounds(n_bases: int, chunk_bases: int) -> list[tuple[int, int]]:
    """Cut ``n_bases`` into the fewest chunks of at most ``chunk_bases``, as equal as can be."""
    count = -(-n_bases // chunk_bases)
    edges = [n_bases * i // count for i in range(count + 1)] if count else []
    return list(pairwise(edges))


class BaseSpace:
    """Takes genomes in order, says where their bases lie, and yields chunks as they fill.

    Every genome begins a chunk of its own, so that it comes out again without its neighbours.
    """

    def __init__(self, chunk_bases: int) -> None:
        """``chunk_bases`` is the most bases a chunk may hold."""
        self._chunk_bases = chunk_bases
        self.n_bases = 0

    def add(self, bases: Bases) -> Iterator[Bases]:
        """Append ``bases`` to base space and yield its chunks."""
        self.n_bases += len(bases)
        for start, stop in chunk_bounds(len(bases), self._chunk_bases):
            yield np.ascontiguousarray(bases[start:stop])
