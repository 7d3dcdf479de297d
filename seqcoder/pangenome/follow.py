"""A walk read along a base space that is all in memory."""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,assignment"

from __future__ import annotations

import numba
import numpy as np

from seqcoder.pangenome.walk import Bases, Walk


@numba.njit(
    "void(uint8[::1], int64[::1], int64[::1], boolean[::1], int64[::1], uint8[::1], uint8[::1])",
    cache=True,
    nogil=True,
)
def _follow(text, starts, lengths, reverse, positions, diffs, out):
    at = 0
    for k in range(starts.size):
        start = starts[k]
        n = lengths[k]
        if reverse[k]:
            for i in range(n):
                out[at + i] = text[start + n - 1 - i] ^ np.uint8(3)
        else:
            out[at : at + n] = text[start : start + n]
        at += n
    for k in range(positions.size):
        out[positions[k]] ^= diffs[k]


def follow(walk: Walk, text: Bases, out: Bases) -> None:
    """Write the genome of ``walk``, which must fit (`Walk.check`), over base space ``text``.

    ``out``: uint8[walk.n_bases], another part of memory.
    """
    columns = (walk.starts, walk.lengths, walk.reverse, walk.sub_positions, walk.sub_diffs)
    # What is read from a container may be a view of it.
    _follow(text, *(np.require(column, requirements=("C", "W")) for column in columns), out)
