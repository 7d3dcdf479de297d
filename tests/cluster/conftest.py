"""The corpus that the cluster tests share."""

from __future__ import annotations

import pytest
from corpus import PER_CONTAINER, SETTINGS, Corpus, make_corpus

from seqcoder.settings import DEFAULT_MODEL, Settings


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Two containers: four small genomes in one batch; one genome of four chunks."""
    sizes = [30_000, 20_000, 40_000, 25_000, 1_150_000]
    folder = tmp_path_factory.mktemp("corpus") / "genomes"
    return make_corpus(folder, SETTINGS, sizes, PER_CONTAINER)


@pytest.fixture(scope="session")
def corpus_with_latents(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """One container of several batches, with the default model."""
    folder = tmp_path_factory.mktemp("corpus") / "genomes"
    settings = Settings(model=DEFAULT_MODEL, chunk_bases=300_000)
    return make_corpus(folder, settings, [20_000, 320_000, 150_000, 60_000], 1 << 30)
