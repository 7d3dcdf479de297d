"""Genomes come to groups, known ones and new."""

import time

import numpy as np
import pytest
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st

from seqcoder import core
from seqcoder.pangenome import leaders
from seqcoder.pangenome.leaders import assign, nearest_known
from seqcoder.pangenome.sketches import SIZE, SketchTable, jaccards

Sketch = np.ndarray
LIMIT = (1 << 64) // 500


def hashes(n: int, seed: int) -> Sketch:
    return np.unique(np.random.default_rng(seed).integers(0, LIMIT, n, dtype=np.uint64))


def relative(sketch: Sketch, kept: float, seed: int) -> Sketch:
    """Return a sketch that has about ``kept`` of another's hashes and as many of its own."""
    rng = np.random.default_rng(seed)
    keep = rng.random(len(sketch)) < kept
    return np.union1d(sketch[keep], hashes(int((~keep).sum()), seed + 10**6))


def species(n: int, n_hashes: int, seed: int, kept: float = 0.7) -> list[Sketch]:
    ancestor = hashes(n_hashes, seed)
    return [relative(ancestor, kept, 1000 * seed + i) for i in range(n)]


def full_index(one: Sketch, two: Sketch, size: int = SIZE) -> float:
    """Jaccard index as defined: of all hashes up to the smaller limit of the two."""
    ends = [int(s[size - 1]) if len(s) >= size else LIMIT for s in (one, two)]
    one, two = one[one <= min(ends)], two[two <= min(ends)]
    union = len(np.union1d(one, two))
    return len(np.intersect1d(one, two)) / union if union else 0.0


@settings(max_examples=40, deadline=None)
@cases(
    st.lists(st.sampled_from([0, 1, 50, 999, 1000, 1001, 3000, 9000]), max_size=70),
    st.sampled_from([SIZE, 256]),
    st.data(),
)
def test_the_index_of_bounded_sketches(sizes: list[int], size: int, data: st.DataObject) -> None:
    ancestor = hashes(9000, 1)
    whole = [relative(ancestor[:size], 0.5, i) for i, size in enumerate(sizes)]
    table = SketchTable.of(iter(whole), len(whole), size)
    assert len(table) == len(whole)
    assert all(np.array_equal(table[i], whole[i][:size]) for i in range(len(whole)))
    every = np.arange(len(whole))
    matrix = jaccards(table, every, every)
    assert matrix.shape == (len(whole), len(whole))
    if whole:
        i, j = (data.draw(st.integers(0, len(whole) - 1)) for _ in range(2))
        expected = full_index(whole[i], whole[j], size)
        assert matrix[i, j] == matrix[j, i] == pytest.approx(expected)
        assert core.jaccard(*table.columns, i, j) == matrix[i, j]


def test_new_genomes_go_to_known_groups_or_make_their_own() -> None:
    one, two, three = species(6, 6000, 1), species(4, 300, 2), species(3, 2000, 3)
    empty = hashes(0, 0)
    known = [*one[:3], two[0], empty]
    new = [three[0], two[1], empty, one[3], three[1], two[2], hashes(5000, 9), empty, one[4]]
    table = SketchTable.of([*known, *new])
    given = np.array([7, 7, 7, 2, 11] + [-1] * len(new))
    groups = assign(table, given)
    assert groups.tolist() == [7, 7, 7, 2, 11, 12, 2, 13, 7, 12, 2, 14, 15, 7]
    near = nearest_known(table, given, groups)
    assert near[:5].tolist() == [-1] * 5
    for i, other in enumerate(near[5:], 5):
        scores = [full_index(table[i], table[j]) for j in range(5) if given[j] == groups[i]]
        assert (other < 0) == (not scores)
        if scores:
            assert full_index(table[i], table[other]) == max(scores)


def plainly_nearest(table: SketchTable, known: Sketch, groups: Sketch) -> Sketch:
    """As it was: every group looked for among all genomes."""
    out = np.full(len(table), -1)
    for i in np.flatnonzero(known < 0):
        others = np.flatnonzero(known == groups[i])
        if len(others):
            scores = jaccards(table, np.array([i]), others)[0]
            out[i] = others[scores.argmax()]
    return out


@settings(max_examples=30, deadline=None)
@cases(st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 5)), max_size=40))
def test_the_nearest_known_is_the_same_as_by_looking_at_all(members: list[tuple[int, int]]) -> None:
    given = np.array([known for known, _ in members], np.int64)
    groups = np.array([other if known < 0 else known for known, other in members], np.int64)
    table = SketchTable.of([hashes(40, i % 7) for i in range(len(members))], len(members))
    expected = plainly_nearest(table, given, groups)
    assert nearest_known(table, given, groups).tolist() == expected.tolist()


def test_groups_without_known_members_are_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    n = 200_000
    calls = []
    real = leaders.jaccards
    monkeypatch.setattr(leaders, "jaccards", lambda *some: calls.append(some) or real(*some))
    given = np.full(n, -1, np.int64)
    given[:2] = 5
    groups = np.arange(10, n + 10)
    groups[:3] = 5
    table = SketchTable.of([hashes(3, 1)] * n, n, 4)
    started = time.perf_counter()
    near = nearest_known(table, given, groups)
    assert time.perf_counter() - started < 10  # it was 200,000 times a look at all of them
    assert len(calls) == 1
    assert near[:4].tolist() == [-1, -1, 0, -1]


def test_a_known_group_may_have_several_leaders() -> None:
    one, two = species(4, 4000, 4), species(4, 4000, 5)
    table = SketchTable.of([*one[:2], *two[:2], one[2], two[2]])
    assert assign(table, np.array([3, 3, 3, 3, -1, -1])).tolist() == [3] * 6
    # A group of the user's that cuts a species in two: new ones go to the nearer half.
    near = relative(one[1], 0.95, 77)
    table = SketchTable.of([one[0], one[1], near])
    assert assign(table, np.array([0, 1, -1])).tolist() == [0, 1, 1]


def test_which_come_together_does_not_depend_on_the_order() -> None:
    sketches = [s for seed, n in enumerate((9, 5, 1, 1, 7), 20) for s in species(n, 1500, seed)]
    found = []
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(len(sketches))
        groups = assign(SketchTable.of([sketches[i] for i in order]))
        assert groups[0] == 0
        firsts = [int(np.flatnonzero(groups == g)[0]) for g in range(groups.max() + 1)]
        assert firsts == sorted(firsts)
        found.append({frozenset(order[groups == g].tolist()) for g in np.unique(groups)})
    assert all(one == found[0] for one in found)
    assert sorted(map(len, found[0])) == [1, 1, 5, 7, 9]


def test_hashes_that_all_hold_make_no_group() -> None:
    shared = hashes(3, 1)
    sketches = [np.union1d(hashes(600, 100 + i), shared) for i in range(1500)]
    assert assign(SketchTable.of(sketches)).tolist() == list(range(1500))
