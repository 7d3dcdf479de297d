"""Serialised walks, the relative form: coded against earlier genomes of the container."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqcoder.errors import IntegrityError, MemoryLimitError
from seqcoder.pangenome import coding, compose, entropy
from seqcoder.pangenome.columns import pack, unpack
from seqcoder.pangenome.plain import RELATIVE
from seqcoder.pangenome.walk import Bases, Fetch, Ints, Walk
from seqcoder.storage.memory import NO_LIMIT, check_memory

MAX_PARENTS = 8
_PIECE_BYTES, _SITE_BYTES, _RANGE_BYTES = 256, 96, 4
"""Peak bytes, at most, for an item, piece or substitution; a site; a base."""


@dataclass(frozen=True, slots=True)
class Forerunner:
    """An earlier genome's walk in the form the kernels read."""

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


@dataclass(frozen=True, slots=True)
class _Placed:
    pieces: Ints
    along: Ints
    sites: Ints
    copied: Ints
    """int64[j, 2]: for the copied runs, first position and first tick of the clock."""

    def clock(self, positions: Ints) -> Ints:
        run: Ints = np.searchsorted(self.copied[:, 0], positions, side="right") - 1
        clocks: Ints = positions - self.copied[run, 0] + self.copied[run, 1]
        return clocks

    def position(self, clocks: Ints) -> Ints:
        run: Ints = np.searchsorted(self.copied[:, 1], clocks, side="right") - 1
        positions: Ints = clocks - self.copied[run, 1] + self.copied[run, 0]
        return positions


def _place(
    items: Ints, novel_start: int, relatives: Relatives, most_bytes: int = NO_LIMIT
) -> _Placed:
    """Find the pieces of base space the items are, and the sites among them."""
    none = np.zeros((0, 4), dtype=np.int64)
    rows = [parent.rows for parent in relatives.parents] or [none]
    subs = [parent.subs for parent in relatives.parents] or [none[:, :2]]
    row_edges = np.cumsum([0] + [len(r) for r in rows])
    sub_edges = np.cumsum([0] + [len(s) for s in subs])
    of_parents = np.concatenate(rows), row_edges, np.concatenate(subs), sub_edges
    most = most_bytes // _PIECE_BYTES
    pieces, along = compose.flatten(items, novel_start, *of_parents, most)
    if len(items) and not len(pieces):
        raise MemoryLimitError("walk: more pieces and substitutions than the memory allowed holds")
    # Sites are looked for in the range of base space that both the genome and they lie in.
    old = pieces[pieces[:, 4] == 0]
    low = int(old[:, 1].min()) if old.size else 0
    high = int((old[:, 1] + old[:, 2]).max()) if old.size else 0
    for other in relatives.forerunners:
        if other.rows.size and other.subs.size:
            low = min(low, int(other.rows[:, 1].min()))
            high = max(high, int((other.rows[:, 1] + other.rows[:, 2]).max()))
    check_memory(_RANGE_BYTES * (high - low), most_bytes, "walk")
    counts = np.zeros(max(0, high - low), dtype=np.uint8)
    for other in relatives.forerunners:
        compose.count_alleles(other.rows, other.subs, low, counts)
    sites = np.empty((1 << 18, 3), dtype=np.int64)
    found = compose.list_sites(pieces, along, counts, low, sites)
    if found > len(sites):
        check_memory(_SITE_BYTES * found, most_bytes, "walk")
        sites = np.empty((found, 3), dtype=np.int64)
        compose.list_sites(pieces, along, counts, low, sites)
    copied = items[:, 0] != compose.NOVEL
    ends = np.cumsum(items[:, 3])
    ticks = np.cumsum(np.where(copied, items[:, 3], 0))
    runs = np.stack([ends - items[:, 3], ticks - items[:, 3]], axis=1)[copied]
    return _Placed(pieces, along, sites[:found], runs)


def _walk(placed: _Placed, own: Ints) -> Walk:
    rows = compose.join(placed.pieces)
    subs = compose.combine(placed.along, own)
    return Walk(
        rows[:, 1].copy(),
        rows[:, 2].copy(),
        rows[:, 3].astype(np.bool_),
        subs[:, 0].copy(),
        subs[:, 1].astype(np.uint8),
    )


def _sizes(relatives: Relatives, novel_start: int, novel: int) -> Ints:
    parents = [parent.n_bases for parent in relatives.parents]
    return np.array([novel, novel_start, 0, *parents], dtype=np.int64)


