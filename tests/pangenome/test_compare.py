"""Kernels that compare, pack and follow, against the plain definition."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcoder.pangenome.compare import matches_back, matches_on, mismatches
from seqcoder.pangenome.extend import PENALTY, XDROP, extend
from seqcoder.pangenome.follow import follow
from seqcoder.pangenome.seeds import STEP, K, insert, insert_own, slot_of
from seqcoder.pangenome.walk import Walk

Bases = np.ndarray
texts = st.builds(
    lambda n, seed, rate: _with_copies(n, seed, rate),
    st.integers(1, 400),
    st.integers(0, 10**6),
    st.sampled_from([0.0, 0.02, 0.3]),
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


@settings(max_examples=200, deadline=None)
@given(texts, st.data())
def test_eight_at_once(made: tuple[Bases, int], data: st.DataObject) -> None:
    text, n = made
    sign, part = data.draw(st.sampled_from([(1, 1), (-1, 2), (1, 0), (-1, 0), (1, 2)]))
    a = data.draw(st.integers(0, n))
    b = data.draw(st.integers(a, n))
    first, size = 3 * n + a, b - a
    off = (part - 3) * n if sign > 0 else (3 + part + 1) * n - 1
    same = [equal(text, t, sign, off) for t in range(first, first + size)]
    on = next((i for i, s in enumerate(same) if not s), size)
    back = next((i for i, s in enumerate(reversed(same)) if not s), size)
    assert matches_on(text, first, sign, off, size) == on
    assert matches_back(text, first + size, sign, off, size) == back
    assert mismatches(text, first, sign, off, size) == same.count(False)
    for step, begin, run in ((1, first, same), (-1, first + size - 1, same[::-1])):
        best = score = length = bad = worst = 0
        for i, hit in enumerate(run):
            score += 1 if hit else -PENALTY
            worst += not hit
            if score > best:
                best, length, bad = score, i + 1, worst
            if score < best - XDROP:
                break
        assert extend(text, begin, step, sign, off, size) == (length, best, bad)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 300), st.integers(0, 10**6), st.data())
def test_seeds_are_those_of_the_k_mers(n: int, seed: int, data: st.DataObject) -> None:
    text = np.random.default_rng(seed).integers(0, 4, n + 16).astype(np.uint8)
    start = data.draw(st.integers(0, n))
    shift = np.uint64(64 - 10)
    expected, own = np.zeros(1 << 10, np.uint32), np.zeros(1 << 10, np.uint32)
    for at in range(-(-start // STEP) * STEP, n - K + 1, STEP):
        kmer = text[at : at + K]
        codes = [int("".join(map(str, k)), 4) for k in (kmer, kmer[::-1] ^ 3)]
        slot = slot_of(np.uint64(codes[0]), np.uint64(codes[1]), shift)
        expected[slot] = at + 1
        own[slot] = own[slot] or at + 1
    for kernel, wanted in ((insert, expected), (insert_own, own)):
        table = np.zeros(1 << 10, np.uint32)
        kernel(text, start, n, table, shift)
        assert np.array_equal(table, wanted)


def test_a_walk_followed_is_the_walk_applied() -> None:
    rng = np.random.default_rng(1)
    text = rng.integers(0, 4, 1000).astype(np.uint8)
    starts = rng.integers(0, 900, 50)
    lengths = rng.integers(1, 100, 50)
    n = int(lengths.sum())
    subs = np.sort(rng.choice(n, 60, replace=False))
    diffs = rng.integers(1, 4, 60).astype(np.uint8)
    walk = Walk(starts, lengths, rng.random(50) < 0.5, subs, diffs)
    diffs.setflags(write=False)
    out = np.zeros(n, np.uint8)
    follow(walk, text, out)
    assert np.array_equal(out, walk.apply(lambda a, b: text[a:b]))
