from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from small_corpus import CORPUS


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Six small inputs, about three containers of ``SMALL``; one compressed, one protein."""
    folder = tmp_path / "corpus"
    for name, data in CORPUS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "e.fa").unlink()
    (folder / "e.fa.gz").write_bytes(gzip.compress(CORPUS["e.fa"], mtime=0))
    return folder


@pytest.fixture
def contents() -> dict[str, bytes]:
    """The decompressed corpus, by genome name."""
    return dict(CORPUS)
