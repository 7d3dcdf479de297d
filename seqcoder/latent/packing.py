"""Latents as bytes: runs of window types, entropy coded.

The first byte says how: 0, the latents as they are, a byte each; 1, events coded by an
adaptive binary arithmetic coder. An event is a run of windows of one type: its length
(Elias-gamma bits, modelled by strand or none) and the type that follows (three bits,
modelled by the two types before). A gene of a kilobase costs about ten bits.

Adaptive binary range coding as in Mahoney's lpaq: 12-bit probabilities moved by a 16th
to a 32nd of the error, 32-bit interval kept in int64, split at a product below 2**44.
"""
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,assignment,type-arg"

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from seqcoder.errors import IntegrityError
from seqcoder.latent.types import STRIDE, TYPES

_U8 = nb.types.Array(nb.uint8, 1, "C", readonly=True)
# Probability slots: 8 run kinds x (64 length prefixes + 32 positions x 4), then 56 x 8 types.
_RUN = 256
_KINDS = 3
_TYPE_AT = _KINDS * _RUN
_SLOTS = _TYPE_AT + TYPES * TYPES * 8


@nb.njit(
    nb.int64(nb.boolean, nb.uint8[::1], nb.uint8[::1], nb.int64),
    cache=True,
    nogil=True,
)
def _code(decode: bool, types: NDArray, stream: NDArray, size: int) -> int:
    """Code ``types`` into ``stream``, or back; returns bytes written, or -1 if damaged.

    Runs count from 1; gamma codes of lengths below 2**31 have at most 31 prefix bits.
    """
    n = types.size
    p = np.full(_SLOTS, 2048, np.int64)
    p2 = np.full(_SLOTS, 2048, np.int64)
    low = np.int64(0)
    high = np.int64(0xFFFFFFFF)
    value = np.int64(0)
    pos = 0
    if decode:
        for _ in range(4):
            value = (value << 8) | np.int64(stream[pos] if pos < size else 0)
            pos += 1
    at = 0
    kind_type = 0
    before = 0
    started = False
    # what is coded next: phase 0, gamma prefix; 1, gamma bits; 2, type bits
    phase = 2
    count = 0
    want = np.int64(0)
    node = 1
    depth = 0
    total = np.int64(0)
    if not decode and n > 0:
        want = np.int64(types[0])
    while at < n:
        kind = (kind_type + 2) // 3
        if phase == 0:
            slot = kind * _RUN + min(depth, 31)
        elif phase == 1:
            # the two leading bits after the first are modelled by length and value
            high_bits = count - 1 - depth
            slot = kind * _RUN + 32 + min(count, 15) * 8 + min(high_bits, 1) * 4 + (node & 3)
            if high_bits >= 2:
                slot = kind * _RUN + 32 + 16 * 8 + min(count, 15)
        else:
            slot = _TYPE_AT + (before * TYPES + kind_type) * 8 + node
        if phase == 0:
            bit = np.int64(1) if depth < count else np.int64(0)
        elif phase == 1:
            bit = (want >> depth) & 1
        else:
            bit = (want >> depth) & 1
        if phase == 2 and depth == 0 and not started:
            depth = 2
            bit = (want >> depth) & 1
            started = True
        mid = low + ((high - low) >> 12) * ((p[slot] + p2[slot]) >> 1)
        if decode:
            bit = np.int64(1) if value <= mid else np.int64(0)
        if bit:
            high = mid
            p[slot] += (4096 - p[slot]) >> 4
            p2[slot] += (4096 - p2[slot]) >> 6
        else:
            low = mid + 1
            p[slot] -= p[slot] >> 4
            p2[slot] -= p2[slot] >> 6
        while ((low ^ high) & 0xFF000000) == 0:
            if decode:
                value = ((value << 8) & 0xFFFFFFFF) | np.int64(stream[pos] if pos < size else 0)
            else:
                stream[pos] = np.uint8(high >> 24)
            pos += 1
            low = (low << 8) & 0xFFFFFFFF
            high = ((high << 8) & 0xFFFFFFFF) | 255
        if phase == 2:
            if decode:
                want = (want & ~(np.int64(1) << depth)) | (bit << depth)
            node = (node << 1) | bit
            if depth > 0:
                depth -= 1
                continue
            if want >= TYPES:
                return -1
            before = kind_type
            kind_type = want
            phase = 0
            depth = 0
            count = 40
            if not decode:
                total = np.int64(1)
                while at + total < n and np.int64(types[at + total]) == want:
                    total += 1
                count = 0
                while total >> (count + 1):
                    count += 1
        elif phase == 0:
            if bit:
                depth += 1
                if depth > 31:
                    return -1
                continue
            count = depth
            node = 1
            if decode:
                total = np.int64(1) << count
            depth = count - 1
            phase = 1
            want = total
        else:
            if decode:
                want = (want & ~(np.int64(1) << depth)) | (bit << depth)
                total = want
            node = (node << 1) | bit
            depth -= 1
        if phase == 1 and depth < 0:
            if at + total > n:
                return -1
            for j in range(total):
                types[at + j] = kind_type
            at += total
            phase = 2
            node = 1
            depth = 2
            want = np.int64(0)
            if not decode and at < n:
                want = np.int64(types[at])
    if decode:
        return 0 if pos <= size + 8 else -1
    for shift in (24, 16):
        stream[pos] = np.uint8((high >> shift) & 255)
        pos += 1
    return pos


def pack_latents(latents: NDArray[np.int8]) -> bytes:
    """Bytes of latents, any int8 values, any shape (flattened)."""
    flat = np.ascontiguousarray(latents, np.int8).reshape(-1)
    if flat.size and flat.min() >= 0 and flat.max() < TYPES:
        stream = np.zeros(2 * flat.size + 64, np.uint8)
        size = _code(False, flat.astype(np.uint8), stream, 0)
        if size < flat.size:
            return b"\x01" + stream[:size].tobytes()
    return b"\x00" + flat.tobytes()


def unpack_latents(data: bytes | memoryview, n: int) -> NDArray[np.int8]:
    """Latents (ceil(n / 24),) int8 of ``n`` bases from the bytes of :func:`pack_latents`.

    Raises IntegrityError where the bytes cannot be those of a chunk of ``n`` bases.
    """
    windows = -(-n // STRIDE)
    body = np.frombuffer(data, np.uint8)[1:]
    if len(data) and data[0] == 0 and body.size == windows:
        return body.view(np.int8).copy()
    if len(data) and data[0] == 1:
        types = np.zeros(windows, np.uint8)
        if _code(True, types, np.array(body), body.size) == 0:
            return types.view(np.int8)
    raise IntegrityError(
        f"latents of {len(data)} bytes are not those of a chunk of {n} bases: "
        "the container is damaged there"
    )
