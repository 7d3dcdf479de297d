"""Comparing stretches of a text of bases eight at a time, on either strand.

A text is uint8[n]: 0..3, or a larger value below 8 that equals no base and no complement. Eight
bases are read as one word, wherever they begin, so no index below may point nearer than 8 bases
outside the text's ends than the functions say.
"""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,assignment"

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from seqcoder.coder.intrinsics import popcount, trailing_zeros

_U = np.uint64
_COMPLEMENT = np.uint64(0x0303030303030303)
_ONES = np.uint64(0x0101010101010101)


@intrinsic
def load(typingctx: Any, text: Any, index: Any) -> Any:
    """Read text[index:index + 8] (uint8, C order) as a uint64, the first base lowest."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, args[0])
        pointer = builder.gep(view.data, [args[1]])
        return builder.load(builder.bitcast(pointer, ir.IntType(64).as_pointer()), align=1)

    return types.uint64(text, types.int64), codegen


@intrinsic
def turn(typingctx: Any, word: Any) -> Any:
    """Turn the 8 bytes of a uint64 round."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bswap(args[0])

    return types.uint64(types.uint64), codegen


@intrinsic
def leading_zeros(typingctx: Any, word: Any) -> Any:
    """Count the zero bits above the highest set bit of a uint64 (64 for zero)."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), codegen


@numba.njit("uint64(uint8[::1], int64, int64, int64)", cache=True, nogil=True, inline="always")
def _differences(text, t, sign, off):
    """Return text[t:t + 8] XOR its source, a byte a base."""
    if sign > 0:
        return load(text, t) ^ load(text, t + off)
    return load(text, t) ^ turn(load(text, off - t - 7)) ^ _COMPLEMENT


@numba.njit("int64(uint8[::1], int64, int64, int64, int64)", cache=True, nogil=True)
def matches_on(text, t, sign, off, n):
    """Return how many of text[t:t + n] in a row, from the first, equal their source.

    The source of text[t] is text[sign * t + off], complemented where sign is -1.
    """
    i = 0
    while i + 8 <= n:
        word = _differences(text, t + i, sign, off)
        if word != _U(0):
            return i + np.int64(trailing_zeros(word) >> _U(3))
        i += 8
    flip = 0 if sign > 0 else 3
    while i < n and text[sign * (t + i) + off] ^ flip == text[t + i]:
        i += 1
    return i


@numba.njit("int64(uint8[::1], int64, int64, int64, int64)", cache=True, nogil=True)
def matches_back(text, t, sign, off, n):
    """Return how many of text[t - n:t] in a row, from the last, equal their source."""
    i = 0
    while i + 8 <= n:
        word = _differences(text, t - i - 8, sign, off)
        if word != _U(0):
            return i + np.int64(leading_zeros(word) >> _U(3))
        i += 8
    flip = 0 if sign > 0 else 3
    while i < n and text[sign * (t - i - 1) + off] ^ flip == text[t - i - 1]:
        i += 1
    return i


@numba.njit("int64(uint8[::1], int64, int64, int64, int64)", cache=True, nogil=True)
def mismatches(text, t, sign, off, n):
    """Return how many of text[t:t + n] differ from their source."""
    bad = 0
    i = 0
    while i + 8 <= n:
        word = _differences(text, t + i, sign, off)
        if word != _U(0):
            bad += np.int64(popcount((word | word >> _U(1) | word >> _U(2)) & _ONES))
        i += 8
    flip = 0 if sign > 0 else 3
    while i < n:
        bad += text[sign * (t + i) + off] ^ flip != text[t + i]
        i += 1
    return bad
