from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seqcoder.latent.types import (
    CLASS_OF,
    MIRROR,
    STRIDE,
    TYPE_OF,
    base_types,
    classes_to_latents,
    latents_to_classes,
    mirror,
)


def reference_classes(latents: list[int], n: int) -> list[int]:
    """The integer decoder in plain Python."""
    out = []
    for i in range(n):
        w, j = divmod(i, 24)
        t = (latents[w] % 256) % 7 if w < len(latents) else 0
        if t == 0:
            out.append(0)
        elif t < 4:
            out.append(1 + (t - 1 + j) % 3)
        else:
            out.append(4 + (t - 4 - j) % 3)
    return out


@given(hnp.arrays(np.int8, st.integers(0, 40)), st.integers(0, 900))
def test_any_latents_decode_to_classes(latents: np.ndarray, n: int) -> None:
    classes = latents_to_classes(latents, n)
    assert classes.dtype == np.uint8
    assert classes.tolist() == reference_classes(latents.tolist(), n)


def test_classes_and_types_are_inverse() -> None:
    for t in range(7):
        for j in range(3):
            assert TYPE_OF[CLASS_OF[t, j], j] == t


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.integers(1, 24))
def test_latents_survive_the_way_through_classes(types: list[int], tail: int) -> None:
    latents = np.array(types, np.int8)
    n = STRIDE * (latents.size - 1) + tail
    classes = latents_to_classes(latents, n)
    assert classes_to_latents(classes).tolist() == types
    assert base_types(classes).tolist() == np.repeat(types, STRIDE)[:n].tolist()


def test_a_mirrored_gene_is_read_in_the_opposite_cycle() -> None:
    forward = np.array([1, 2, 3, 1, 2, 3, 0], np.uint8)
    assert mirror(forward).tolist() == [0, 6, 5, 4, 6, 5, 4]
    assert mirror(mirror(forward)).tolist() == forward.tolist()
    assert MIRROR[MIRROR].tolist() == list(range(7))
