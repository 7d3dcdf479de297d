"""An adaptive binary arithmetic coder whose encoder and decoder are one function.

Interval coder over 32 bits (Witten, Neal and Cleary 1987; the carry-free form with equal
leading bytes shifted out is that of the public PAQ family). ``rc`` is uint64[4]: low, high,
place in the buffer, and the decoder's window. A probability is 16 bits: the mean of a fast
and a slow adaptive counter of 16 bits each, the slow one moving by 1/256 a step once it has
settled. All of it is integer arithmetic: the range is below 2**32 and a probability below
2**16, so their product stays below 2**48.
"""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,arg-type,assignment"

from __future__ import annotations

import numba
import numpy as np

ENCODE = 0
DECODE = 1
FAST = 4
FLOOR = 24

_U = np.uint64


@numba.njit("uint64(uint8[::1], uint64)", cache=True, nogil=True, inline="always")
def _byte(buf, at):
    return _U(buf[at]) if at < _U(buf.size) else _U(0)


@numba.njit("void(int64, uint64[::1], uint8[::1])", cache=True, nogil=True)
def start(mode, rc, buf):
    """Begin at the buffer's first byte."""
    rc[0] = _U(0)
    rc[1] = _U(0xFFFFFFFF)
    rc[2] = _U(0)
    rc[3] = _U(0)
    if mode == DECODE:
        for _ in range(4):
            rc[3] = (rc[3] << _U(8)) | _byte(buf, rc[2])
            rc[2] += _U(1)


@numba.njit("void(uint64[::1], uint8[::1])", cache=True, nogil=True)
def finish(rc, buf):
    """Write what the decoder needs beyond the last shifted byte.

    The decoder reads zeros after the end, so the shortest byte string inside the interval
    serves. rc[2] then is the length, larger than the buffer if the buffer was too small.
    """
    low, high = rc[0], rc[1]
    for keep in range(5):
        free = _U(8 * (4 - keep))
        mask = (_U(1) << free) - _U(1)
        value = low if (low & mask) == _U(0) else ((low >> free) + _U(1)) << free
        if value <= high:
            for i in range(keep):
                if rc[2] < _U(buf.size):
                    buf[rc[2]] = np.uint8((value >> _U(24 - 8 * i)) & _U(255))
                rc[2] += _U(1)
            return


@numba.njit(
    "int64(int64, uint64[::1], uint8[::1], uint64, int64)", cache=True, nogil=True, inline="always"
)
def _split(mode, rc, buf, p, bit):
    """Code ``bit``, which is 1 with probability p / 65536."""
    low, high = rc[0], rc[1]
    middle = low + (((high - low) * p) >> _U(16))
    if mode == DECODE:
        bit = 1 if rc[3] <= middle else 0
    if bit:
        high = middle
    else:
        low = middle + _U(1)
    while ((low ^ high) & _U(0xFF000000)) == _U(0):
        if mode == DECODE:
            rc[3] = ((rc[3] << _U(8)) & _U(0xFFFFFFFF)) | _byte(buf, rc[2])
        elif rc[2] < _U(buf.size):
            buf[rc[2]] = np.uint8(high >> _U(24))
        rc[2] += _U(1)
        low = (low << _U(8)) & _U(0xFFFFFFFF)
        high = ((high << _U(8)) & _U(0xFFFFFFFF)) | _U(255)
    rc[0] = low
    rc[1] = high
    return bit


@numba.njit(
    "int64(int64, uint64[::1], uint8[::1], uint16[:, ::1], int64, int64)", cache=True, nogil=True
)
def code_bit(mode, rc, buf, probs, context, bit):
    """Code one bit under an adaptive context; returns it."""
    fast = np.int64(probs[context, 0])
    slow = np.int64(probs[context, 1])
    seen = np.int64(probs[context, 2])
    p = (fast + slow) >> 1
    p = min(max(p, FLOOR), 65536 - FLOOR)
    bit = _split(mode, rc, buf, _U(p), bit)
    # The first bits of a context move it by 1/2, 1/4, 1/4, 1/8, ...
    rate = 1
    while (seen + 1) >> rate:
        rate += 1
    if seen < 127:
        probs[context, 2] = np.uint16(seen + 1)
    quick = min(rate, FAST)
    if bit:
        fast += (65535 - fast) >> quick
        slow += (65535 - slow) >> rate
    else:
        fast -= fast >> quick
        slow -= slow >> rate
    probs[context, 0] = np.uint16(fast)
    probs[context, 1] = np.uint16(slow)
    return bit


LADDER = 256
"""Contexts `code_number` uses from its base: 64 for the length, 192 for leading digits."""


@numba.njit(
    "int64(int64, uint64[::1], uint8[::1], uint16[:, ::1], int64, int64)", cache=True, nogil=True
)
def code_number(mode, rc, buf, probs, base, value):
    """Code a number in [0, 2**40) as its bit length (unary, adaptive) and its bits.

    The two bits after the leading one are adaptive, the others plain.
    """
    value += 1
    n = 0
    if mode == ENCODE:
        while (value >> (n + 1)) > 0:
            n += 1
        for i in range(n):
            code_bit(mode, rc, buf, probs, base + i, 1)
        if n < 40:
            code_bit(mode, rc, buf, probs, base + n, 0)
    else:
        while n < 40 and code_bit(mode, rc, buf, probs, base + n, 0) == 1:
            n += 1
    result = 1
    context = 1
    for i in range(n):
        bit = (value >> (n - 1 - i)) & 1
        if i < 2:
            bit = code_bit(mode, rc, buf, probs, base + 64 + 4 * n + context, bit)
            context = 2 * context + bit
        else:
            bit = _split(mode, rc, buf, _U(32768), bit)
        result = 2 * result + bit
    return result - 1


def fresh(contexts: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint16]]:
    """Counters for ``contexts`` contexts, all at one half."""
    return np.full((contexts, 3), (32768, 32768, 0), dtype=np.uint16)
