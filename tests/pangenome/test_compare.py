"""The core's search for alignments and paths, on both builds, against the plain definition."""

from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core_builds import BUILDS
from seqcoder import core
from seqcoder.pangenome.relative_walk import Forerunner
from seqcoder.pangenome.walk import Walk

Bases = np.ndarray
K = core.SEED_LENGTH
PENALTY, DROP = 2, 30
texts = st.builds(
    lambda n, seed, rate: _with_copies(n, seed, rate),
    st.integers(1, 400),
    st.integers(0, 10**6),
    st.sampled_from([0.0, 0.02, 0.3]),
)
both = pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.__name__)
quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _with_copies(n: int, seed: int, rate: float) -> tuple[Bases, int]:
    """Return a text of four parts of n bases, the last a copy; the third its source reversed.

    The first holds values that equal no base.
    """
    rng = np.random.default_rng(seed)
    one = rng.integers(0, 4, n).astype(np.uint8)
    unknown = np.full(n, 4, np.uint8)
    copy = one.copy()
    where = rng.random(n) < rate
    copy[where] ^= rng.integers(1, 4, int(where.sum())).astype(np.uint8)
    return np.concatenate([unknown, one, one[::-1] ^ 3, copy]), n


def equal(text: Bases, t: int, sign: int, off: int) -> bool:
    return bool(text[sign * t + off] ^ (0 if sign > 0 else 3) == text[t])


@both
@quick
@given(texts, st.data())
def test_many_at_once(build: ModuleType, made: tuple[Bases, int], data: st.DataObject) -> None:
    text, n = made
    sign, part = data.draw(st.sampled_from([(1, 1), (-1, 2), (1, 0), (-1, 0), (1, 2)]))
    a = data.draw(st.integers(0, n))
    b = data.draw(st.integers(a, n))
    first, size = 3 * n + a, b - a
    off = (part - 3) * n if sign > 0 else (3 + part + 1) * n - 1
    same = [equal(text, t, sign, off) for t in range(first, first + size)]
    on = next((i for i, s in enumerate(same) if not s), size)
    back = next((i for i, s in enumerate(reversed(same)) if not s), size)
    if size == 0:
        return
    found = build.compare_alignment(text, first, sign, off, size)
    assert found == (on, back, same.count(False))
    for down, begin, run in ((False, first, same), (True, first + size - 1, same[::-1])):
        best = score = length = bad = worst = 0
        for i, hit in enumerate(run):
            score += 1 if hit else -PENALTY
            worst += not hit
            if score > best:
                best, length, bad = score, i + 1, worst
            if score < best - DROP:
                break
        extended = build.extend_alignment(text, begin, down, sign, off, size)
        assert extended == (length, best, bad)


def slot_of(kmer: Bases, bits: int) -> tuple[int, int]:
    """Slot and tag of a k-mer."""
    codes = [int("".join(map(str, k)), 4) for k in (kmer, kmer[::-1] ^ 3)]
    odd, mask = 0x9E3779B97F4A7C15, (1 << 64) - 1
    key = min(codes) * odd & mask
    hashed = (key ^ key >> 29) * odd & mask
    return hashed >> (64 - bits), hashed >> (61 - bits) & 7


