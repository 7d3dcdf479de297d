"""What reading takes, told before it is done: bases to decode and memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcoder import coder
from seqcoder.reading.genome import Genome
from seqcoder.reading.reader import Container
from seqcoder.settings import DEFAULT_CACHE_BYTES
from seqcoder.storage.memory import PER_FILE_BYTE, PER_WALK_BYTE

_PROCESS = 48 << 20
"""Python, numpy and the core, as loaded."""

_MODEL, _MAKING_IT = 48 << 20, 136 << 20
"""A model with its library, and what making that takes for a moment, before anything else."""

_FILES = 3
"""One that is restored, and walks and texts of those before that are still kept."""


@dataclass(frozen=True)
class Cost:
    """``bases`` to decode, and the bytes of ``memory`` that takes at most, process included."""

    bases: int
    memory: int


def cost(container: Container, genome: Genome | None, threads: int) -> Cost:
    """Return what reading one genome, or all (None) one after the other, costs at most.

    Raises IntegrityError for a damaged walk, ReferenceMissingError where the reference is needed
    and not to be had.
    """
    genomes = list(container.values()) if genome is None else [genome]
    needed = container.decoder.needed(_spans(container, genome))
    bases = sum(needed.values())
    coders = sorted(
        (coder.memory_bytes(entry.row.coding, entry.row.n_bases) for entry in needed), reverse=True
    )
    sizes = sorted((genome.row.size for genome in genomes), reverse=True)
    memory = sum(coders[:threads]) + PER_FILE_BYTE * sum(sizes[:_FILES])
    if genome is None:
        walks = PER_WALK_BYTE * sum(genome.row.walk_length for genome in genomes)
        memory += min(DEFAULT_CACHE_BYTES // 2, walks)
    memory += min(bases, max(DEFAULT_CACHE_BYTES, sum(sizes[:1])))
    if any(entry.row.model for entry in needed):
        memory = max(memory + _MODEL, _MAKING_IT)
    memory += _PROCESS
    return Cost(bases, memory)


def _spans(container: Container, genome: Genome | None) -> NDArray[np.int64]:
    if genome is None:
        return np.array([[0, container.reader.index.n_bases]])
    start = genome.row.base_start
    if start is None:
        return genome.walk.spans()
    return np.array([[start, start + genome.row.n_bases]])
