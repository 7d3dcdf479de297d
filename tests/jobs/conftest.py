from __future__ import annotations

import gzip
from pathlib import Path
from random import Random

import pytest


def genome(seed: int, length: int, name: str = "c") -> bytes:
    bases = "".join(Random(seed).choices("ACGT", k=length))
    lines = "".join(f"{bases[at : at + 60]}\n" for at in range(0, length, 60))
    return f">{name}{seed} genome {seed}\n{lines}".encode()


CORPUS = {
    "a.fa": genome(1, 3000),
    "b.fa": genome(2, 5000) + b">plasmid\nACGTNNNNNacgt\n",
    "c/one.fna": genome(3, 4000),
    "c/two.fna": genome(4, 100),
    "d.faa": b">p\nMKVLAAGIVGLLLAQWERTYHHHEEEDDDKKK\n",
    "e.fa": genome(5, 2500),
}


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
