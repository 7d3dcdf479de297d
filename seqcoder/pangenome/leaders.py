"""Which group a genome belongs to: that of the most similar leader, found by an index of hashes.

The index holds the `INDEXED` smallest hashes of every leader. Looking up a genome's own gives
how many it shares with whom; the few leaders that share most are compared in full. The time
grows with the number of genomes, not with that of pairs.
"""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call"

from __future__ import annotations

import numba
import numpy as np

from seqcoder.pangenome.sketches import Ints, SketchTable, jaccard, jaccards

RELATED = 0.02
"""Jaccard index of 21-mers from which genomes are grouped: about 92 % identity."""
INDEXED = 250
"""Two genomes at `RELATED` share 10 of so many hashes: all ten are missed once in 20,000."""
COMPARED = 8
COMMON = 512
"""Of a hash that so many leaders hold already no more are noted: it tells nothing."""


@numba.njit(
    "int64[::1](uint64[::1], int64[::1], int64, int64[::1], int64[::1], float64, int64)",
    cache=True,
    nogil=True,
)
def _assign(hashes, edges, size, order, given, related, fresh):
    """Return a group for every genome, taken in ``order``; new ones are numbered from ``fresh``.

    given: int64[n]: the group a genome is known to be in, or -1.
    """
    n = edges.size - 1
    bits = 4
    while (1 << bits) < n * INDEXED:
        bits += 1
    shift = np.uint64(64 - bits)
    odd = np.uint64(0x9E3779B97F4A7C15)
    # An entry is INDEXED * leader + place of the hash in its sketch, plus 1; 0 is none.
    heads = np.zeros(1 << bits, np.uint32)
    after = np.empty(n * INDEXED + 1, np.uint32)
    leaders = np.empty(n, np.int64)
    n_leaders = 0
    shared = np.zeros(n, np.int32)
    touched = np.empty(n, np.int64)
    best = np.empty(COMPARED, np.int64)
    held = np.empty(INDEXED, np.int64)
    groups = given.copy()
    for genome in order:
        a = edges[genome]
        a_end = edges[genome + 1]
        some = min(a_end, a + INDEXED)
        n_touched = 0
        for e in range(a, some):
            h = hashes[e]
            entry = np.int64(heads[np.int64((h * odd) >> shift)])
            found = 0
            while entry:
                leader = (entry - 1) // INDEXED
                if hashes[edges[leaders[leader]] + (entry - 1) % INDEXED] == h:
                    if shared[leader] == 0:
                        touched[n_touched] = leader
                        n_touched += 1
                    shared[leader] += 1
                    found += 1
                entry = np.int64(after[entry])
            held[e - a] = found
        # Those that share most, the earlier of equals first.
        n_best = 0
        for t in range(n_touched):
            leader = touched[t]
            at = n_best
            while at > 0:
                other = best[at - 1]
                more = shared[leader] - shared[other]
                if more < 0 or (more == 0 and leader > other):
                    break
                if at < COMPARED:
                    best[at] = other
                at -= 1
            if at < COMPARED:
                best[at] = leader
                n_best = min(n_best + 1, COMPARED)
        nearest = -1
        score = related
        for k in range(n_best):
            other = leaders[best[k]]
            value = jaccard(hashes, size, a, a_end, edges[other], edges[other + 1])
            ahead = nearest < 0 or value > score or (value == score and best[k] < nearest)
            if value >= score and ahead:
                score = value
                nearest = best[k]
        for t in range(n_touched):
            shared[touched[t]] = 0
        if nearest >= 0:
            group = groups[leaders[nearest]]
            if given[genome] < 0:
                groups[genome] = group
            if groups[genome] == group:
                continue
        elif given[genome] < 0:
            groups[genome] = fresh
            fresh += 1
        leaders[n_leaders] = genome
        for e in range(a, some):
            if held[e - a] < COMMON:
                entry = n_leaders * INDEXED + (e - a) + 1
                slot = np.int64((hashes[e] * odd) >> shift)
                after[entry] = heads[slot]
                heads[slot] = entry
        n_leaders += 1
    return groups


def assign(table: SketchTable, given: Ints | None = None, related: float = RELATED) -> Ints:
    """Return the group of every genome: int64[n].

    ``given`` (int64[n]) says which genomes are in groups already, by number, and has -1 for
    those that are new; without it all are new. Known genomes keep their groups. A new genome
    goes to the group of the most similar leader whose Jaccard index is at least ``related``,
    or leads a new group. Leaders are: of each group known, the first genome and those that are
    nearer to another group's leader, or to none, than to one of their own; of the new ones,
    taken from the largest to the smallest (`SketchTable.canonical`), those that no leader
    before them is related to. New groups are numbered from the highest known one on, in the
    order of their first members in the table.

    Which genomes come together does not depend on the order of the new ones. Genomes with
    empty sketches are alone. Time and memory: at 100,000 genomes see docs/pangenome.md.
    """
    n = len(table)
    given = np.full(n, -1, dtype=np.int64) if given is None else given.astype(np.int64)
    if n >= (1 << 32) // INDEXED:
        raise ValueError(f"{n} genomes, at most {(1 << 32) // INDEXED - 1} can be grouped at once")
    known = np.flatnonzero(given >= 0)
    ranked = table.canonical()
    order = np.concatenate([known, ranked[given[ranked] < 0]]).astype(np.int64)
    fresh = int(given.max(initial=-1)) + 1
    groups: Ints = _assign(*table.columns, order, given, related, fresh)
    new = np.flatnonzero(groups >= fresh)
    _, firsts, which = np.unique(groups[new], return_index=True, return_inverse=True)
    rank = np.empty(len(firsts), dtype=np.int64)
    rank[np.argsort(firsts)] = np.arange(len(firsts))
    groups[new] = fresh + rank[which]
    return groups


def nearest_known(table: SketchTable, given: Ints, groups: Ints) -> Ints:
    """Return for every new genome (``given`` -1) the most similar known one of its group.

    ``groups`` is what `assign` returned. int64[n]; the earlier of equals; -1 for known genomes
    and where the group is new.
    """
    out = np.full(len(table), -1, dtype=np.int64)
    _, which = np.unique(groups, return_inverse=True)
    both = (np.bincount(which[given < 0], minlength=len(table)) > 0) & (
        np.bincount(which[given >= 0], minlength=len(table)) > 0
    )
    # Only groups with known members and new ones, each a stretch of these.
    some = np.flatnonzero(both[which])
    some = some[np.argsort(which[some], kind="stable")]
    edges = np.flatnonzero(np.diff(which[some])) + 1
    for members in np.split(some, edges) if len(some) else ():
        new, known = members[given[members] < 0], members[given[members] >= 0]
        score = np.full(len(new), -1.0)
        for at in range(0, len(known), 1024):
            block = known[at : at + 1024]
            scores = jaccards(table, new, block)
            where = scores.argmax(axis=1)
            value = scores[np.arange(len(new)), where]
            better = value > score
            out[new[better]] = block[where[better]]
            score = np.maximum(score, value)
    return out
