"""The published residual, kept as a baseline: arg-max reconstruction and a 2-bit difference.

SeqCoder (EmberTSeal, 2024) decodes latents to one most likely base per position and stores
what differs. Here the latents give a class for every base, the reconstruction is the most
frequent base of its class and the two bases before it (a table of 7 * 16 entries sent in
front), and the difference modulo 4 is packed four to a byte and compressed by zstd. It is
on offer for the ablation of ``docs/model.md`` only and never chosen: bacterial DNA has
near two bits per base to tell, whatever the reconstruction.
"""

from __future__ import annotations

import numpy as np
import zstandard
from numpy.typing import NDArray

from seqcoder.errors import IntegrityError

_CLASSES = 16
_CONTEXTS = _CLASSES * 16


def _contexts(shown: NDArray[np.uint8], classes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Context numbers below 256 from the two bases before each position and its class."""
    padded = np.concatenate([np.zeros(2, np.uint8), shown]).astype(np.int64)
    return (classes.astype(np.int64) & 15) * 16 + padded[:-2] * 4 + padded[1:-1]


def encode_mismatch(
    bases: NDArray[np.uint8], classes: NDArray[np.uint8] | None, level: int = 19
) -> bytes:
    """Residual of (n,) uint8 bases 0..3 given their classes, (n,) uint8 0..15 or None."""
    n = bases.size
    kinds = np.zeros(n, np.uint8) if classes is None else classes
    contexts = _contexts(bases, kinds)
    counts = np.bincount(contexts * 4 + bases, minlength=_CONTEXTS * 4).reshape(-1, 4)
    table = counts.argmax(axis=1).astype(np.uint8)
    difference = (bases - table[contexts]) & 3
    padded = np.concatenate([difference, np.zeros(-n % 4, np.uint8)]).reshape(-1, 4)
    packed = padded @ np.array([1, 4, 16, 64], np.uint8)
    return zstandard.ZstdCompressor(level=level).compress(table.tobytes() + packed.tobytes())


def decode_mismatch(data: bytes, n: int, classes: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """Bases of :func:`encode_mismatch`. Raises IntegrityError if the data is damaged."""
    size = _CONTEXTS + -(-n // 4)
    try:
        plain = zstandard.ZstdDecompressor().decompress(data, max_output_size=size + 1)
    except zstandard.ZstdError as error:
        raise IntegrityError(f"mismatch residual is damaged ({error})") from error
    if len(plain) != size:
        raise IntegrityError(f"mismatch residual holds {len(plain)} bytes, expected {size}")
    table = np.frombuffer(plain, np.uint8, _CONTEXTS) & 3
    packed = np.frombuffer(plain, np.uint8, offset=_CONTEXTS)
    difference = ((packed[:, None] >> np.array([0, 2, 4, 6], np.uint8)) & 3).reshape(-1)[:n]
    kinds = (np.zeros(n, np.uint8) if classes is None else classes).tolist()
    rows = table.tolist()
    bases = bytearray(n)
    x = y = 0
    for i, (d, c) in enumerate(zip(difference.tolist(), kinds, strict=True)):
        x, y = y, (rows[(c & 15) * 16 + x * 4 + y] + d) & 3
        bases[i] = y
    return np.frombuffer(bytes(bases), np.uint8).copy()
