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


def coding_genome(n: int, seed: int = 0) -> bytes:
    """A genome of open reading frames with a codon usage of its own, on both strands."""
    rng = np.random.default_rng(seed)
    stops = {48, 50, 56}  # TAA, TAG, TGA with A, C, G, T = 0..3
    codons = np.array([c for c in range(64) if c not in stops])
    usage = rng.dirichlet(np.full(len(codons), 0.4))
    parts: list[np.ndarray] = []
    total = 0
    while total < n:
        body = rng.choice(codons, int(rng.integers(150, 500)), p=usage)
        gene = np.concatenate([[14], body, [48]])  # ATG ... TAA
        bases = np.stack([gene >> 4, gene >> 2 & 3, gene & 3], axis=1).reshape(-1)
        bases = bases if rng.random() < 0.5 else 3 - bases[::-1]
        parts += [bases, rng.integers(0, 4, int(rng.integers(20, 150)))]
        total += sum(map(len, parts[-2:]))
    residues = letters(np.concatenate(parts)[:n].astype(np.uint8))
    return fasta_bytes((f"coding_{seed} invented", residues), width=80)
