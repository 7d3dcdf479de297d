from __future__ import annotations

from types import ModuleType

import numpy as np
import phase_reference as reference
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.latent import phase_model
from seqcoder.latent.types import classes_to_latents, latents_to_classes, mirror

Genome = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def labels_of(bases: NDArray[np.uint8]) -> NDArray[np.uint8]:
    types = phase_model.fit_types(bases)
    return latents_to_classes(types.view(np.int8), bases.size)


def drawn(seed: int, n: int, at: float = 0.5) -> NDArray[np.uint8]:
    share = [at / 2, (1 - at) / 2, (1 - at) / 2, at / 2]
    return np.random.default_rng(seed).choice(4, n, p=share).astype(np.uint8)


@pytest.mark.usefixtures("core_build")
def test_genes_are_found_with_strand_and_frame(genome: Genome) -> None:
    bases, truth = genome
    labels = labels_of(bases)
    genes = truth > 0
    assert (labels[genes] == truth[genes]).mean() > 0.97
    assert (labels[~genes] == 0).mean() > 0.5


def test_both_strands_give_mirrored_labels(genome: Genome) -> None:
    bases = genome[0][: genome[0].size // 24 * 24]
    there = mirror(labels_of(np.ascontiguousarray(3 - bases[::-1])))
    assert (labels_of(bases) == there).mean() > 0.95


def test_builds_find_the_same_types(genome: Genome, core_build: ModuleType) -> None:
    types = phase_model.fit_types(genome[0])
    assert int(types.sum()) > 0
    with pytest.MonkeyPatch.context() as patch:
        from seqcoder.core import _portable

        for name in ("open_frame_types", "count_words", "word_costs", "cheapest_types"):
            patch.setattr(core, name, getattr(_portable, name))
        assert np.array_equal(phase_model.fit_types(genome[0]), types)


@given(st.integers(0, 2**32), st.integers(0, 4000), st.floats(0.05, 0.95))
def test_open_frames_are_the_references(
    core_build: ModuleType, seed: int, n: int, at: float
) -> None:
    bases = drawn(seed, n, at)
    assert phase_model.open_frame_types(bases).tolist() == reference.open_frame_types(
        bases.tolist()
    )


def test_open_frames_of_genes(core_build: ModuleType, genome: Genome) -> None:
    bases, truth = genome[0][:30_000], genome[1][:30_000]
    types = phase_model.open_frame_types(bases)
    assert types.tolist() == reference.open_frame_types(bases.tolist())
    assert (types == classes_to_latents(truth))[types > 0].mean() > 0.9


@given(st.integers(0, 2**32), st.integers(0, 400))
def test_words_are_counted_on_both_strands(core_build: ModuleType, seed: int, n: int) -> None:
    bases = drawn(seed, n)
    rng = np.random.default_rng(seed)
    runs = np.repeat(rng.integers(0, 9, 20), rng.integers(1, 4, 20))  # 7 and 8: not known
    types = runs[: -(-n // 24)].astype(np.uint8)
    counts = phase_model.count_words(bases, types)
    found = {(int(w), int(c)): int(counts[w, c]) for w, c in np.argwhere(counts)}
    assert found == reference.count_words(bases.tolist(), types.tolist())


@pytest.mark.parametrize("prior", [1, 6, 255])
def test_costs_are_the_references(core_build: ModuleType, prior: int) -> None:
    rng = np.random.default_rng(prior)
    counts = (rng.integers(0, 2, (4096, 8)) * rng.integers(0, 90, (4096, 8))).astype(np.uint32)
    counts[:, 5] = 0
    counts[0, 6] = 2**31 - 1
    costs = phase_model.word_costs(counts, prior)
    for c in range(7):
        assert costs[:, c].tolist() == reference.word_costs(counts[:, c].tolist(), prior)


def test_word_costs_are_code_lengths() -> None:
    counts = np.random.default_rng(2).integers(0, 50, (4096, 8)).astype(np.uint32)
    costs = phase_model.word_costs(counts)[:, :7] / phase_model.COST_ONE_BIT
    total = (2.0**-costs).reshape(-1, 4, 7).sum(axis=1)
    assert np.abs(total - 1).max() < 0.01


@given(st.integers(0, 2**32), st.integers(0, 300), st.sampled_from([3, 300, 1 << 24]))
def test_paths_are_the_references(
    core_build: ModuleType, seed: int, windows: int, dearest: int
) -> None:
    rng = np.random.default_rng(seed)
    costs = rng.integers(0, dearest + 1, (windows, 8)).astype(np.int32)
    into = [int(x) for x in rng.integers(0, 2 * dearest // 3 + 1, 2)]
    types = np.empty(windows, np.uint8)
    core.cheapest_path(costs, *into, types)
    assert types.tolist() == reference.cheapest_path(costs.tolist(), *into)


@given(st.integers(0, 2**32), st.integers(0, 500))
def test_cheapest_types_are_the_references(core_build: ModuleType, seed: int, n: int) -> None:
    bases = drawn(seed, n)
    costs = np.random.default_rng(seed).integers(0, 8192, (4096, 8)).astype(np.uint16)
    types = np.empty(-(-n // 24), np.uint8)
    core.cheapest_types(bases, costs, 900, 700, types)
    windows = reference.window_costs(bases.tolist(), costs.tolist())
    assert types.tolist() == reference.cheapest_path(windows, 900, 700)


def test_the_dearest_words_do_not_overflow(core_build: ModuleType) -> None:
    bases = np.zeros(240, np.uint8)
    costs = np.full((4096, 8), 8191, np.uint16)
    costs[:, 4] = 8190  # a sum that wrapped would be cheaper
    types = np.empty(10, np.uint8)
    core.cheapest_types(bases, costs, 0, 0, types)
    windows = reference.window_costs(bases.tolist(), costs.tolist())
    assert types.tolist() == reference.cheapest_path(windows, 0, 0)


def test_short_chunks() -> None:
    for n in range(50):
        assert phase_model.fit_types(np.zeros(n, np.uint8)).shape == (-(-n // 24),)


def test_wrong_sizes_are_refused(core_build: ModuleType) -> None:
    bases, costs = np.zeros(48, np.uint8), np.zeros((4096, 8), np.uint16)
    with pytest.raises(ValueError, match="types"):
        core_build.open_frame_types(bases, np.empty(3, np.uint8))
    with pytest.raises(ValueError, match="types"):
        core_build.cheapest_types(bases, costs, 0, 0, np.empty(1, np.uint8))
    with pytest.raises(ValueError, match="counts"):
        core_build.count_words(bases, np.zeros(2, np.uint8), np.zeros((7, 4096), np.uint32))
    with pytest.raises(ValueError, match="prior"):
        core_build.word_costs(np.zeros((4096, 8), np.uint32), 0, costs)
    with pytest.raises(ValueError, match=r"2\^24"):
        core_build.cheapest_path(np.full((1, 8), -1, np.int32), 0, 0, np.empty(1, np.uint8))
