from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seqcoder.errors import IntegrityError
from seqcoder.latent import pack_latents, unpack_latents


@given(hnp.arrays(np.int8, st.integers(0, 200)))
def test_any_int8_latents_round_trip(latents: np.ndarray) -> None:
    n = 24 * latents.size
    assert unpack_latents(pack_latents(latents), n).tolist() == latents.tolist()


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3000)), max_size=40))
def test_runs_round_trip(runs: list[tuple[int, int]]) -> None:
    latents = np.concatenate(
        [np.zeros(0, np.int8)] + [np.full(length, t, np.int8) for t, length in runs]
    )
    n = max(0, 24 * latents.size - 5) if latents.size else 0
    packed = pack_latents(latents)
    assert unpack_latents(packed, n).tolist() == latents.tolist()


def test_a_gene_costs_about_ten_bits() -> None:
    rng = np.random.default_rng(3)
    lengths = rng.gamma(2.0, 20.0, 4000).astype(int) + 2
    latents = np.repeat(rng.integers(0, 7, lengths.size), lengths).astype(np.int8)
    assert len(pack_latents(latents)) * 8 < 12 * lengths.size


@pytest.mark.parametrize("data", [b"", b"\x00ab", b"\x02abc", b"\x07"])
def test_impossible_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError, match="latents"):
        unpack_latents(data, 24 * 5)


@given(st.binary(max_size=60), st.integers(0, 3000))
def test_damage_gives_latents_or_an_error(data: bytes, n: int) -> None:
    try:
        latents = unpack_latents(b"\x01" + data, n)
    except IntegrityError:
        return
    assert latents.shape == (-(-n // 24),)
    assert not latents.size or 0 <= latents.min() <= latents.max() < 7
