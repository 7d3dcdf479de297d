"""What a run will come to, guessed before it: bases, chunks, bytes, time, memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seqcoder import coder
from seqcoder.settings import Settings
from seqcoder.storage.bucket import PART_BYTES
from seqcoder.storage.url import is_url
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.plan import ContainerPlan
from seqcoder_cluster.stages import PROCESS_BYTES

# How much bacterial FASTA grows when decompressed, by suffix (measured on the dev genomes).
_GROWTH = {".gz": 3.4, ".bgz": 3.3, ".zst": 3.5, ".xz": 3.9, ".bz2": 3.8}
_BASES_PER_BYTE = 0.985  # headers and line ends take the rest
# Bits per base and bases per second of one core, coding and verifying, by level: whole genomes of
# the dev set (docs/archive.md). A genome with a relative before it costs about as much at all
# levels: 18 Listeria, less the first, at level 2.
_BITS = {1: 1.9, 2: 1.64, 3: 1.63}
_SPEED = {1: 22e6, 2: 1.3e6, 3: 0.75e6}
_RELATED_BITS, _RELATED_SPEED = 0.08, 15e6
_START_SECONDS = 8.0  # Ray
# Base space, seeds and walks of a container while it is written, and a genome at hand.
_BYTES_PER_BASE_HELD = 6
# Requests to an object store, counted on moto: a run, a container, a part of a large one. One whose
# archive lies there renews its claim every ten seconds.
_RUN_REQUESTS, _CONTAINER_REQUESTS, _PART_REQUESTS = 130, 33, 2
_RENEWED_SECONDS = 10


@dataclass(frozen=True)
class Estimate:
    """Guesses; ``seconds`` on ``cores`` cores, ``memory`` in bytes of all processes together."""

    raw_bytes: int
    bases: int
    chunks: int
    bytes: int
    cores: int
    seconds: float
    cpu_hours: float
    memory: int


@dataclass(frozen=True)
class Transfers:
    """Guesses of what is read and written, in bytes, and of the requests to object stores."""

    read_bytes: int
    written_bytes: int
    requests: int


def source_bases(source: GenomeSource) -> int:
    """Guess the bases of an input from its size and suffix."""
    return int(source_raw_bytes(source) * _BASES_PER_BYTE)


def source_raw_bytes(source: GenomeSource) -> int:
    """Guess the decompressed size of an input."""
    name = (source.member or source.path.partition("?")[0]).lower()
    growth = next((g for suffix, g in _GROWTH.items() if name.endswith(suffix)), 1.0)
    return int(source.size * growth)


def estimate(
    containers: Sequence[ContainerPlan],
    settings: Settings,
    cores: int,
    groups: Mapping[str, int] | None = None,
) -> Estimate:
    """Guess what writing ``containers`` on ``cores`` cores comes to.

    ``groups``: the groups of the genomes by name; the first of a group costs what one without
    relatives does, the others little. None: all are taken to have no relatives.
    """
    known: set[int | str] = set()
    for container in containers:  # that go on after a container have their relatives there
        if groups and (container.part or container.reference):
            known |= {groups[genome.name] for genome in container.genomes}
    fresh = related = 0
    size = seconds = 0.0
    largest = 0
    for container in containers:
        level = container.settings(settings).level
        held = 0
        for genome in container.genomes:
            bases = source_bases(genome)
            group = groups[genome.name] if groups else genome.name
            if group in known and not container.is_reference:
                related += bases
                held += bases // 50
                continue
            first = group not in known
            known.add(group)
            fresh += bases
            held += bases
            # Of the later ones of a reference a part is new.
            bits = _BITS[level] if first or not container.is_reference else 3 * _RELATED_BITS
            size += bases * bits / 8
            seconds += bases / (_SPEED[level] if first else _RELATED_SPEED)
        largest = max(largest, held + max(map(source_bases, container.genomes), default=0))
    size += related * _RELATED_BITS / 8 + 250 * sum(len(c.genomes) for c in containers)
    seconds += related / _RELATED_SPEED
    task = coder.memory_bytes(coder.LEVELS[settings.level].coding, settings.chunk_bases)
    writers = min(len(containers), 1 + -(-cores // 4))
    sources = [genome for container in containers for genome in container.genomes]
    return Estimate(
        raw_bytes=sum(map(source_raw_bytes, sources)),
        bases=fresh + related,
        chunks=-(-fresh // settings.chunk_bases) if sources else 0,
        bytes=int(size),
        cores=cores,
        seconds=_START_SECONDS + seconds / cores if sources else 0.0,
        cpu_hours=seconds / 3600,
        memory=cores * (PROCESS_BYTES + task)
        + writers * (PROCESS_BYTES + _BYTES_PER_BASE_HELD * largest),
    )


def transfers(
    containers: Sequence[ContainerPlan], guess: Estimate, settings: Settings, *, in_store: bool
) -> Transfers:
    """Guess what writing ``containers`` (``guess``) reads, writes and asks of object stores.

    Inputs are read once, and once before to find relatives; a container in a store (``in_store``)
    is read back when it is uploaded.
    """
    sources = [genome for container in containers for genome in container.genomes]
    times = 2 if settings.group else 1
    requests = times * sum(is_url(source.path) for source in sources)
    read = times * sum(source.size for source in sources)
    if in_store and containers:
        parts = guess.bytes // PART_BYTES
        requests += _RUN_REQUESTS + len(containers) * _CONTAINER_REQUESTS + parts * _PART_REQUESTS
        requests += int(guess.seconds / _RENEWED_SECONDS)
        read += guess.bytes
    return Transfers(read, guess.bytes, requests)
