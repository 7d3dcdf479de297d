"""The levels: each one frozen, named set of models.

A model more or less needs no new kernel code; a change of anything here changes the
payloads, so a level that has shipped is never edited: a better one gets a new coding id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

#: Coding id of plain 2-bit packing.
TWO_BIT = 0

#: Class of a base seen from the opposite strand: 1..3 (codon positions of a gene on this
#: strand) and 4..6 (those of a gene on the opposite strand) change places, and so do 7..9
#: and 10..12, for a second kind of gene; 0 and 13..15 stay what they are.
COMPLEMENT_CLASS = (0, 4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9, 13, 14, 15)

#: What may choose the weights of a set: nothing, the best repeat's quality, the class, the
#: last four bases, the last two bases and the class, how often the longest byte context and
#: the shortest nibble context were seen.
SELECTORS = ("none", "repeat", "class", "bases", "bases-class", "seen")


@dataclass(frozen=True)
class Model:
    """Counts of the base that follows ``order`` bases, on this strand or the opposite one.

    ``bits`` is the binary logarithm of the number of contexts kept, ``limit`` the count at
    which all four are halved (small: the model follows the neighbourhood). Contexts of up to
    eleven bases have four 8-bit counts each, directly indexed, their logarithm the
    feature; longer ones have four 4-bit counts, hashed if need be, whose meaning is
    learned (an adaptive probability by rank for every state of the counts).
    """

    order: int
    with_class: bool = False
    nibble: bool = False
    bits: int = 24
    limit: int = 255


@dataclass(frozen=True)
class Repeats:
    """Places followed at once because the bases there agreed with the latest ones.

    A place is found through a seed (a pattern of the last bases, 1 for a base that must
    agree), accepted with at most ``accept_misses`` of the last 32 bases different, a run of
    ``accept_run`` equal ones, or, in a gene and in its reading frame, at most
    ``accept_coding`` differences at first and second codon positions. It is dropped above
    ``drop_misses`` of 32. How often a place was right, in the last 32 bases and in the long
    run (a moving average of rate 2^-``standing_shift``), says how much its guess weighs: an
    adaptive probability, its slowest rate one in ``hit_limit``.
    """

    seeds: tuple[str, ...]
    bits: int
    places: int
    accept_misses: int
    accept_run: int
    drop_misses: int
    hit_limit: int
    standing_shift: int = 5
    drop_standing: int = 0
    accept_coding: int = 4


@dataclass(frozen=True)
class Level:
    """A level: its number, the coding id stored with a chunk, its models and its rates.

    ``rate`` is the learning rate of the weights times 2^14, ``second_rate`` that of the
    second layer times 2^20, ``map_shift`` the rate of the indirect maps (2^-shift).
    ``library`` is the number of contexts taken from the model's protein library (0 to 2,
    see ``seqcoder.latent.library``), ``library_seed`` the residues that find a protein.
    """

    number: int
    coding: int
    models: tuple[Model, ...] = ()
    repeats: Repeats | None = None
    selectors: tuple[str, ...] = ()
    rate: int = 0
    second_rate: int = 0
    map_shift: int = 0
    library: int = 0
    library_seed: int = 6

    def without(self, index: int) -> Level:
        """Return the level less one of its models (for studies)."""
        return replace(self, models=self.models[:index] + self.models[index + 1 :])


#: Halving limit of a model that follows the neighbourhood (half forgotten in 25 times seen).
_FAST = 15


def _models(plain: str, classed: str, bits: int) -> tuple[Model, ...]:
    """Models by order; ``n`` before the order says nibble counts, ``f`` fast byte counts."""
    out = []
    for text, with_class in ((plain, False), (classed, True)):
        for word in text.split():
            limit = _FAST if word[0] == "f" else 255
            out.append(Model(int(word.lstrip("nf")), with_class, word[0] == "n", bits, limit))
    return tuple(out)


#: Seeds of 11 to 12 bases in 15 to 19: one without a period, one that passes over every
#: third base (where codons differ), one more without.
_SEEDS = ("1110100110010101111", "110110110110110110", "1100101000010111011")

_LEVELS = {
    1: Level(1, 1),
    2: Level(
        2,
        2,
        models=_models("3 8 11 n12 n16", "3 5 7 9 f2", 22),
        repeats=Repeats(_SEEDS[:1], 22, 24, 9, 20, 26, 1000),
        selectors=("repeat",),
        rate=25,
        second_rate=0,
        map_shift=7,
        library=1,
    ),
    3: Level(
        3,
        3,
        models=_models("4 8 11 n12 n18", "3 5 6 8 9 f2", 24),
        repeats=Repeats(_SEEDS, 24, 32, 9, 20, 26, 1000),
        selectors=("repeat", "class"),
        rate=25,
        second_rate=2097,
        map_shift=8,
        library=2,
    ),
}

#: The levels a user may ask for, by number.
LEVELS: Mapping[int, Level] = MappingProxyType(_LEVELS)


def by_coding(coding: int) -> Level | None:
    """Find the level whose coding id is ``coding``."""
    return next((level for level in LEVELS.values() if level.coding == coding), None)
