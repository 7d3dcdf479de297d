"""Two bits and level 1's repeats in the core: both builds do the same, damage is told."""

from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core_builds import BUILDS

both = pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.__name__)
quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def repetitive(seed: int, n: int) -> np.ndarray:
    """Bases with copies of either strand, and periods."""
    rng = np.random.default_rng(seed)
    parts = [rng.integers(0, 4, 50).astype(np.uint8)]
    while sum(map(len, parts)) < n:
        before = np.concatenate(parts)
        a, b = np.sort(rng.integers(0, len(before) + 1, 2))
        kind = rng.integers(0, 4)
        piece = before[a:b][::-1] ^ 3 if kind == 0 else before[a:b]
        if kind == 1:
            piece = np.resize(before[a : a + 7], 150)
        parts.append(rng.integers(0, 4, 30).astype(np.uint8) if kind == 2 else piece)
    return np.concatenate(parts)[:n].astype(np.uint8)


@both
@quick
@given(st.integers(0, 10**6), st.integers(0, 3000))
def test_repeats_are_found_and_copied(build: ModuleType, seed: int, n: int) -> None:
    bases = repetitive(seed, n)
    tokens, literals = build.find_repeats(bases, 10)
    other = BUILDS[0].find_repeats(bases, 10)
    assert tokens.tobytes() == other[0].tobytes()
    assert literals.tobytes() == other[1].tobytes()
    packed = np.empty((len(literals) + 3) // 4, np.uint8)
    build.pack_bases(literals, packed)
    assert len(tokens) + len(packed) <= (n + 3) // 4
    out = np.empty(n, np.uint8)
    assert build.copy_repeats(tokens, packed, out)
    assert np.array_equal(out, bases)
    stop = seed % (n + 1)
    assert build.copy_repeats(tokens, packed, out[:stop])
    assert np.array_equal(out[:stop], bases[:stop])


@both
def test_a_long_repeat_is_found_wherever_it_lies(build: ModuleType) -> None:
    """Where not all seeds are indexed, too: any of 32 bases holds one that is."""
    rng = np.random.default_rng(1)
    bases = rng.integers(0, 4, 700_000).astype(np.uint8)
    for shift in range(8):
        for turned in (False, True):
            again = bases.copy()
            copied = bases[599_800 + shift : 599_832 + shift]
            again[600_000:600_032] = copied[::-1] ^ 3 if turned else copied
            tokens, literals = build.find_repeats(again, 18)
            assert len(tokens)
            assert len(literals) <= len(again) - 32


@both
@quick
@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 500))
def test_any_tokens_fill_or_are_refused(
    build: ModuleType, tokens: bytes, packed: bytes, n: int
) -> None:
    out = np.full(n, 255, np.uint8)
    arrays = np.frombuffer(tokens, np.uint8), np.frombuffer(packed, np.uint8)
    if build.copy_repeats(*arrays, out):
        assert int(out.max(initial=0)) <= 3


@both
@quick
@given(st.lists(st.integers(0, 3), max_size=300))
def test_two_bits(build: ModuleType, values: list[int]) -> None:
    bases = np.array(values, np.uint8)
    packed = np.empty((len(bases) + 3) // 4, np.uint8)
    build.pack_bases(bases, packed)
    padded = [*values, 0, 0, 0]
    fours = [padded[i : i + 4] for i in range(0, len(values), 4)]
    assert packed.tolist() == [64 * a + 16 * b + 4 * c + d for a, b, c, d in fours]
    out = np.empty(len(bases), np.uint8)
    build.unpack_bases(packed, out)
    assert np.array_equal(out, bases)
