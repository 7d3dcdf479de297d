"""Inputs compared with what an archive holds and has planned: new, changed, to be tried again."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from seqcoder import fasta
from seqcoder.errors import SeqcoderError
from seqcoder.storage.url import is_url
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.plan import ContainerPlan
from seqcoder_jobs.corpus.opener import ArchiveOpener

_Key = tuple[str, str]


@dataclass(frozen=True)
class Done:
    """What the manifest tells of an archive: containers finished, and the genomes in them.

    Containers are named by ``ContainerPlan.key``. ``held``: SHA-256 (hex) by genome and file of
    its container; what a finished container ought to hold and does not has failed.
    """

    containers: frozenset[str] = frozenset()
    held: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Compared:
    """The containers planned so far, inputs to be planned again and for the first time.

    ``changed``: inputs that are not what is held under their names, and are not planned again.
    """

    kept: tuple[ContainerPlan, ...]
    again: tuple[GenomeSource, ...]
    fresh: tuple[GenomeSource, ...]
    changed: tuple[GenomeSource, ...]


def compare(
    old: Sequence[ContainerPlan],
    sources: Sequence[GenomeSource],
    done: Done,
    *,
    replacing: bool = False,
    left_out: Collection[str] = (),
) -> Compared:
    """Compare inputs with the containers planned.

    What is in containers stays where it is. What is planned and not yet in one is taken as it is
    now. A failed input is taken out of the container it was left out of, and planned again as it is
    now; or not, if its file has been removed or its label is one of ``left_out``. ``replacing``:
    so are inputs that changed.
    """
    # What takes another's place comes after it in the plan, under the same key.
    places = {_key(genome): (genome, c) for c in old for genome in c.genomes}
    listed = {_key(source): source for source in sources}
    failed = {
        key
        for key, (genome, c) in places.items()
        if c.key in done.containers and (genome.name, c.file) not in done.held
    }
    again = [
        replace(listed.get(key, genome), name=genome.name)
        for key, (genome, _) in places.items()
        if key in failed
        and (key in listed or not _is_gone(genome))
        and genome.label not in left_out
    ]
    # What a purge will let go of: until then planned containers are written from there.
    files = {(genome.name, c.file) for c in old for genome in c.genomes}
    moving = {place[0]: sha256 for place, sha256 in done.held.items() if place not in files}
    held: list[tuple[GenomeSource, str]] = []
    pending: dict[_Key, GenomeSource] = {}
    for key, source in listed.items():
        genome, container = places.get(key, (source, None))
        if container is None or key in failed or _facts(source) == _facts(genome):
            continue
        named = replace(source, name=genome.name)
        if container.key in done.containers:
            held.append((named, done.held[genome.name, container.file]))
        elif genome.name in moving:
            held.append((named, moving[genome.name]))
        else:
            pending[key] = named
    changed = _changed(held)
    if replacing:
        again += [source for source, digest in changed if digest and source.name not in moving]
    taken = {source.name for source in again}

    def kept(container: ContainerPlan) -> ContainerPlan:
        genomes = []
        for genome in container.genomes:
            key = _key(genome)
            if places[key][1] is not container:
                genomes.append(genome)
            elif key not in failed:
                genomes.append(pending.get(key, genome))
        return replace(container, genomes=tuple(genomes))

    return Compared(
        tuple(c for c in map(kept, old) if c.genomes),
        tuple(again),
        tuple(source for key, source in listed.items() if key not in places),
        tuple(source for source, _ in changed if source.name not in taken),
    )


def _key(source: GenomeSource) -> _Key:
    return source.path, source.member


def _is_gone(source: GenomeSource) -> bool:
    """Whether the user removed a local input."""
    return not is_url(source.path) and not Path(source.path).exists()


def _facts(source: GenomeSource) -> tuple[int, int]:
    return source.size, source.mtime_ns


def _changed(sources: Sequence[tuple[GenomeSource, str]]) -> list[tuple[GenomeSource, str]]:
    """Return of inputs, each with the SHA-256 (hex) of what is held, those that are not that.

    With them the digests of what they are, "" of one that cannot be read.
    """
    ArchiveOpener().expect([source for source, _ in sources])
    now = ((source, sha256, _digest(source)) for source, sha256 in sources)
    return [(source, digest) for source, sha256, digest in now if digest != sha256]


def _digest(source: GenomeSource) -> str:
    """Return the SHA-256 (hex) of the file as it is now, "" if it cannot be read."""
    try:
        return hashlib.sha256(
            fasta.decompress(ArchiveOpener()(source), source.label).data
        ).hexdigest()
    except SeqcoderError:
        return ""
