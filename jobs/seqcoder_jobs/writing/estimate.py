"""What a run will come to, guessed before it: bases, chunks, bytes, time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seqcoder.settings import Settings
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.plan import ContainerPlan

# How much bacterial FASTA grows when decompressed, by suffix (measured on the dev genomes).
_GROWTH = {".gz": 3.4, ".bgz": 3.3, ".zst": 3.5, ".xz": 3.9, ".bz2": 3.8}
_BASES_PER_BYTE = 0.985  # headers and line ends take the rest
# Bits per base and bases per second of one core, coding and verifying, by level: measured on the
# first mebibase of EsCo (ChunkCoder.latents and .code, CPU time), rounded.
_BITS = {1: 1.99, 2: 1.85, 3: 1.84}
_SPEED = {1: 25e6, 2: 0.65e6, 3: 0.45e6}
_START_SECONDS = 8.0  # Ray, and the coder's kernels


@dataclass(frozen=True)
class Estimate:
    """Guesses; ``seconds`` on ``cores`` cores."""

    raw_bytes: int
    bases: int
    chunks: int
    bytes: int
    cores: int
    seconds: float


def source_bases(source: GenomeSource) -> int:
    """Guess the bases of an input from its size and suffix."""
    return int(source_raw_bytes(source) * _BASES_PER_BYTE)


def source_raw_bytes(source: GenomeSource) -> int:
    """Guess the decompressed size of an input."""
    name = (source.member or source.path.partition("?")[0]).lower()
    growth = next((g for suffix, g in _GROWTH.items() if name.endswith(suffix)), 1.0)
    return int(source.size * growth)


def estimate(containers: Sequence[ContainerPlan], settings: Settings, cores: int) -> Estimate:
    """Guess what writing ``containers`` on ``cores`` cores comes to."""
    sources = [genome for container in containers for genome in container.genomes]
    per_source = [source_bases(source) for source in sources]
    bases = sum(per_source)
    return Estimate(
        raw_bytes=sum(map(source_raw_bytes, sources)),
        bases=bases,
        chunks=sum(-(-count // settings.chunk_bases) for count in per_source),
        bytes=int(bases * _BITS[settings.level] / 8) + 400 * len(sources),
        cores=cores,
        seconds=_START_SECONDS + bases / (_SPEED[settings.level] * cores) if sources else 0.0,
    )
