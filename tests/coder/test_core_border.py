"""The border to the native core: arrays are taken as they are given, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from seqcoder import core


@pytest.mark.parametrize(
    "bases", [np.zeros(4, np.int64), np.zeros(8, np.uint8)[::2], np.zeros((2, 2), np.uint8)]
)
def test_arrays_of_another_kind_are_refused(bases: np.ndarray) -> None:
    with pytest.raises(TypeError):
        core.pack_bases(bases, np.zeros(1, np.uint8))


def test_what_is_written_is_never_a_copy() -> None:
    with pytest.raises(TypeError):
        core.unpack_bases(np.zeros(1, np.uint8), np.zeros(4, np.int64))  # type: ignore[arg-type]
    out = np.zeros(4, np.uint8)
    out.setflags(write=False)
    with pytest.raises(TypeError):
        core.unpack_bases(np.zeros(1, np.uint8), out)


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="packed: too short"):
        core.unpack_bases(np.zeros(1, np.uint8), np.zeros(5, np.uint8))
    with pytest.raises(ValueError, match="packed: wrong size"):
        core.pack_bases(np.zeros(5, np.uint8), np.zeros(1, np.uint8))
