"""Level 1: repeats copied, all else packed at 2 bits.

A payload is the length of the token bytes (varint), the tokens, and the literals packed as
in ``twobit.py``. A token is three varints (7 bits a byte, lowest first, the high bit says
that more follow): literals before the repeat; ``(length - 1) * 2 + inverted``; and how far
back from the repeat's first base its source lies: the source's first base if it lies on
this strand, the base that pairs with the repeat's first if it is inverted. A token is
written only where it is shorter than what it stands for, so that a payload is at most one
byte longer than plain packing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.coder import twobit
from seqcoder.errors import IntegrityError
from seqcoder.storage.varint import put_varint


def encode(bases: NDArray[np.uint8]) -> bytes:
    """Code bases (uint8, 0..3, shape ``(n,)``); at most one byte more than plain packing."""
    n = len(bases)
    bits = min(22, max(8, (n // 4).bit_length()))  # a twelfth to a half of them taken
    tokens, literals = core.find_repeats(np.ascontiguousarray(bases), bits)
    head = bytearray()
    put_varint(head, len(tokens))
    return bytes(head) + tokens.tobytes() + twobit.pack(literals)


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
    bases = np.empty(count, np.uint8)
    if size > len(data) - at or not core.copy_repeats(
        data[at : at + size], data[at + size :], bases
    ):
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
