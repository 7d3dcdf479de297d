"""Small generated genomes for tests, and where the real ones are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zstandard

REAL = Path(__file__).resolve().parents[1].parent / "shared" / "data"


def random_bases(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4, n).astype(np.uint8)


def letters(bases: np.ndarray) -> bytes:
    return np.frombuffer(b"ACGT", np.uint8)[bases].tobytes()


def fasta_bytes(*records: tuple[str, bytes], width: int = 60, line_end: bytes = b"\n") -> bytes:
    out = bytearray()
    for header, residues in records:
        out += b">" + header.encode() + line_end
        for i in range(0, len(residues), width):
            out += residues[i : i + width] + line_end
    return bytes(out)


def small_genome(n: int = 20_000, seed: int = 0, records: int = 2) -> bytes:
    """A genome with a repeat, an N run, soft-masked stretches and several records."""
    parts = []
    for i in range(records):
        residues = bytearray(letters(random_bases(n // records, seed * 100 + i)))
        if len(residues) > 2000:
            residues[1500:1800] = residues[100:400]
            residues[900:940] = b"N" * 40
            residues[1000:1100] = residues[1000:1100].lower()
        parts.append((f"contig{i + 1} generated {seed}", bytes(residues)))
    return fasta_bytes(*parts)


def real_file(relative: str) -> bytes:
    """Return a real file's decompressed bytes, or skip the test where the data are absent."""
    path = REAL / relative
    if not path.exists():
        pytest.skip(f"real genomes are not here ({path}); they are not part of the project")
    with path.open("rb") as file:
        return zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(file).read()
