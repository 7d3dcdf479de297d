from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from packing_reference import pack_types

from seqcoder.errors import IntegrityError
from seqcoder.latent import pack_latents, unpack_latents

Runs = list[tuple[int, int]]
RUNS = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3000)), max_size=40)


def latents_of(runs: Runs) -> np.ndarray:
    parts = [np.full(length, kind, np.int8) for kind, length in runs]
    return np.concatenate([np.zeros(0, np.int8), *parts])


@given(hnp.arrays(np.int8, st.integers(0, 200)))
def test_any_int8_latents_round_trip(latents: np.ndarray) -> None:
    n = 24 * latents.size
    assert unpack_latents(pack_latents(latents), n).tolist() == latents.tolist()


@given(RUNS)
def test_runs_round_trip(core_build: ModuleType, runs: Runs) -> None:
    latents = latents_of(runs)
    n = max(0, 24 * latents.size - 5) if latents.size else 0
    packed = pack_latents(latents)
    assert unpack_latents(packed, n).tolist() == latents.tolist()


@given(RUNS)
@example([(3, 1), (0, 1 << 20), (6, 2), (1, 70_000)])
@example([(k % 7, 1 + k % 5) for k in range(3000)])
def test_bytes_are_the_references(core_build: ModuleType, runs: Runs) -> None:
    latents = latents_of(runs)
    assert core_build.pack_types(latents.view(np.uint8)) == pack_types(latents.tolist())


def test_a_gene_costs_about_eight_bits() -> None:
    rng = np.random.default_rng(3)
    lengths = rng.gamma(2.0, 20.0, 4000).astype(int) + 2
    latents = np.repeat(rng.integers(0, 7, lengths.size), lengths).astype(np.int8)
    assert len(pack_latents(latents)) * 8 < 10 * lengths.size


@pytest.mark.parametrize("data", [b"", b"\x00ab", b"\x02abc", b"\x07"])
def test_impossible_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError, match="latents"):
        unpack_latents(data, 24 * 5)


@given(st.binary(max_size=60), st.integers(0, 3000))
def test_damage_gives_latents_or_an_error(core_build: ModuleType, data: bytes, n: int) -> None:
    try:
        latents = unpack_latents(b"\x01" + data, n)
    except IntegrityError:
        return
    assert latents.shape == (-(-n // 24),)
    assert not latents.size or 0 <= latents.min() <= latents.max() < 7


@given(RUNS.filter(lambda runs: len(runs) > 3), st.data())
def test_bytes_missing_or_left_over_are_refused(runs: Runs, data: st.DataObject) -> None:
    latents = latents_of(runs)
    packed = pack_latents(latents)
    n = 24 * latents.size
    with pytest.raises(IntegrityError, match="latents"):
        unpack_latents(packed + b"\0", n)
    # Cut, it may happen to be the bytes of other latents; it is never that of these.
    cut = data.draw(st.integers(0, len(packed) - 1))
    try:
        other = unpack_latents(packed[:cut], n)
    except IntegrityError:
        return
    assert other.tolist() != latents.tolist()


def test_types_that_are_none_are_refused(core_build: ModuleType) -> None:
    with pytest.raises(ValueError, match="7 or more"):
        core_build.pack_types(np.array([0, 7], np.uint8))
