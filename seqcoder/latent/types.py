"""Window types: what one int8 latent says about 24 bases, and the classes it stands for.

A window of 24 bases has one of seven types: 0 is outside genes, 1..3 say that its first
base is codon position 0..2 of a forward gene, 4..6 that it has class 4..6 of a reverse
gene. As 24 is a multiple of 3, a gene keeps its type from window to window, so latents
are long runs of one value. The class of a base is its type moved on by its offset in the
codon cycle.

All arithmetic here is on integers below 256.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcoder import core

STRIDE = 24
TYPES = 7

# CLASS_OF[type, offset % 3]: class of a base by window type and offset in its window.
CLASS_OF: NDArray[np.uint8] = np.array(
    [
        [0 if t == 0 else 1 + (t - 1 + j) % 3 if t < 4 else 4 + (t - 4 - j) % 3 for j in range(3)]
        for t in range(TYPES)
    ],
    np.uint8,
)

# TYPE_OF[class, offset % 3]: the inverse.
TYPE_OF: NDArray[np.uint8] = np.array(
    [
        [0 if c == 0 else 1 + (c - 1 - j) % 3 if c < 4 else 4 + (c - 4 + j) % 3 for j in range(3)]
        for c in range(TYPES)
    ],
    np.uint8,
)


# MIRROR[class]: the class of a base as the opposite strand has it.
MIRROR: NDArray[np.uint8] = np.array([0, 4, 5, 6, 1, 2, 3], np.uint8)


def count_windows(n: int) -> int:
    """Return how many windows ``n`` bases have; the last may be short."""
    return -(-n // STRIDE)


def base_types(classes: NDArray[np.uint8], start: int = 0) -> NDArray[np.uint8]:
    """Window type each base's class agrees with: (n,) uint8 -> (n,) uint8.

    ``start`` is the offset of the first base from a window's beginning.
    """
    offsets = (np.arange(classes.size) + start) % 3
    return TYPE_OF[classes, offsets]


def mirror(classes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Classes of the reverse complement: reversed, and every gene on the other strand."""
    return np.asarray(MIRROR[classes[::-1]], np.uint8)


def latents_to_classes(latents: NDArray[np.int8], n: int) -> NDArray[np.uint8]:
    """The integer decoder: latents (ceil(n / 24),) int8 -> classes of n bases, uint8 0..6.

    A latent counts modulo 7 (as an unsigned byte), so that any int8 latents decode to
    classes; missing latents count as 0, surplus ones are ignored. Only integers below 256
    occur, so every platform agrees.
    """
    classes = np.empty(n, np.uint8)
    core.decode_classes(np.ascontiguousarray(latents, np.int8).reshape(-1), classes)
    return classes


def classes_to_latents(classes: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Latents of classes that change their type only between windows: (n,) -> (ceil(n / 24),).

    Where a window holds several types its first one counts.
    """
    return np.asarray(TYPE_OF[classes[::STRIDE], 0], np.int8)
