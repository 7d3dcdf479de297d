"""Sketches and groups."""

import time

import numpy as np
import pytest

from seqcoder.pangenome import arrange, group, grouping, sketch
from seqcoder.pangenome.grouping import neighbours
from seqcoder.pangenome.minhash import SCALED, K, similarity
from seqcoder.pangenome.sketches import SketchTable


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
    assert groups[0] == neighbours([0, 2, 5, 6], sketches)
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


def tree(n_clones: int, of_each: int, n: int) -> list[np.ndarray]:
    """Return sketches of clones, each with ``of_each`` close relatives, of one species."""
    rng = np.random.default_rng(15)
    limit = (1 << 64) // SCALED

    def child(parent: np.ndarray, n_new: int) -> np.ndarray:
        keep = rng.permutation(len(parent))[n_new:]
        return np.union1d(parent[keep], rng.integers(0, limit, n_new, dtype=np.uint64))

    species = np.unique(rng.integers(0, limit, n, dtype=np.uint64))
    clones = [child(species, n // 5) for _ in range(n_clones)]
    return [child(clone, n // 200) for _ in range(of_each) for clone in clones]


def test_large_groups_keep_clones_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "TOGETHER", 30)
    sketches = tree(50, 8, 400)
    (order,) = group(sketches)
    assert sorted(order) == list(range(400))
    clones = np.array(order) % 50
    assert (np.diff(clones) != 0).sum() <= 1.3 * 49
    shuffled = np.random.default_rng(1).permutation(400)
    (again,) = group([sketches[i] for i in shuffled])
    assert shuffled[again].tolist() == order


def test_equal_genomes_are_divided_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "TOGETHER", 30)
    one = tree(1, 1, 500)[0]
    (order,) = group([one] * 200)
    assert sorted(order) == list(range(200))


def test_arranged_beyond_what_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    sketches = tree(10, 4, 400)
    whole = arrange(range(40), sketches)
    assert sorted(whole) == list(range(40))
    assert {i % 10 for i in whole[:10]} == set(range(10))
    monkeypatch.setattr(grouping, "TOGETHER", 12)
    assert arrange(range(40), sketches)[:12] == whole[:12]
    assert arrange(range(40), sketches)[12:] == sorted(whole[12:])


def test_time_grows_with_genomes_not_with_pairs() -> None:
    """20 times the genomes take less than 80 times as long; all pairs would take 400."""

    def seconds(n: int) -> float:
        rng = np.random.default_rng(n)
        hashes = np.sort(rng.integers(0, (1 << 64) // SCALED, (n, 300), dtype=np.uint64), axis=1)
        hashes[::2, :200] = hashes[0, :200] // 400 * 2  # half of them are one species
        table = SketchTable.of(np.unique(row) for row in hashes)
        started = time.process_time()
        groups = group(table)
        assert len(groups) == 1 + n // 2
        return time.process_time() - started

    seconds(20)  # kernels are compiled
    assert seconds(8000) < 80 * max(seconds(400), 0.02)
