"""Base space: what the genomes of a container bring to it, cut into chunks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np

from seqcoder.container.frames import Bases

if TYPE_CHECKING:
    from seqcoder.pangenome import Walk
    from seqcoder.pangenome.build import Added, Before

# A genome that brings at least so much, or more than half of itself, has chunks of its own, and
# comes out without its neighbours; what relatives of genomes already there bring shares chunks of
# this size, which is small so that one genome of a group needs few bases that are not its own.
OWN_CHUNK_BASES = 1 << 18
SHARED_CHUNK_BASES = 1 << 20


@dataclass(frozen=True)
class Placed:
    """Where a genome's bases are: from ``base_start`` in a row, or along a serialised walk.

    ``novel`` is how many bases it brought to base space, ``chunks`` what is full by now.
    """

    base_start: int | None
    walk: bytes
    novel: int
    chunks: list[Bases]


class Space(Protocol):
    """Takes genomes in order, says where their bases lie, and cuts chunks as they fill."""

    def place(self, bases: Bases) -> Placed:
        """Take the next genome's bases (uint8, 0..3)."""
        ...

    def flush(self) -> list[Bases]:
        """Return the chunks still open."""
        ...


def chunk_bounds(n_bases: int, chunk_bases: int) -> list[tuple[int, int]]:
    """Cut ``n_bases`` into the fewest chunks of at most ``chunk_bases``, as equal as can be."""
    count = -(-n_bases // chunk_bases)
    edges = [n_bases * i // count for i in range(count + 1)] if count else []
    return list(pairwise(edges))


def cut(bases: Bases, chunk_bases: int) -> list[Bases]:
    """Return ``bases`` as chunks of at most ``chunk_bases``."""
    bounds = chunk_bounds(len(bases), chunk_bases)
    return [np.ascontiguousarray(bases[start:stop]) for start, stop in bounds]


class SeparateSpace:
    """Every genome by itself, in chunks of its own."""

    def __init__(self, chunk_bases: int, n_bases: int = 0) -> None:
        """``chunk_bases`` is the most bases a chunk may hold, ``n_bases`` what is there."""
        self._chunk_bases = chunk_bases
        self._n_bases = n_bases

    def place(self, bases: Bases) -> Placed:
        """Append ``bases`` to base space."""
        start = self._n_bases
        self._n_bases += len(bases)
        return Placed(start if len(bases) else 0, b"", len(bases), cut(bases, self._chunk_bases))

    def flush(self) -> list[Bases]:
        """Return nothing: no chunk stays open."""
        return []


class SharedSpace:
    """A pan-genome: only what is novel is appended; a genome is a walk over what is there.

    What a genome brings to chunks of its own is held until the next one is there: if that is
    its relative, many more will be read along it, so it is cut into twice as many chunks, which
    are decoded side by side (measured in docs/pangenome.md).
    """

    def __init__(
        self, chunk_bases: int, before: Before | None = None, *, solid: bool = False
    ) -> None:
        """``chunk_bases`` is the most bases a chunk may hold, ``before`` what is there.

        ``solid``: genomes have no chunks of their own, but fill chunks one after the other.
        """
        from seqcoder.pangenome.build import PanGenome

        self._chunk_bases = chunk_bases
        self._solid = solid
        self._pan = PanGenome(before)
        self._open: list[Bases] = []
        self._open_bases = 0
        self._held: Added | None = None

    def place(self, bases: Bases) -> Placed:
        """Parse ``bases`` against all genomes before; the walk has been followed and compared."""
        # A file without line breaks gives bases that are a view of it; kernels want their own.
        added = self._pan.add(np.require(bases, requirements=["C", "W"]))
        walk, novel = added.walk, added.novel
        chunks = self._let_go(walk) if len(bases) else []
        if self._solid:
            if self._open_bases + len(novel) > self._chunk_bases:
                chunks += self._close()
            self._open.append(novel)
            self._open_bases += len(novel)
        elif len(novel) >= OWN_CHUNK_BASES or 2 * len(novel) > len(bases):
            chunks += self._close()
            self._held = added
        elif len(novel):
            self._open.append(novel)
            self._open_bases += len(novel)
            if self._open_bases >= min(SHARED_CHUNK_BASES, self._chunk_bases):
                chunks += self._close()
        straight = len(walk.starts) == 1 and not walk.reverse[0] and not len(walk.sub_positions)
        if straight or not len(bases):
            return Placed(int(walk.starts[0]) if len(bases) else 0, b"", len(novel), chunks)
        return Placed(None, added.data, len(novel), chunks)

    def _let_go(self, following: Walk | None) -> list[Bases]:
        """Cut what is held, now that the next genome's walk is known; None: there is none."""
        if self._held is None:
            return []
        held, self._held = self._held, None
        start, stop = held.novel_start, held.novel_start + len(held.novel)
        shared = 0
        if following is not None:
            lows = np.maximum(following.starts, start)
            highs = np.minimum(following.starts + following.lengths, stop)
            shared = int(np.maximum(highs - lows, 0).sum())
        halve = 2 * shared > stop - start > SHARED_CHUNK_BASES
        return cut(held.novel, -(-self._chunk_bases // 2) if halve else self._chunk_bases)

    def _close(self) -> list[Bases]:
        """Close the chunk that lesser genomes share."""
        if not self._open_bases:
            return []
        chunks = cut(np.concatenate(self._open), self._chunk_bases)
        self._open, self._open_bases = [], 0
        return chunks

    def flush(self) -> list[Bases]:
        """Return the chunks still open: the held genome's or the shared one.

        At most one of them exists.
        """
        return [*self._let_go(None), *self._close()]
