"""Genomes of two families: the same proteins, other codons, so that no walk sees it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from seqcoder.container.frames import Bases
from seqcoder.latent.library import RESIDUE_OF

N = 270_000
LETTERS = np.frombuffer(b"ACGT", np.uint8)
CODONS_OF = [np.flatnonzero(residue == RESIDUE_OF) for residue in range(21)]


def species(seed: int) -> np.ndarray:
    """Residues of genes of 300, a stop behind each; about N bases of them."""
    rng = np.random.default_rng(seed)
    residues = rng.integers(1, 21, N // 3)
    residues[300::301] = 0
    return residues


def genome(residues: np.ndarray, seed: int) -> Bases:
    """Bases that mean the residues but for one in fifty, codons at random."""
    rng = np.random.default_rng(seed)
    changed = np.where(
        rng.random(len(residues)) < 0.02, rng.integers(1, 21, len(residues)), residues
    )
    changed[residues == 0] = 0
    luck = rng.integers(0, 1 << 20, len(residues))
    codons = np.array(
        [CODONS_OF[r][x % len(CODONS_OF[r])] for r, x in zip(changed, luck, strict=True)]
    )
    return np.stack([codons >> 4, codons >> 2 & 3, codons & 3], 1).reshape(-1).astype(np.uint8)


def fasta(bases: Bases, name: str) -> bytes:
    return b">%s\n%s\n" % (name.encode(), LETTERS[bases].tobytes())


@lru_cache(maxsize=1)
def files() -> dict[str, bytes]:
    one, two = species(1), species(2)
    bases = {
        "a1.fa": genome(one, 11),
        "b1.fa": genome(two, 21),
        "a2.fa": genome(one, 12),
        "a3.fa": genome(one, 13),
        "b2.fa": genome(two, 22),
    }
    return {name: fasta(its, name) for name, its in bases.items()}
