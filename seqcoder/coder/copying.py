"""Level 1: repeats copied, all else packed at 2 bits (importing this starts numba).

A payload is the length of the token bytes (varint), the tokens, and the literals packed as
in ``twobit.py``. A token is three varints (7 bits a byte, lowest first, the high bit says
that more follow): literals before the repeat; ``(length - 1) * 2 + inverted``; and how far
back from the repeat's first base its source lies: the source's first base if it lies on
this strand, the base that pairs with the repeat's first if it is inverted. A token is
written only where it is shorter than what it stands for, so that a payload is at most one
byte longer than plain packing.
"""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call"

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from seqcoder.coder import twobit
from seqcoder.coder.intrinsics import prefetch
from seqcoder.errors import IntegrityError

u64 = np.uint64
#: Bases that must agree before a repeat is looked at.
SEED = 24
_AHEAD = 24
_LEAST = 32

_BYTES = types.Array(types.uint8, 1, "C", readonly=True)
_FIND = types.int64(_BYTES, types.uint32[::1], types.uint8[::1], types.uint8[::1])
_COPY = types.int64(types.uint8[::1], _BYTES, types.int64, _BYTES)


@njit(types.int64(types.uint8[::1], types.int64, types.uint64), cache=True, nogil=True)
def _put(out, at, value):
    while value >= u64(128):
        out[at] = np.uint8((value & u64(127)) | u64(128))
        value >>= u64(7)
        at += 1
    out[at] = np.uint8(value)
    return at + 1


@njit(_FIND, cache=True, nogil=True, boundscheck=False, error_model="numpy")
def _find(bases, table, tokens, literal):
    """Write tokens, mark literals (1) in ``literal``; returns the length of the tokens."""
    n = len(bases)
    bits = u64(0)
    while (1 << bits) < len(table):
        bits += u64(1)
    shift = u64(64) - bits
    mult = u64(0x9E3779B97F4A7C15)
    mask = u64((1 << (2 * SEED)) - 1)
    top = u64(2 * SEED - 2)
    near = u64(0)  # the 24 bases from i on
    near_rc = u64(0)
    far = u64(0)  # the same, _AHEAD bases further, for the prefetch
    far_rc = u64(0)
    anchor = 0
    covered = 0
    size = 0
    scratch = np.zeros(40, np.uint8)
    for x in range(min(n, SEED - 1)):
        near = ((near << u64(2)) | u64(bases[x])) & mask
        near_rc = (near_rc >> u64(2)) | (u64(3 - bases[x]) << top)
    for x in range(_AHEAD, min(n, _AHEAD + SEED - 1)):
        far = ((far << u64(2)) | u64(bases[x])) & mask
        far_rc = (far_rc >> u64(2)) | (u64(3 - bases[x]) << top)
    for i in range(n - SEED + 1):
        x = i + SEED - 1
        near = ((near << u64(2)) | u64(bases[x])) & mask
        near_rc = (near_rc >> u64(2)) | (u64(3 - bases[x]) << top)
        y = x + _AHEAD
        if y < n:
            far = ((far << u64(2)) | u64(bases[y])) & mask
            far_rc = (far_rc >> u64(2)) | (u64(3 - bases[y]) << top)
            prefetch(table, (far * mult) >> shift)
            prefetch(table, (far_rc * mult) >> shift)
        slot = (near * mult) >> shift
        if i >= covered:
            best = 0
            best_start = 0
            best_word = u64(0)
            best_back = 0
            j = np.int64(table[slot]) - 1
            if j >= 0:
                start = i
                source = j
                while start > anchor and source > 0 and bases[start - 1] == bases[source - 1]:
                    start -= 1
                    source -= 1
                end = i
                source_end = j
                while end < n and bases[end] == bases[source_end]:
                    end += 1
                    source_end += 1
                best = end - start
                best_start = start
                best_word = u64(best - 1) << u64(1)
                best_back = start - source
            j = np.int64(table[(near_rc * mult) >> shift]) - 1
            if j >= 0:
                start = i
                source = j + SEED - 1
                while (
                    start > anchor
                    and source + 1 < start - 1
                    and bases[start - 1] == 3 - bases[source + 1]
                ):
                    start -= 1
                    source += 1
                end = i
                source_end = j + SEED - 1
                if source < start:
                    while end < n and source_end >= 0 and bases[end] == 3 - bases[source_end]:
                        end += 1
                        source_end -= 1
                if end - start > best:
                    best = end - start
                    best_start = start
                    best_word = (u64(best - 1) << u64(1)) | u64(1)
                    best_back = start - source
            if best >= _LEAST:
                cost = _put(scratch, 0, u64(best_start - anchor))
                cost = _put(scratch, cost, best_word)
                cost = _put(scratch, cost, u64(best_back))
                if 4 * (cost + 1) < best:
                    for q in range(cost):
                        tokens[size + q] = scratch[q]
                    size += cost
                    for q in range(best_start, best_start + best):
                        literal[q] = 0
                    anchor = best_start + best
                    covered = anchor
        table[slot] = np.uint32(i + 1)
    return size


