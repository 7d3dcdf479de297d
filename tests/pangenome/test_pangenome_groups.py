"""Sketches and groups."""

import numpy as np
import pytest

from seqcoder.pangenome import arrange, group, grouping, sketch
from seqcoder.pangenome.minhash import SCALED, K, similarity


def random_bases(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4, n).astype(np.uint8)


def mutate(bases: np.ndarray, rate: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = bases.copy()
    where = rng.random(len(out)) < rate
    out[where] ^= rng.integers(1, 4, int(where.sum())).astype(np.uint8)
    return out


def test_a_sketch_is_the_same_on_either_strand() -> None:
    bases = random_bases(200_000, 1)
    marks = sketch(bases)
    assert marks.dtype == np.uint64
    assert 300 < len(marks) < 500  # 200,000 / SCALED = 400
    assert np.array_equal(marks, sketch(bases[::-1] ^ 3))
    assert len(sketch(bases[: K - 1])) == 0
    assert len(sketch(np.zeros(10 * SCALED, np.uint8))) <= 1


def test_similarity_follows_identity() -> None:
    bases = random_bases(500_000, 2)
    scores = [similarity(sketch(bases), sketch(mutate(bases, r, 3))) for r in (0, 0.01, 0.05, 0.5)]
    assert scores[0] == 1
    assert 0.55 < scores[1] < 0.8  # 0.99 ** 21 = 0.81 kept, 0.81 / 1.19 = 0.68
    assert 0.1 < scores[2] < 0.3
    assert scores[3] < 0.001
    assert similarity(sketch(bases[:0]), sketch(bases[:0])) == 0


def test_groups_hold_relatives_in_order() -> None:
    one, two = random_bases(300_000, 4), random_bases(300_000, 5)
    genomes = [one, two, mutate(one, 0.02, 6), mutate(two, 0.02, 7), random_bases(5000, 8)]
    genomes += [mutate(genomes[2], 0.0005, 9), mutate(one, 0.0005, 10)]
    sketches = [sketch(genome) for genome in genomes]
    groups = group(sketches)
    assert sorted(map(sorted, groups)) == [[0, 2, 5, 6], [1, 3], [4]]
    assert groups[1] in ([1, 3], [3, 1])
    assert groups[0] == arrange([0, 2, 5, 6], sketches)
    assert group(sketches) == groups


def test_nothing_and_empty_sketches() -> None:
    empty = sketch(np.zeros(0, np.uint8))
    assert group([]) == []
    assert group([empty, empty]) == [[0], [1]]


def test_arranged_from_the_largest_to_the_nearest() -> None:
    one = random_bases(300_000, 11)
    genomes = [mutate(one, 0.001, 12), mutate(one, 0.05, 13), one, random_bases(400_000, 14)]
    sketches = [sketch(genome) for genome in genomes]
    order = arrange([0, 1, 2, 3], sketches)
    assert order[0] == 3
    assert set(order[1:3]) in ({0, 1}, {1, 2})
    assert arrange([], sketches) == []


def test_large_groups_follow_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "TOGETHER", 3)
    one = random_bases(200_000, 15)
    two = mutate(one, 0.03, 16)
    genomes = [one, two, mutate(one, 0.001, 17), mutate(two, 0.001, 18), mutate(one, 0.001, 19)]
    (order,) = group([sketch(genome) for genome in genomes])
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert abs(order.index(1) - order.index(3)) == 1
    monkeypatch.setattr(grouping, "LARGEST", 4)
    assert sorted(i for part in group([sketch(g) for g in genomes]) for i in part) == sorted(order)
