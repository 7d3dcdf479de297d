"""Serialised walks, the relative form: coded against earlier genomes of the container."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqcoder import core
from seqcoder.errors import IntegrityError, MemoryLimitError
from seqcoder.pangenome.plain_walk import RELATIVE
from seqcoder.pangenome.varint_columns import pack, unpack
from seqcoder.pangenome.walk import Bases, Ints, Walk
from seqcoder.storage.memory import NO_LIMIT, check_memory

MAX_PARENTS = 8
NOVEL, BASE, SELF, PARENT = 0, 1, 2, 3
"""Spaces: novel bases, base space before the genome, the genome itself, its first parent."""
_PIECE_BYTES, _RANGE_BYTES = 256, 4
"""Peak bytes, at most, for an item, piece or substitution; a base."""
_DAMAGES = {
    core.WALK_BAD_ITEM: "walk: an interval leaves its space, or the lengths do not add up",
    core.WALK_BAD_SUBSTITUTION: "walk: a substitution lies outside the genome",
    core.WALK_BAD_SITES: "walk: substitutions missing or left over",
}


@dataclass(frozen=True, slots=True)
class Forerunner:
    """An earlier genome's walk in the form the core reads."""

    rows: Ints
    """int64[k, 4]: end in the genome, start in base space, length, reverse."""
    subs: Ints
    """int64[m, 2]: position, difference."""

    @staticmethod
    def of(walk: Walk) -> Forerunner:
        """Return the columns of ``walk`` side by side."""
        rows = np.stack(
            [np.cumsum(walk.lengths), walk.starts, walk.lengths, walk.reverse.astype(np.int64)], 1
        )
        return Forerunner(
            rows, np.stack([walk.sub_positions, walk.sub_diffs.astype(np.int64)], axis=1)
        )

    @property
    def walk(self) -> Walk:
        """The walk of which these are the columns, in memory of its own."""
        return Walk(
            self.rows[:, 1].copy(),
            self.rows[:, 2].copy(),
            self.rows[:, 3].astype(np.bool_),
            self.subs[:, 0].copy(),
            self.subs[:, 1].astype(np.uint8),
        )

    @property
    def n_bases(self) -> int:
        """Length of the genome."""
        return int(self.rows[-1, 0]) if self.rows.size else 0

    @property
    def nbytes(self) -> int:
        """Bytes of the columns."""
        return self.rows.nbytes + self.subs.nbytes


@dataclass(frozen=True, slots=True)
class Relatives:
    """What a relative walk is coded against: parents in order, and all forerunners."""

    backs: tuple[int, ...]
    parents: tuple[Forerunner, ...]
    forerunners: tuple[Forerunner, ...]
    ordinals: tuple[int, ...]
    """Of the forerunners, rising."""


def write_relative(
    items: Ints,
    bases: Bases,
    text: Bases,
    novel_start: int,
    relatives: Relatives,
    alleles: core.Alleles,
) -> tuple[bytes, Forerunner]:
    """Serialise the walk of ``bases`` along items: int64[n, 4], space, reverse, source, length.

    ``text`` is base space, the genome's novel bases included, which begin at ``novel_start``. A
    source is a position within its space. Where the items do not give the genome's bases,
    substitutions do. Returns the bytes and the walk they mean.
    """
    payload, n_plain, n_changed, rows, subs = core.write_relative_walk(
        items, bases, text, novel_start, *_columns(relatives), alleles
    )
    head = [len(relatives.backs), *relatives.backs, novel_start, len(items), n_plain, n_changed]
    data = bytes([RELATIVE]) + pack(np.array(head, dtype=np.int64)) + payload.tobytes()
    return data, Forerunner(rows, subs)


def _columns(
    relatives: Relatives,
) -> tuple[list[tuple[Ints, Ints]], list[tuple[Ints, Ints]], Ints]:
    """Return the columns of parents and forerunners, and the ordinals, as the core takes them."""
    groups = relatives.parents, relatives.forerunners
    parents, forerunners = ([(one.rows, one.subs) for one in group] for group in groups)
    return parents, forerunners, np.array(relatives.ordinals, np.int64)


def parents_of(data: bytes) -> tuple[int, ...]:
    """Return how far back the parents of a serialised walk lie (none but for this form)."""
    if not data or data[0] != RELATIVE:
        return ()
    count, _ = unpack(data[1:], 1)
    if int(count[0]) > MAX_PARENTS:
        raise IntegrityError(f"walk: {int(count[0])} parents, at most {MAX_PARENTS} are allowed")
    values, _ = unpack(data[1:], 1 + int(count[0]))
    return tuple(int(v) for v in values[1:])


def read_relative(
    data: bytes,
    n_bases: int,
    space: int,
    relatives: Relatives,
    alleles: core.Alleles,
    most_bytes: int = NO_LIMIT,
) -> Forerunner:
    """Read a walk in the relative form; raises IntegrityError. See `reading.read_walk`.

    ``alleles`` are those of the walk read before it, or new.
    """
    count = len(relatives.backs)
    values, at = unpack(data[1:], count + 5)
    novel_start, n_items, n_plain, n_changed = (int(v) for v in values[-4:])
    if novel_start > space or max(n_items, n_plain, n_changed) > n_bases:
        raise IntegrityError("walk: more items or substitutions than bases")
    check_memory(_PIECE_BYTES * (n_items + n_plain), most_bytes, "walk")
    status, rows, subs = core.read_relative_walk(
        np.frombuffer(data, dtype=np.uint8, offset=1 + at),
        (n_items, n_plain, n_changed),
        n_bases,
        space,
        novel_start,
        *_columns(relatives),
        max(most_bytes - alleles.nbytes, 0) // _PIECE_BYTES,
        max(most_bytes, 0) // _RANGE_BYTES,
        alleles,
    )
    if status == core.WALK_TOO_LARGE:
        raise MemoryLimitError("walk: more pieces and substitutions than the memory allowed holds")
    if status:
        raise IntegrityError(_DAMAGES[status])
    return Forerunner(rows, subs)
