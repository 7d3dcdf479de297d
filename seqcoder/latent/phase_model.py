"""The phase model: a hidden Markov model over coding strand and codon position.

Seven states, which are also the classes of the integer decoder: 0 is outside genes, 1..3 are codon
positions 0..2 of a gene on the forward strand, 4..6 those of a gene on the reverse strand (which a
reader of the chunk meets in the order 6, 5, 4). Each state emits a base given the five before it.
Nothing is learned from annotation: types of windows start from long open reading frames (or from
the encoder network) and are re-estimated on the chunk itself by Viterbi training, tied between the
two strands.

All of it is integers, in the core: counts of 32 bits, probabilities of 2**-32, their logarithms by
a table in 1/256 bit. So every machine finds the same types.

Source of the method: Viterbi training of inhomogeneous Markov models of codon position,
Borodovsky & McIninch 1993 (GeneMark), Besemer, Lomsadze & Borodovsky 2001 (GeneMarkS).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.latent.types import count_windows

STATES = 7
ORDER = 5
WORDS = 4 ** (ORDER + 1)
COLUMNS = 8  # of a table by class; the last one is not used
COST_ONE_BIT = 256


@dataclass(frozen=True)
class PhaseOptions:
    """How the phase model is fitted: what changes cost in 1/256 bit, rounds, smoothing counts."""

    into_gene: int = 2432
    into_other: int = 1408
    rounds: int = 4
    prior: int = 6


def open_frame_types(bases: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """First types of the windows of (n,) bases: the longest open reading frames."""
    types = np.empty(count_windows(bases.size), np.uint8)
    core.open_frame_types(bases, types)
    return types


def count_words(bases: NDArray[np.uint8], types: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Count words of six bases by class, both strands tied -> (4096, 8) uint32."""
    counts = np.empty((WORDS, COLUMNS), np.uint32)
    core.count_words(bases, types, counts)
    return counts


def word_costs(counts: NDArray[np.uint32], prior: int = PhaseOptions.prior) -> NDArray[np.uint16]:
    """Code lengths in 1/256 bit of the last base of every word in every class, (4096, 8) uint16.

    Each order is smoothed towards the next lower one with ``prior`` counts.
    """
    costs = np.empty((WORDS, COLUMNS), np.uint16)
    core.word_costs(counts, prior, costs)
    return costs


def fit_types(
    bases: NDArray[np.uint8],
    start: NDArray[np.uint8] | None = None,
    options: PhaseOptions | None = None,
) -> NDArray[np.uint8]:
    """Find the types of a chunk's windows by Viterbi training on the chunk itself.

    Args:
        bases: uint8, 0..3, shape ``(n,)``.
        start: First types, (ceil(n / 24),) uint8; one of 7 or more is not known. Without them,
            long open reading frames.
        options: How it is fitted.
    """
    options = options or PhaseOptions()
    bases = np.ascontiguousarray(bases)
    types = open_frame_types(bases) if start is None else start
    for _ in range(options.rounds):
        costs = word_costs(count_words(bases, types), options.prior)
        before, types = types, np.empty_like(types)
        core.cheapest_types(bases, costs, options.into_gene, options.into_other, types)
        if np.count_nonzero(before != types) * 1000 < types.size:
            break
    return types
