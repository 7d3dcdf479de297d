"""Latents as bytes: runs of window types, entropy coded.

The first byte says how: 0, the latents as they are, a byte each; 1, runs coded by an adaptive
binary arithmetic coder (in the core). A run is the type that comes next (three bits, modelled by
the two types before) and its length (Elias-gamma bits, modelled by strand or none). A gene of a
kilobase costs about eight bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.errors import IntegrityError
from seqcoder.latent.types import TYPES, count_windows


def pack_latents(latents: NDArray[np.int8]) -> bytes:
    """Bytes of latents, any int8 values, any shape (flattened)."""
    flat = np.ascontiguousarray(latents, np.int8).reshape(-1)
    if flat.size and flat.min() >= 0 and flat.max() < TYPES:
        packed = core.pack_types(flat.view(np.uint8))
        if len(packed) < flat.size:
            return b"\x01" + packed
    return b"\x00" + flat.tobytes()


def unpack_latents(data: bytes | memoryview, n: int) -> NDArray[np.int8]:
    """Latents (ceil(n / 24),) int8 of ``n`` bases from the bytes of :func:`pack_latents`.

    Raises IntegrityError where the bytes cannot be those of a chunk of ``n`` bases.
    """
    windows = count_windows(n)
    body = np.frombuffer(data, np.uint8)[1:]
    if len(data) and data[0] == 0 and body.size == windows:
        return body.view(np.int8).copy()
    if len(data) and data[0] == 1 and windows:
        types = np.zeros(windows, np.uint8)
        if core.unpack_types(body, types):
            return types.view(np.int8)
    raise IntegrityError(
        f"latents of {len(data)} bytes are not those of a chunk of {n} bases: "
        "the container is damaged there"
    )
