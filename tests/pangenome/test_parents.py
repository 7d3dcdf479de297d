"""Parents: the nearest genomes, found by comparing a bounded number in full."""

import numpy as np
import pytest

from seqcoder.pangenome import parents
from seqcoder.pangenome.minhash import Sketch, similarity
from seqcoder.pangenome.parents import MOST, PARENTS, Candidates

Sets = dict[int, frozenset[int]]


def sketches(count: int, hashes: int = 40) -> list[Sketch]:
    """Families of ten genomes that share most of their hashes."""
    rng = np.random.default_rng(2)
    out = []
    for i in range(count):
        if i % 10 == 0:
            family = rng.integers(0, 1 << 55, hashes).astype(np.uint64)
        one = family.copy()
        one[rng.integers(0, hashes, hashes // 5)] = rng.integers(0, 1 << 55, hashes // 5)
        out.append(np.unique(one))
    return out


def by_all(marks: list[Sketch], mark: Sketch) -> list[int]:
    scores = [similarity(mark, other) for other in marks]
    ranked = sorted(range(len(marks)), key=lambda i: (-scores[i], i))
    return [i for i in ranked if scores[i] >= parents.MIN_SIMILARITY][:PARENTS]


@pytest.mark.parametrize(
    ("count", "hashes"), [(0, 40), (1, 40), (MOST, 40), (1500, 40), (700, 900)]
)
def test_the_nearest_are_found(count: int, hashes: int) -> None:
    marks = sketches(count + 10, hashes)
    found = Candidates()
    sets: Sets = {}
    for at, mark in enumerate(marks[:count]):
        found.add(at, mark)
        sets[at] = frozenset()
    for mark in [*marks[:count:97], *marks[count:]]:
        assert found.parents(mark, sets) == by_all(marks[:count], mark)


def test_few_are_compared_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    marks = sketches(1500)
    compared = []

    def counted(one: Sketch, two: Sketch) -> float:
        compared.append(1)
        return similarity(one, two)

    monkeypatch.setattr(parents, "similarity", counted)
    found = Candidates()
    for at, mark in enumerate(marks[1:]):
        found.add(at, mark)
    found.parents(marks[0], {at: frozenset() for at in range(1500)})
    assert len(compared) == MOST


def test_forerunners_stay_few() -> None:
    marks = sketches(10)
    found = Candidates()
    for at, mark in enumerate(marks[:9]):
        found.add(at, mark)
    every = {at: frozenset(range(100 + 9 * at, 109 + 9 * at)) for at in range(9)}
    chosen = found.parents(marks[9], every)
    assert len(chosen) == 2  # ten with its own forerunners, each
    assert chosen == by_all(marks[:9], marks[9])[:2]
    every[by_all(marks[:9], marks[9])[1]] = frozenset(range(200, 300))
    nearest = by_all(marks[:9], marks[9])
    assert found.parents(marks[9], every) == [nearest[0], nearest[2]]
