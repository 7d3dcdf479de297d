"""The levels: each one a frozen, named set of models.

What a level's models are is fixed in the native core (``core/src/level.hpp``; docs/coder.md
specifies it). A change of anything there changes the payloads, so a level that has shipped is
never edited: a better one gets a new coding id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: Coding id of plain 2-bit packing.
TWO_BIT = 0


@dataclass(frozen=True)
class Level:
    """A level: its number, the coding id stored with a chunk, whether it mixes models.

    A level that does not copies repeats and packs the rest.
    """

    number: int
    coding: int
    mixes: bool


#: The levels a user may ask for, by number.
LEVELS: Mapping[int, Level] = MappingProxyType(
    {1: Level(1, 1, mixes=False), 2: Level(2, 2, mixes=True), 3: Level(3, 3, mixes=True)}
)


def by_coding(coding: int) -> Level | None:
    """Find the level whose coding id is ``coding``."""
    return next((level for level in LEVELS.values() if level.coding == coding), None)