@njit(_COPY, cache=True, nogil=True, boundscheck=False, error_model="numpy")
def _copy(bases, tokens, size, packed):
    """Fill ``bases``; returns 0, or -1 where tokens or literals contradict the length."""
    n = len(bases)
    room = len(packed) * 4
    at = 0
    out = 0
    lit = 0
    while out < n:
        count = n - out
        word = np.int64(0)
        back = np.int64(0)
        token = at < size
        if token:
            for field in range(3):
                value = u64(0)
                shift = u64(0)
                while True:
                    if at >= size or shift > u64(35):
                        return -1
                    byte = tokens[at]
                    at += 1
                    value |= u64(byte & np.uint8(127)) << shift
                    shift += u64(7)
                    if byte < 128:
                        break
                if field == 0:
                    count = min(np.int64(value), n - out)
                elif field == 1:
                    word = np.int64(value)
                else:
                    back = np.int64(value)
        if lit + count > room:
            return -1
        end = out + count
        while out < end and lit & 3:
            bases[out] = (packed[lit >> 2] >> np.uint8(6 - 2 * (lit & 3))) & np.uint8(3)
            out += 1
            lit += 1
        quads = (end - out) >> 2
        first = lit >> 2
        for q in range(quads):
            byte = packed[first + q]
            bases[out + 4 * q] = byte >> np.uint8(6)
            bases[out + 4 * q + 1] = (byte >> np.uint8(4)) & np.uint8(3)
            bases[out + 4 * q + 2] = (byte >> np.uint8(2)) & np.uint8(3)
            bases[out + 4 * q + 3] = byte & np.uint8(3)
        out += 4 * quads
        lit += 4 * quads
        while out < end:
            bases[out] = (packed[lit >> 2] >> np.uint8(6 - 2 * (lit & 3))) & np.uint8(3)
            out += 1
            lit += 1
        if token and out < n:
            length = min((word >> 1) + 1, n - out)
            source = out - back
            if back < 1 or source < 0:
                return -1
            if word & 1:
                if source - length + 1 < 0:
                    return -1
                for q in range(length):
                    bases[out + q] = np.uint8(3) - bases[source - q]
            else:
                for q in range(length):
                    bases[out + q] = bases[source + q]
            out += length
    return 0


def encode(bases: NDArray[np.uint8]) -> bytes:
    """Code bases (uint8, 0..3, shape ``(n,)``); at most one byte more than plain packing."""
    n = len(bases)
    bases = np.ascontiguousarray(bases)
    bits = min(24, max(12, (2 * n).bit_length()))
    tokens = np.zeros(n // 4 + 64, np.uint8)
    literal = np.ones(n, np.uint8)
    size = _find(bases, np.zeros(1 << bits, np.uint32), tokens, literal)
    head = np.zeros(10, np.uint8)
    length = _put(head, 0, np.uint64(size))
    rest = bases if size == 0 else bases[literal.view(np.bool_)]
    return head[:length].tobytes() + tokens[:size].tobytes() + twobit.pack(rest)


def decode(payload: bytes | memoryview, count: int) -> NDArray[np.uint8]:
    """Decode the first ``count`` bases of a payload.

    Raises:
        IntegrityError: the payload contradicts itself.
    """
    data = np.frombuffer(payload, np.uint8)
    size = at = shift = 0
    while True:
        if at >= len(data) or shift > 35:
            raise IntegrityError("level 1 payload: no token length; the chunk is damaged")
        size |= (int(data[at]) & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            break
    bases = np.zeros(count, np.uint8)
    if size > len(data) - at or _copy(bases, data[at : at + size], size, data[at + size :]) != 0:
        raise IntegrityError("level 1 payload: tokens contradict the length; the chunk is damaged")
    return bases


def costs(payload: bytes | memoryview, n: int, step: int) -> NDArray[np.float64]:
    """Return the bits that each ``step`` of the ``n`` bases of a payload took.

    A token's bits are shared evenly by the bases it copies; the payload must be sound.
    """
    data = bytes(payload)
    size, at = _varint(data, 0)
    end = at + size
    places, spent = [0], [8.0 * at]
    while at < end and places[-1] < n:
        first = at
        literals, at = _varint(data, at)
        word, at = _varint(data, at)
        _, at = _varint(data, at)
        places += [places[-1] + literals, places[-1] + literals + (word >> 1) + 1]
        spent += [spent[-1] + 2.0 * literals, spent[-1] + 2.0 * literals + 8.0 * (at - first)]
    if places[-1] < n:
        spent.append(spent[-1] + 2.0 * (n - places[-1]))
        places.append(n)
    spent[0] = 0.0  # the length of the tokens belongs to the first bases
    edges = np.append(np.arange(0, n, step), n)
    return np.diff(np.interp(edges, places, spent))


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while data[at] >= 128:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
    return value | data[at] << shift, at + 1
