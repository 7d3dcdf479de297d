"""A made-up genome whose classes are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STOPS = (48, 50, 56)  # TAA, TAG, TGA


def synthetic_genome(
    seed: int, genes: int, codons: int = 300, gap: int = 90
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Bases and true classes of a made-up genome: genes of biased codons on both strands."""
    rng = np.random.default_rng(seed)
    taste = np.random.default_rng(7)
    weights = taste.gamma(0.4, size=64)
    weights[list(STOPS)] = 0
    weights /= weights.sum()
    parts, classes = [], []
    for k in range(genes):
        spacer = rng.integers(0, 4, int(rng.integers(gap // 2, gap)))
        parts.append(spacer)
        classes.append(np.zeros(spacer.size, np.uint8))
        n = int(rng.integers(codons // 2, codons))
        gene = rng.choice(64, n, p=weights)
        gene[0], gene[-1] = 14, STOPS[k % 3]
        bases = np.stack([gene >> 4, (gene >> 2) & 3, gene & 3], axis=1).reshape(-1)
        if rng.integers(2):
            parts.append(3 - bases[::-1])
            classes.append(np.tile(np.array([6, 5, 4], np.uint8), n))
        else:
            parts.append(bases)
            classes.append(np.tile(np.array([1, 2, 3], np.uint8), n))
    return np.concatenate(parts).astype(np.uint8), np.concatenate(classes)
