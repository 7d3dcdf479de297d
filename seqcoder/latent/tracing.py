"""What the protein library says of every base of a known sequence, for training and tests."""

# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,assignment,type-arg"

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from seqcoder.latent.library import STATE, Library, library_step

_READ_U8 = nb.types.Array(nb.uint8, 1, "C", readonly=True)
_READ_I32 = nb.types.Array(nb.int32, 1, "C", readonly=True)


@nb.njit(
    nb.void(
        _READ_U8,
        _READ_U8,
        _READ_U8,
        _READ_I32,
        _READ_I32,
        nb.int64,
        nb.uint16[:, ::1],
        nb.uint8[::1],
    ),
    cache=True,
    nogil=True,
)
def _trace(bases, classes, residues, heads, chain, seed, contexts, confidence):
    state = np.zeros(STATE, np.int64)
    out = np.zeros(4, np.int64)
    for i in range(bases.size):
        library_step(i, bases, classes, residues, heads, chain, seed, state, out)
        contexts[0, i] = out[0]
        contexts[1, i] = out[1]
        confidence[i] = out[2]


def trace(
    bases: NDArray[np.uint8], classes: NDArray[np.uint8], library: Library
) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """What :func:`library_step` says of every base: (2, n) contexts and (n,) confidence."""
    n = bases.size
    contexts = np.zeros((2, n), np.uint16)
    confidence = np.zeros(n, np.uint8)
    _trace(
        np.ascontiguousarray(bases),
        np.ascontiguousarray(classes),
        library.residues,
        library.heads,
        library.chain,
        library.seed,
        contexts,
        confidence,
    )
    return contexts, confidence
