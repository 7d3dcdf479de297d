from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcoder.latent import hmm
from seqcoder.latent.types import mirror

TrainingGenome = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def test_genes_are_found_with_strand_and_frame(genome: TrainingGenome) -> None:
    bases, truth = genome
    labels = hmm.fit_labels(bases)
    genes = truth > 0
    assert (labels[genes] == truth[genes]).mean() > 0.97
    assert (labels[~genes] == 0).mean() > 0.5


def test_both_strands_give_mirrored_labels(genome: TrainingGenome) -> None:
    bases, _ = genome
    options = hmm.PhaseOptions(grain=1)
    here = hmm.fit_labels(bases, options=options)
    there = mirror(hmm.fit_labels(3 - bases[::-1], options=options))
    assert (here == there).mean() > 0.97


def test_types_change_only_between_windows(genome: TrainingGenome) -> None:
    from seqcoder.latent.types import classes_to_latents, latents_to_classes

    labels = hmm.fit_labels(genome[0])
    assert np.array_equal(latents_to_classes(classes_to_latents(labels), labels.size), labels)


def test_random_bases_cost_few_changes() -> None:
    bases = np.random.default_rng(5).integers(0, 4, 200_000).astype(np.uint8)
    labels = hmm.fit_labels(bases)
    assert labels.shape == bases.shape
    assert labels.max() <= 6


def test_word_costs_are_code_lengths() -> None:
    counts = np.random.default_rng(2).integers(0, 50, (hmm.STATES, hmm.WORDS))
    costs = hmm.word_costs(counts)[:, : hmm.STATES] / hmm.COST_ONE_BIT
    total = (2.0**-costs).reshape(-1, 4, hmm.STATES).sum(axis=1)
    assert np.abs(total - 1).max() < 0.01


def test_short_chunks() -> None:
    for n in range(8):
        assert hmm.fit_labels(np.zeros(n, np.uint8)).shape == (n,)


def test_unknown_labels_are_not_counted(genome: TrainingGenome) -> None:
    bases, truth = genome
    counts = np.zeros((hmm.STATES, hmm.WORDS), np.int64)
    hmm.count_words(bases, np.full(bases.size, 255, np.uint8), counts)
    assert counts.sum() == 0
    hmm.count_words(bases, truth, counts)
    assert counts.sum() == 2 * (bases.size - hmm.ORDER)