def write_relative(
    items: Ints, bases: Bases, novel_start: int, relatives: Relatives, fetch: Fetch
) -> tuple[bytes, Walk]:
    """Serialise the walk of ``bases`` along items over spaces (int64[n, 4], `compose.flatten`).

    ``fetch`` reads base space, the genome's novel bases included. Where the items do not
    give the genome's bases, substitutions do. Returns the bytes and the walk they mean.
    """
    placed = _place(items, novel_start, relatives)
    diffs = _walk(placed, np.zeros((0, 2), dtype=np.int64)).apply(fetch) ^ bases
    where = np.flatnonzero(diffs)
    own = np.stack([where, diffs[where].astype(np.int64)], axis=1)
    n_bases = int(items[:, 3].sum())
    at_site = np.isin(own[:, 0], placed.sites[:, 0], assume_unique=True)
    plain = own[~at_site]
    changes = np.zeros(len(placed.sites), dtype=np.uint8)
    changes[np.searchsorted(placed.sites[:, 0], own[at_site, 0])] = own[at_site, 1]
    n_changed = int(at_site.sum())
    clocks = placed.clock(plain[:, 0])
    novel = int(items[items[:, 0] == compose.NOVEL, 3].sum())
    head = [len(relatives.backs), *relatives.backs, novel_start, len(items), len(plain), n_changed]
    size = 1 << 12
    while True:
        buf = np.zeros(size, dtype=np.uint8)
        rc = np.zeros(4, dtype=np.uint64)
        entropy.start(entropy.ENCODE, rc, buf)
        probs = entropy.fresh(coding.ITEM_CONTEXTS)
        sizes = _sizes(relatives, novel_start, novel)
        if coding.code_items(entropy.ENCODE, rc, buf, probs, items.copy(), sizes, n_bases):
            raise ValueError("the items are not a walk")
        probs = entropy.fresh(coding.GAP_CONTEXTS)
        diffs = plain[:, 1].astype(np.uint8)
        coding.code_gaps(entropy.ENCODE, rc, buf, probs, clocks.copy(), diffs, n_bases)
        if n_changed:
            probs = entropy.fresh(coding.SITE_CONTEXTS)
            where = np.ascontiguousarray(plain[:, 0])
            coding.code_sites(entropy.ENCODE, rc, buf, probs, placed.sites, where, changes)
        entropy.finish(rc, buf)
        used = int(rc[2])
        if used <= size:
            break
        size = used
    data = bytes([RELATIVE]) + pack(np.array(head, dtype=np.int64)) + buf[:used].tobytes()
    return data, _walk(placed, own)


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
    data: bytes, n_bases: int, space: int, relatives: Relatives, most_bytes: int = NO_LIMIT
) -> Walk:
    """Read a walk in the relative form; raises IntegrityError. See `reading.read_walk`."""
    count = len(relatives.backs)
    values, at = unpack(data[1:], count + 5)
    novel_start, n_items, n_plain, n_changed = (int(v) for v in values[-4:])
    if novel_start > space or max(n_items, n_plain, n_changed) > n_bases:
        raise IntegrityError("walk: more items or substitutions than bases")
    check_memory(_PIECE_BYTES * (n_items + n_plain), most_bytes, "walk")
    buf = np.frombuffer(data, dtype=np.uint8, offset=1 + at).copy()
    rc = np.zeros(4, dtype=np.uint64)
    entropy.start(entropy.DECODE, rc, buf)
    items = np.zeros((n_items, 4), dtype=np.int64)
    probs = entropy.fresh(coding.ITEM_CONTEXTS)
    sizes = _sizes(relatives, novel_start, space - novel_start)
    if coding.code_items(entropy.DECODE, rc, buf, probs, items, sizes, n_bases):
        raise IntegrityError("walk: an interval leaves its space, or the lengths do not add up")
    placed = _place(items, novel_start, relatives, most_bytes)
    copied = int(items[items[:, 0] != compose.NOVEL, 3].sum())
    clocks = np.zeros(n_plain, dtype=np.int64)
    diffs = np.zeros(n_plain, dtype=np.uint8)
    probs = entropy.fresh(coding.GAP_CONTEXTS)
    if coding.code_gaps(entropy.DECODE, rc, buf, probs, clocks, diffs, copied):
        raise IntegrityError("walk: a substitution lies outside the genome")
    plain = placed.position(clocks)
    own = np.stack([plain, diffs.astype(np.int64)], axis=1)
    if n_changed:
        changes = np.zeros(len(placed.sites), dtype=np.uint8)
        probs = entropy.fresh(coding.SITE_CONTEXTS)
        coding.code_sites(entropy.DECODE, rc, buf, probs, placed.sites, plain, changes)
        there = np.flatnonzero(changes)
        if len(there) != n_changed:
            raise IntegrityError("walk: substitutions missing or left over")
        more = np.stack([placed.sites[there, 0], changes[there].astype(np.int64)], axis=1)
        own = compose.combine(own, more)
    walk = _walk(placed, own)
    walk.check(n_bases, space)
    return walk
