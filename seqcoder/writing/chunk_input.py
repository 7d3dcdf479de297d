"""What is given to be coded: the bases of a chunk, and of the one it is coded after."""

from __future__ import annotations

from dataclasses import dataclass

from seqcoder.container.frames import Bases


@dataclass(frozen=True, eq=False)
class LeaderInput:
    """A chunk that leads: its place in base space and its bases (uint8, 0..3).

    ``sure``: what follows it is so near that coding it without the leader need not be tried.
    """

    first_base: int
    bases: Bases
    sure: bool = False


@dataclass(frozen=True, eq=False)
class ChunkInput:
    """A chunk's bases (uint8, 0..3), the leader it may be coded after, whether it leads itself."""

    bases: Bases
    leader: LeaderInput | None = None
    leads: bool = False
