"""The index of sampled k-mers that finds where a genome repeats what is already known.

Direct-mapped table of uint32: slot ``hash(canonical k-mer)`` holds one plus the position in
the text of the k-mer last written there, 0 for none. Nothing else is stored: a hit is
verified on the text itself. The text is sampled at every `STEP`-th position; the target is
looked up at every position, so any exact repeat of K + STEP - 1 bases is seen (unless its
slot was taken), on either strand.
"""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,arg-type,assignment"

from __future__ import annotations

import numba
import numpy as np

from seqcoder.coder.intrinsics import prefetch
from seqcoder.pangenome.compare import load, turn

K = 16
STEP = 8
_ODD = np.uint64(0x9E3779B97F4A7C15)


@numba.njit("uint64(uint64, uint64, uint64)", cache=True, nogil=True, inline="always")
def slot_of(forward: int, backward: int, shift: int) -> int:
    """Slot of the k-mer with 2-bit codes ``forward`` and (reverse complement) ``backward``."""
    key = min(forward, backward)
    return ((key * _ODD) ^ ((key * _ODD) >> np.uint64(29))) * _ODD >> shift


@numba.njit("uint64(uint8[::1], int64)", cache=True, nogil=True, inline="always")
def _pack(text, at):
    """Return the 16-bit code of text[at:at + 8], the first base highest."""
    x = turn(load(text, at))
    x = (x | x >> np.uint64(6)) & np.uint64(0x000F000F000F000F)
    x = (x | x >> np.uint64(12)) & np.uint64(0x000000FF000000FF)
    return (x | x >> np.uint64(24)) & np.uint64(0xFFFF)


@numba.njit("uint64(uint64)", cache=True, nogil=True, inline="always")
def _complement(f):
    """Return the reverse complement of a 16-mer's code."""
    x = (~f) << np.uint64(32)
    x = (x >> np.uint64(2) & np.uint64(0x3333333333333333)) | (
        (x & np.uint64(0x3333333333333333)) << np.uint64(2)
    )
    x = (x >> np.uint64(4) & np.uint64(0x0F0F0F0F0F0F0F0F)) | (
        (x & np.uint64(0x0F0F0F0F0F0F0F0F)) << np.uint64(4)
    )
    return turn(x)


@numba.njit("void(uint8[::1], int64, int64, uint32[::1], uint64)", cache=True, nogil=True)
def insert(text, start, stop, table, shift):
    """Enter the k-mers of text[start:stop] that begin at multiples of STEP, over what is there."""
    first = (start + STEP - 1) // STEP * STEP
    if first + K > stop:
        return
    before = _pack(text, first)
    for at in range(first, stop - K + 1, STEP):
        after = _pack(text, at + STEP)
        f = before << np.uint64(16) | after
        before = after
        table[slot_of(f, _complement(f), shift)] = np.uint32(at + 1)


@numba.njit("void(uint8[::1], int64, int64, uint32[::1], uint64)", cache=True, nogil=True)
def insert_own(text, start, stop, table, shift):
    """Enter the k-mers of text[start:stop] at multiples of STEP where a slot is free."""
    first = (start + STEP - 1) // STEP * STEP
    slots = np.empty(max(0, stop - K - first + STEP) // STEP, np.uint64)
    for i in range(slots.size):
        at = first + i * STEP
        f = _pack(text, at) << np.uint64(16) | _pack(text, at + 8)
        slots[i] = slot_of(f, _complement(f), shift)
        prefetch(table, slots[i])
    for i in range(slots.size):
        if table[slots[i]] == 0:
            table[slots[i]] = np.uint32(first + i * STEP + 1)