@both
@quick
@given(st.integers(0, 1500), st.integers(0, 10**6), st.sampled_from([8, 16, 40]), st.data())
def test_seeds_are_those_of_the_k_mers(
    build: ModuleType, n: int, seed: int, step: int, data: st.DataObject
) -> None:
    text = np.random.default_rng(seed).integers(0, 4, n).astype(np.uint8)
    start = data.draw(st.integers(0, n))
    over, free = np.zeros(1 << 7, np.uint32), np.zeros(1 << 7, np.uint32)
    for at in range(-(-start // step) * step, n - K + 1, step):
        slot, tag = slot_of(text[at : at + K], 7)
        over[slot] = tag << 29 | at // 8 + 1
        free[slot] = free[slot] or over[slot]
    for kind, wanted in ((True, over), (False, free)):
        table = np.zeros(1 << 7, np.uint32)
        build.insert_seeds(text, start, n, step, table, kind)
        assert np.array_equal(table, wanted)


def searched(build: ModuleType, known: Bases, genome: Bases) -> tuple[Bases, Bases]:
    """Return text and segments of a genome after a base space."""
    text = np.concatenate([known, genome])
    tables = [np.zeros(1 << 12, np.uint32) for _ in range(2)]
    build.insert_seeds(text, 0, len(known), 8, tables[0], True)
    edges = np.array([0, len(known)])
    return text, build.find_segments(text, edges, len(text), *tables)


def relatives(seed: int) -> tuple[Bases, Bases]:
    """A base space, and a genome with an indel, an inversion, mismatches and something new."""
    rng = np.random.default_rng(seed)
    known = rng.integers(0, 4, 6000).astype(np.uint8)
    genome = np.concatenate(
        [
            known[100:2000],
            known[2013:3000],
            known[3500:5000][::-1] ^ 3,
            rng.integers(0, 4, 700).astype(np.uint8),
            known[500:900],
        ]
    )
    genome[rng.random(len(genome)) < 0.01] ^= 2
    return known, genome


@pytest.mark.parametrize("seed", range(8))
def test_segments_are_what_they_say_and_cover_what_is_known(seed: int) -> None:
    known, genome = relatives(seed)
    text, segments = searched(BUILDS[0], known, genome)
    begin = len(known)
    covered = np.zeros(len(genome), bool)
    for a, b, sign, off, bad, _ in segments.tolist():
        assert begin <= a < b <= len(text)
        source = sign * np.arange(a, b) + off
        assert source.min() >= 0
        assert (source.max() < begin) or (source < np.arange(a, b)).all()
        differ = text[source] ^ (0 if sign > 0 else 3) != text[a:b]
        assert differ.sum() == bad
        covered[a - begin : b - begin] = True
    new = slice(4387, 5087)
    assert covered[new].mean() < 0.1
    covered[new] = True
    assert covered.mean() > 0.98


@pytest.mark.parametrize("seed", range(8))
def test_builds_find_and_choose_the_same(seed: int) -> None:
    known, genome = relatives(seed)
    found = [searched(build, known, genome) for build in BUILDS]
    paths = []
    for build, (text, segments) in zip(BUILDS, found, strict=True):
        assert np.array_equal(segments, found[0][1])
        segments = segments[np.argsort(segments[:, 0], kind="stable")]
        path, cost = build.choose_path(text, len(known), len(text), segments, 486, 8704)
        paths.append((path.tolist(), cost))
    assert paths.count(paths[0]) == len(paths)


def plain_cost(text: Bases, begin: int, segments: list[list[int]], new_item: int) -> int:
    """The cheapest path base by base: each state, or another one for its toll."""
    far = 1 << 60
    costs = [0] + [far] * len(segments)
    origin = -1
    for t in range(begin, len(text)):
        best = min(range(len(costs)), key=costs.__getitem__)
        least, source = costs[best], best - 1 if best else origin
        for s in range(len(costs)):
            if s == best or (s and not segments[s - 1][0] <= t < segments[s - 1][1]):
                continue
            toll = 10 * 256
            if s:
                toll = new_item
                if source >= 0 and segments[source][2] == segments[s - 1][2]:
                    apart = segments[source][3] - segments[s - 1][3]
                    toll = 14 * 256 if -4096 < apart < 4096 else new_item
            if least + toll < costs[s]:
                costs[s] = least + toll
                if s == 0:
                    origin = best - 1
        for s, (a, b, sign, off, bad, _) in enumerate(segments, 1):
            match, mismatch = core.segment_rates(b - a, bad)
            if not a <= t < b:
                costs[s] = far
            else:
                costs[s] += match if equal(text, t, sign, off) else mismatch
        costs[0] += 486
    return min(costs)


@pytest.mark.parametrize("seed", range(4))
def test_the_path_is_the_cheapest(seed: int) -> None:
    known, genome = relatives(seed)
    text, segments = searched(BUILDS[0], known, genome)
    segments = segments[np.argsort(segments[:, 0], kind="stable")]
    _, cost = core.choose_path(text, len(known), len(text), segments, 486, 34 * 256)
    assert cost == plain_cost(text, len(known), segments.tolist(), 34 * 256)


@settings(deadline=None)
@given(st.integers(1, 10**7), st.data())
def test_rates_are_the_logarithms(length: int, data: st.DataObject) -> None:
    bad = data.draw(st.integers(0, length))
    share = min(max((bad + 0.5) / (length + 40), 1e-5), 0.4)
    match, mismatch = core.segment_rates(length, bad)
    assert match == pytest.approx(-np.log2(1 - share) * 256 - 0.5, abs=0.51)
    assert mismatch == pytest.approx((1.3 - np.log2(share)) * 256 - 0.5, abs=0.51)


@both
def test_a_walk_followed_is_the_walk_applied(build: ModuleType) -> None:
    rng = np.random.default_rng(1)
    text = rng.integers(0, 4, 1000).astype(np.uint8)
    starts = rng.integers(0, 900, 50)
    lengths = rng.integers(1, 100, 50)
    n = int(lengths.sum())
    subs = np.sort(rng.choice(n, 60, replace=False))
    diffs = rng.integers(1, 4, 60).astype(np.uint8)
    walk = Walk(starts, lengths, rng.random(50) < 0.5, subs, diffs)
    out = np.zeros(n, np.uint8)
    columns = Forerunner.of(walk)
    build.follow_walk(columns.rows, columns.subs, text, out)
    expected = np.concatenate(
        [
            text[a : a + k][::-1] ^ 3 if back else text[a : a + k]
            for a, k, back in zip(starts, lengths, walk.reverse, strict=True)
        ]
    )
    expected[subs] ^= diffs
    assert np.array_equal(out, expected)
    assert np.array_equal(walk.apply(lambda a, b: text[a:b]), expected)


@both
@pytest.mark.parametrize(
    ("pieces", "subs"),
    [
        ([(5, 0, 5, 0), (10, 98, 5, 0)], []),
        ([(5, -1, 5, 0)], []),
        ([(5, 0, 5, 0), (11, 0, 5, 0)], []),
        ([(0, 0, 0, 0)], []),
        ([(-(1 << 63), 0, 5, 0)], []),
        ([(5, 0, 5, 0)], [(5, 1)]),
        ([(5, 0, 5, 0)], [(-1, 1)]),
        ([(5, 0, 5, 0)], [(2, 1), (2, 2)]),
        ([(5, 0, 5, 0)], [(2, 4)]),
        ([(5, 0, 5, 0)], [(2, 0)]),
    ],
)
def test_what_is_no_walk_is_not_followed(
    build: ModuleType, pieces: list[tuple[int, ...]], subs: list[tuple[int, int]]
) -> None:
    rows = np.array(pieces, np.int64).reshape(-1, 4)
    marks = np.array(subs, np.int64).reshape(-1, 2)
    with pytest.raises(ValueError, match="walk: none"):
        build.follow_walk(rows, marks, np.zeros(100, np.uint8), np.zeros(5, np.uint8))


@both
def test_what_does_not_lie_inside_is_refused(build: ModuleType) -> None:
    text = np.zeros(100, np.uint8)
    table = np.zeros(64, np.uint32)
    with pytest.raises(ValueError, match="not inside"):
        build.insert_seeds(text, 0, 101, 8, table, True)
    for step in (0, 5, -8):
        with pytest.raises(ValueError, match="step"):
            build.insert_seeds(text, 0, 100, step, table, True)
    with pytest.raises(ValueError, match="power of two"):
        build.insert_seeds(text, 0, 100, 8, table[:63], True)
    for edges in ([0, 60, 50], [1, 50], [0, 120]):
        with pytest.raises(ValueError, match=r"edges|text"):
            build.find_segments(text, np.array(edges), 100, table, table.copy())
    for segment in ((50, 101, 1, -20, 0, 0), (50, 60, 1, -55, 0, 0), (50, 60, -1, 20, 0, 0)):
        with pytest.raises(ValueError, match=r"segments|text"):
            build.choose_path(text, 50, 100, np.array([segment]), 486, 8704)
