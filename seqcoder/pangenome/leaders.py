"""Which group a genome belongs to: that of the most similar leader, found by an index of hashes.

The core's index holds the smallest hashes of every leader. Looking up a genome's own gives
how many it shares with whom; the few leaders that share most are compared in full. The time
grows with the number of genomes, not with that of pairs.
"""

from __future__ import annotations

import numpy as np

from seqcoder import core
from seqcoder.pangenome.sketches import Ints, SketchTable, jaccards

RELATED = 0.02
"""Jaccard index of 21-mers from which genomes are grouped: about 92 % identity."""


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
    most = (1 << 32) // core.INDEXED_HASHES - 1
    if n > most:
        raise ValueError(f"{n} genomes, at most {most} can be grouped at once")
    known = np.flatnonzero(given >= 0)
    ranked = table.canonical()
    order = np.concatenate([known, ranked[given[ranked] < 0]]).astype(np.int64)
    fresh = int(given.max(initial=-1)) + 1
    groups: Ints = core.assign_groups(*table.columns, order, given, related, fresh)
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
