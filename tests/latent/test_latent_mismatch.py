from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seqcoder.errors import IntegrityError
from seqcoder.latent.mismatch import decode_mismatch, encode_mismatch


@given(
    hnp.arrays(np.uint8, st.integers(0, 300), elements=st.integers(0, 3)),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
def test_round_trip(bases: np.ndarray, seed: int, with_classes: bool) -> None:
    classes = np.random.default_rng(seed).integers(0, 16, bases.size).astype(np.uint8)
    given_classes = classes if with_classes else None
    data = encode_mismatch(bases, given_classes)
    assert np.array_equal(decode_mismatch(data, bases.size, given_classes), bases)


def test_damage_is_named() -> None:
    data = encode_mismatch(np.zeros(100, np.uint8), None)
    with pytest.raises(IntegrityError, match="mismatch"):
        decode_mismatch(data[:-3], 100, None)
    with pytest.raises(IntegrityError, match="expected"):
        decode_mismatch(data, 400, None)
