"""Generated inputs, the same on every machine: bytes of SHAKE-256, nothing else."""

from __future__ import annotations

import hashlib

import numpy as np

from seqcoder.latent.library import RESIDUE_OF, Library, build_library


def noise(n: int, seed: str) -> np.ndarray:
    return np.frombuffer(hashlib.shake_256(seed.encode()).digest(n), np.uint8)


def random_bases(n: int, seed: str = "bases") -> np.ndarray:
    return noise(n, seed) & np.uint8(3)


def genome(n: int = 20_000, seed: str = "genome") -> tuple[np.ndarray, np.ndarray]:
    """Bases and classes: codons with a bias, repeats of both strands with substitutions."""
    bases = random_bases(n, seed).copy()
    classes = np.zeros(n, np.uint8)
    luck = noise(n, seed + "/luck")
    for start in range(0, n - 900, 1200):
        forward = (start // 1200) % 2 == 0
        span = slice(start, start + 900)
        classes[span] = np.resize([1, 2, 3] if forward else [6, 5, 4], 900)
        third = np.flatnonzero(classes[span] == (3 if forward else 6)) + start
        bases[third[luck[third] < 150]] = 1 if forward else 2
    classes[n // 2 : n // 2 + 40] = noise(40, seed + "/classes") & 15
    for target, source, length in ((5000, 1000, 700), (9000, 2000, 1500), (15_000, 4000, 900)):
        if target + length <= n:
            copy = bases[source : source + length]
            bases[target : target + length] = copy if target != 9000 else 3 - copy[::-1]
    hit = np.flatnonzero(luck < 10)
    bases[hit] = luck[hit] & 3
    if n > 18_500:
        bases[18_000:18_300] = 1
        bases[18_300:18_420] = np.resize([0, 1, 2], 120)
    return bases, classes


def proteins(bases: np.ndarray) -> Library:
    """A library of the forward genes of ``genome``, a tenth of the residues changed."""
    found = []
    for start in range(0, len(bases) - 900, 2400):
        codons = bases[start : start + 900].reshape(-1, 3).astype(np.int64)
        residues = RESIDUE_OF[codons @ np.array([16, 4, 1])]
        luck = noise(len(residues), f"protein{start}")
        residues[luck < 25] = luck[luck < 25] % 21
        found += [residues, np.array([31], np.uint8)]
    return build_library(np.concatenate(found))
