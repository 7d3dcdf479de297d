"""A corpus of any size made by mutation from a few genomes: plain data, seeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqcoder import fasta
from seqcoder.errors import InputError

LETTERS = np.frombuffer(b"ACGT", np.uint8)
_INVENTED_BASES = 2_000_000
_PER_FOLDER = 1000


@dataclass(frozen=True)
class Shape:
    """What is made: ``files`` of about ``bases`` each, of the ancestors mutated at ``rate``.

    Sizes vary by a quarter. ``rate`` is substitutions per base; a tenth as many are small
    insertions and deletions, and one stretch in each file is turned round.
    """

    files: int
    bases: int
    rate: float = 0.01
    width: int = 80


def ancestors(paths: Sequence[Path], seed: int) -> list[NDArray[np.uint8]]:
    """Return the bases (uint8, A C G T = 0..3) of FASTA files, or of one invented genome.

    Raises:
        InputError: a file cannot be read or is no FASTA.
    """
    if not paths:
        return [np.random.default_rng(seed).integers(0, 4, _INVENTED_BASES, dtype=np.uint8)]
    found = []
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from None
        parsed = fasta.parse(fasta.decompress(data, str(path)).data)
        if isinstance(parsed, fasta.NotFasta):
            raise InputError(f"{path}: no FASTA; ancestors are genomes")
        found.append(np.array(parsed.bases))
    return found


def mutate(bases: NDArray[np.uint8], rate: float, random: np.random.Generator) -> NDArray[np.uint8]:
    """Return a descendant: substitutions, small insertions and deletions, one inversion."""
    child = bases.copy()
    n = len(child)
    places = random.integers(0, n, random.poisson(rate * n))
    child[places] = (child[places] + random.integers(1, 4, len(places))) & 3
    start, stop = sorted(random.integers(0, n, 2))
    stop = min(stop, start + n // 20)
    child[start:stop] = 3 - child[start:stop][::-1]
    cuts = np.sort(random.integers(0, n, random.poisson(rate * n / 10)))
    gone = np.ones(n, np.bool_)
    for cut in cuts[::2]:
        gone[cut : cut + int(random.integers(1, 30))] = False
    inserted = np.repeat(cuts[1::2], 9)
    child, left = child[gone], np.cumsum(gone)
    return np.insert(child, left[inserted] - gone[inserted], random.integers(0, 4, len(inserted)))


def fasta_text(name: str, bases: NDArray[np.uint8], width: int) -> bytes:
    """Return one record with lines of ``width``."""
    letters = LETTERS[bases]
    whole = len(letters) // width * width
    lines = np.full((whole // width, width + 1), ord("\n"), np.uint8)
    lines[:, :width] = letters[:whole].reshape(-1, width)
    last = letters[whole:].tobytes()
    return f">{name}\n".encode() + lines.tobytes() + (last + b"\n" if last else b"")


def generate(folder: Path, shape: Shape, from_files: Sequence[Path], seed: int) -> int:
    """Write the corpus below ``folder``, a thousand files a subfolder; returns its bytes.

    Each file depends on ``seed`` and its own number alone, so that a smaller corpus is the
    beginning of a larger one.
    """
    parents = ancestors(from_files, seed)
    total = 0
    for number in range(shape.files):
        random = np.random.default_rng([seed, number])
        parent = parents[number % len(parents)]
        n = min(len(parent), int(shape.bases * random.uniform(0.75, 1.25)))
        start = int(random.integers(0, len(parent) - n + 1))
        child = mutate(parent[start : start + n], shape.rate, random)
        path = folder / f"{number // _PER_FOLDER:04d}" / f"g{number:06d}.fa"
        path.parent.mkdir(parents=True, exist_ok=True)
        data = fasta_text(f"contig{number} mutated seed={seed}", child, shape.width)
        path.write_bytes(data)
        total += len(data)
    return total
