"""The levels: each one frozen, named set of models (first version, bytes not yet frozen)."""

from __future__ import annotations

from dataclasses import dataclass

#: Class of a base seen from the opposite strand: 1..3 (forward codon positions) and 4..6
#: (positions of a codon on the reverse strand) change places, and so do 7..9 and 10..12.
COMPLEMENT_CLASS = (0, 4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9, 13, 14, 15)

TWO_BIT = 0


@dataclass(frozen=True)
class ContextModel:
    """Counts of the next base after the last ``order`` bases (and the class, if asked)."""

    order: int
    bits: int
    with_class: bool = False


@dataclass(frozen=True)
class Level:
    """A level: its number, the coding id stored with a chunk, its models."""

    number: int
    coding: int
    contexts: tuple[ContextModel, ...]
    match_lengths: tuple[int, ...]


_PLAIN = (1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 14, 16, 18, 20, 24)
_CLASS = (2, 3, 4, 5, 6, 8, 9)


def _contexts(orders: tuple[int, ...], top: int) -> tuple[ContextModel, ...]:
    plain = tuple(ContextModel(k, min(2 * k, top)) for k in orders)
    return plain + tuple(ContextModel(k, min(2 * k + 4, top), True) for k in _CLASS)


LEVELS: dict[int, Level] = {
    1: Level(1, 1, (), ()),
    2: Level(2, 2, _contexts((2, 3, 4, 6, 8, 10, 11, 12, 14, 16, 20), 22), (20,)),
    3: Level(3, 3, _contexts(_PLAIN, 24), (16, 24)),
}
