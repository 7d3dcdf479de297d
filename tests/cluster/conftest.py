"""The corpus that the cluster tests share."""

from __future__ import annotations

import pytest
from corpus import SETTINGS, Corpus, make_corpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Two containers: four small genomes in one batch; three of several chunks."""
    sizes = [30_000, 20_000, 40_000, 25_000, 350_000, 320_000, 300_000]
    folder = tmp_path_factory.mktemp("corpus") / "genomes"
    return make_corpus(folder, SETTINGS, sizes, 500_000)
