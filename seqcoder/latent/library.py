"""The protein library: what the model remembers of proteins, and how a coder reads it.

Proteins are conserved far beyond the point where DNA looks unrelated. The decoder side of
a model therefore holds some millions of amino acids of the most useful proteins of its
training genomes. Wherever the latents say that a gene is being read, the last few codons,
translated, are looked up; once a library protein agrees it is followed residue by
residue, through substitutions, on either strand. The residue it aligns with the codon at
hand, how well it has agreed so far and the codon's bases already known make a context
number for one more adaptive model of the coder, which learns by itself what a residue
says about a base in this genome.

Encoder and decoder take the same steps from the same bases: nothing of it is stored. The
steps and the index are in the native core (``core/src/library*``); docs/coder.md specifies them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from seqcoder import core

# Residues are numbered in the order of "*ACDEFGHIKLMNPQRSTVWY"; a gap ends a protein.
GAP = 31
_LETTERS = "*ACDEFGHIKLMNPQRSTVWY"
# Standard genetic code, codons in the order AAA, AAC, AAG, AAT, ACA, ... TTT
_CODE = "KNKNTTTTRSRSIIMIQHQHPPPPRRRRLLLLEDEDAAAAGGGGVVVV*Y*YSSSS*CWCLFLF"
RESIDUE_OF: NDArray[np.uint8] = np.array([_LETTERS.index(a) for a in _CODE], np.uint8)

SEED = 10  # residues that are compared, in part, before a library protein is followed
CONTEXTS = 1 << 16  # context numbers are below this
CONFIDENCES = 9  # confidence is below this


@dataclass(frozen=True, eq=False)
class Library:
    """Library proteins and the index of their seeds; threads may share it.

    ``counts`` (2 * 65536,) uint32 are what the two context tables start from: four 8-bit
    counts, A in the lowest byte, as training left them. ``index`` is what the native core
    reads.
    """

    counts: NDArray[np.uint32]
    index: core.Library

    @property
    def residues(self) -> NDArray[np.uint8]:
        """Residues, (m,) uint8 at most GAP, which ends a protein."""
        return self.index.residues


def build_library(residues: NDArray[np.uint8], counts: NDArray[np.uint32] | None = None) -> Library:
    """Index residues (any uint8 codes: what is above GAP is GAP); no counts are zeros."""
    start = np.zeros(2 * CONTEXTS, np.uint32) if counts is None else np.array(counts, np.uint32)
    start.setflags(write=False)
    return Library(start, core.Library(residues, start))


def library_over(text: NDArray[np.uint8], counts: NDArray[np.uint32]) -> Library:
    """Index residues between margins, which stay where they are (`core.library_over`)."""
    counts.setflags(write=False)
    return Library(counts, core.library_over(text, counts))


@lru_cache(maxsize=1)
def empty_library() -> Library:
    """A library that never says anything."""
    return build_library(np.zeros(0, np.uint8))


def trace(
    bases: NDArray[np.uint8], classes: NDArray[np.uint8], library: Library
) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """What the library says of every base, for training and tests.

    Returns (2, n) context numbers below 2**16, 0 where there is nothing to say, and (n,) the
    confidence of the first: 0 to 8.
    """
    contexts = np.zeros((2, len(bases)), np.uint16)
    confidence = np.zeros(len(bases), np.uint8)
    core.trace_library(
        library.index,
        np.ascontiguousarray(bases),
        np.ascontiguousarray(classes),
        contexts,
        confidence,
    )
    return contexts, confidence
