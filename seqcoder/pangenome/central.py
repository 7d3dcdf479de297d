"""Which genomes of a group stand for all of it: those that every other is near to one of."""

from __future__ import annotations

import numpy as np

from seqcoder.pangenome.sketches import Ints, SketchTable, jaccards

CANDIDATES, CLIENTS = 512, 4096
"""Most genomes that may be chosen, and most that are asked how near they are; of a larger group
so many are taken, evenly by a digest of their sketches."""


def central(members: Ints, table: SketchTable, count: int) -> list[int]:
    """Return ``count`` of ``members`` (int64[m], places in ``table``), the most central first.

    Greedy facility location (Nemhauser, Wolsey and Fisher 1978): each next one adds most to the
    sum, over all members, of the Jaccard index with the nearest that is chosen. So a large clade
    is served first, and a small one as soon as that pays more than serving the large one better.
    The choice does not depend on the order of the members, but among equal sketches.

    Time: at most 2 million Jaccard indices, some seconds, and 16 MB, whatever the group's size.
    """
    members = members[np.argsort(table.sums()[members], kind="stable")]
    candidates, clients = (_evenly(members, most) for most in (CANDIDATES, CLIENTS))
    scores = jaccards(table, clients, candidates)
    best = np.zeros(len(clients))
    chosen: list[int] = []
    for _ in range(min(count, len(candidates))):
        gains = np.maximum(scores, best[:, None]).sum(axis=0)
        gains[chosen] = -1.0
        at = int(np.argmax(gains))
        chosen.append(at)
        best = np.maximum(best, scores[:, at])
    return candidates[chosen].tolist()  # type: ignore[no-any-return]


def _evenly(members: Ints, most: int) -> Ints:
    if len(members) <= most:
        return members
    return members[np.arange(most) * len(members) // most]
