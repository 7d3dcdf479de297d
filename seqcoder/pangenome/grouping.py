"""Groups of relatives, and an order within each in which relatives follow one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqcoder.pangenome.minhash import Sketch, similarity

RELATED = 0.02
"""Jaccard index of 21-mers from which genomes are grouped: about 92 % identity."""
FINER = 4.0
TOGETHER = 100
LARGEST = 1000
"""A group larger than this is split at a higher similarity before it is ordered."""


def group(sketches: Sequence[Sketch], related: float = RELATED) -> list[list[int]]:
    """Return groups of relatives as lists of indices into ``sketches``.

    Every index occurs once. Groups come in the order of their first members. A group of up to
    `TOGETHER` genomes, which one container can hold, comes in the order `arrange` gives; in a
    larger one the first is the most central genome and each later one the nearest to those
    before it (Prim's tree), so that containers filled in that order hold near relatives. Ties
    go to the earlier index: the result depends on the sketches and their order alone.
    Genomes with empty sketches (nothing but a few bases) are alone.

    Time: n comparisons for each group to find the groups, m * m / 2 for a group of m; about
    10 microseconds a comparison of 3 Mb genomes.
    """
    return [
        ordered
        for members in _clusters(range(len(sketches)), sketches, related)
        for ordered in _split(members, sketches, related)
    ]


def arrange(members: Sequence[int], sketches: Sequence[Sketch]) -> list[int]:
    """Return the order in which a container's share of one group is best added.

    The genome with the largest sketch first, then always the one farthest from all before
    it (Gonzalez 1985), ties going to the earlier member. The group's variety is known early
    and each later genome finds near relatives: measured, 1.3 to 2.3 % smaller than nearest first.
    """
    left = list(members)
    order: list[int] = []
    nearest = dict.fromkeys(left, 0.0)
    while left:
        at = (
            min(left, key=lambda i: (nearest[i], left.index(i)))
            if order
            else max(left, key=lambda i: (len(sketches[i]), -left.index(i)))
        )
        left.remove(at)
        order.append(at)
        for i in left:
            nearest[i] = max(nearest[i], similarity(sketches[i], sketches[at]))
    return order


def _clusters(
    indices: Sequence[int], sketches: Sequence[Sketch], related: float
) -> list[list[int]]:
    """Put each genome to the most similar leader that is ``related``, or make it a leader."""
    leaders: list[int] = []
    clusters: list[list[int]] = []
    for i in indices:
        best, where = related, -1
        for place, leader in enumerate(leaders):
            score = similarity(sketches[i], sketches[leader])
            if score >= best and (where < 0 or score > best):
                best, where = score, place
        if where < 0:
            leaders.append(i)
            clusters.append([i])
        else:
            clusters[where].append(i)
    return clusters


def _split(members: list[int], sketches: Sequence[Sketch], related: float) -> list[list[int]]:
    """Order a cluster, or split one that is too large and order its parts."""
    if len(members) <= TOGETHER:
        return [arrange(members, sketches)]
    if len(members) <= LARGEST:
        return [_order(members, sketches)]
    finer = 1 - (1 - related) / FINER
    if finer > 0.995:
        pieces = [members[i : i + LARGEST] for i in range(0, len(members), LARGEST)]
        return [_order(piece, sketches) for piece in pieces]
    return [
        ordered
        for part in _clusters(members, sketches, finer)
        for ordered in _split(part, sketches, finer)
    ]


def _order(members: list[int], sketches: Sequence[Sketch]) -> list[int]:
    """Order by Prim's algorithm from the most central member."""
    m = len(members)
    if m < 3:
        return list(members)
    scores = np.zeros((m, m))
    for i in range(m):
        for j in range(i):
            scores[i, j] = scores[j, i] = similarity(sketches[members[i]], sketches[members[j]])
    at = int(np.argmax(scores.sum(axis=1)))
    nearest = np.full(m, -1.0)
    left = np.ones(m, dtype=np.bool_)
    order = []
    for _ in range(m):
        order.append(members[at])
        left[at] = False
        nearest = np.maximum(nearest, scores[at])
        at = int(np.argmax(np.where(left, nearest, -2.0)))
    return order
