"""Base space: what the genomes of a container bring to it, cut into chunks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np

from seqcoder.container.frames import Bases
from seqcoder.writing.chunk_input import ChunkInput, LeaderInput

if TYPE_CHECKING:
    from seqcoder.pangenome import Walk
    from seqcoder.pangenome.build import Added, Before
    from seqcoder.pangenome.kinship import Role
    from seqcoder.pangenome.minhash import Sketch

# A genome that brings at least so much, or more than half of itself, has chunks of its own, and
# comes out without its neighbours; what relatives of genomes already there bring shares chunks of
# this size, which is small so that one genome of a group needs few bases that are not its own and
# threads have equal shares: twice as much saves 0.05 % of 18 genomes' bytes, and the last of them
# takes 5 to 10 % longer.
OWN_CHUNK_BASES = 1 << 18
SHARED_CHUNK_BASES = 1 << 19


@dataclass(frozen=True)
class Placed:
    """Where a genome's bases are: from ``base_start`` in a row, or along a serialised walk.

    ``novel`` is how many bases it brought to base space, ``chunks`` what is full by now.
    """

    base_start: int | None
    walk: bytes
    novel: int
    chunks: list[ChunkInput]


class Space(Protocol):
    """Takes genomes in order, says where their bases lie, and cuts chunks as they fill."""

    def place(self, bases: Bases, role: Role | None = None) -> Placed:
        """Take the next genome's bases (uint8, 0..3); ``role`` says what of leaders."""
        ...

    def flush(self) -> list[ChunkInput]:
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


_Span = tuple[int, int]
"""A range of base space."""


@dataclass(frozen=True, eq=False)
class _Held:
    """A genome whose chunks are not cut yet, and the leader of these."""

    added: Added
    leader: _Span | None
    sure: bool


class SeparateSpace:
    """Every genome by itself, in chunks of its own."""

    def __init__(self, chunk_bases: int, n_bases: int = 0) -> None:
        """``chunk_bases`` is the most bases a chunk may hold, ``n_bases`` what is there."""
        self._chunk_bases = chunk_bases
        self._n_bases = n_bases

    def place(self, bases: Bases, role: Role | None = None) -> Placed:
        """Append ``bases`` to base space."""
        start = self._n_bases
        self._n_bases += len(bases)
        chunks = [ChunkInput(chunk) for chunk in cut(bases, self._chunk_bases)]
        return Placed(start if len(bases) else 0, b"", len(bases), chunks)

    def flush(self) -> list[ChunkInput]:
        """Return nothing: no chunk stays open."""
        return []


class SharedSpace:
    """A pan-genome: only what is novel is appended; a genome is a walk over what is there.

    What a genome brings to chunks of its own is held until the next one is there: if that is
    its relative, many more will be read along it, so it is cut into twice as many chunks, which
    are decoded side by side (measured in docs/pangenome.md). What is coded after a leader is not
    cut so.
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
        self._held: _Held | None = None
        self._count = 0
        self._leaders: dict[int, _Span] = {}
        self._latest: tuple[_Span, Bases] | None = None

    @property
    def marks(self) -> list[Sketch]:
        """The sketches of the genomes that are there."""
        return self._pan.marks

    def lead(self, bases: Bases, number: int) -> list[ChunkInput]:
        """Append the bases of a genome that leads, the ``number``-th to be placed, in one chunk.

        Returns the chunks that are full by now, this one the last.
        """
        bases = np.require(bases, requirements=["C", "W"])
        chunks = [*self._let_go(None), *self._close()]
        start = self._pan.append(bases)
        self._leaders[number] = start, start + len(bases)
        return [*chunks, ChunkInput(bases, leads=True)]

    def place(self, bases: Bases, role: Role | None = None) -> Placed:
        """Parse ``bases`` against all genomes before; the walk has been followed and compared."""
        # A file without line breaks gives bases that are a view of it; kernels want their own.
        bases = np.require(bases, requirements=["C", "W"])
        number, self._count = self._count, self._count + 1
        if number in self._leaders:
            start = self._leaders[number][0]
            self._pan.add(bases, role.mark if role else None, there=start)
            return Placed(start, b"", 0, [])
        leader = None if role is None or role.leader is None else self._leaders[role.leader]
        mark = role.mark if role else None
        added = self._pan.add(bases, mark, whole=leader is not None)
        walk, novel = added.walk, added.novel
        chunks = self._let_go(walk) if len(bases) else []
        if self._solid:
            if self._open_bases + len(novel) > self._chunk_bases:
                chunks += self._close()
            self._open.append(novel)
            self._open_bases += len(novel)
        elif len(novel) >= OWN_CHUNK_BASES or 2 * len(novel) > len(bases):
            chunks += self._close()
            self._held = _Held(added, leader, role is not None and role.sure)
        elif len(novel):
            self._open.append(novel)
            self._open_bases += len(novel)
            if self._open_bases >= min(SHARED_CHUNK_BASES, self._chunk_bases):
                chunks += self._close()
        straight = len(walk.starts) == 1 and not walk.reverse[0] and not len(walk.sub_positions)
        if straight or not len(bases):
            return Placed(int(walk.starts[0]) if len(bases) else 0, b"", len(novel), chunks)
        return Placed(None, added.data, len(novel), chunks)

    def _let_go(self, following: Walk | None) -> list[ChunkInput]:
        """Cut what is held, now that the next genome's walk is known; None: there is none."""
        if self._held is None:
            return []
        it, self._held = self._held, None
        held = it.added
        start, stop = held.novel_start, held.novel_start + len(held.novel)
        shared = 0
        if following is not None:
            lows = np.maximum(following.starts, start)
            highs = np.minimum(following.starts + following.lengths, stop)
            shared = int(np.maximum(highs - lows, 0).sum())
        halve = it.leader is None and 2 * shared > stop - start > SHARED_CHUNK_BASES
        most = -(-self._chunk_bases // 2) if halve else self._chunk_bases
        leader = None
        if it.leader is not None:
            if self._latest is None or self._latest[0] != it.leader:
                self._latest = it.leader, self._pan.fetch(*it.leader).copy()
            leader = LeaderInput(it.leader[0], self._latest[1], it.sure)
        return [ChunkInput(chunk, leader) for chunk in cut(held.novel, most)]

    def _close(self) -> list[ChunkInput]:
        """Close the chunk that lesser genomes share."""
        if not self._open_bases:
            return []
        chunks = cut(np.concatenate(self._open), self._chunk_bases)
        self._open, self._open_bases = [], 0
        return [ChunkInput(chunk) for chunk in chunks]

    def flush(self) -> list[ChunkInput]:
        """Return the chunks still open: the held genome's or the shared one.

        At most one of them exists.
        """
        return [*self._let_go(None), *self._close()]
