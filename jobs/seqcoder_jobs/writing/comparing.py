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
    stored: Collection[tuple[str, str]] = frozenset()
    """Those of ``held`` that are no FASTA."""
    hidden: Collection[tuple[str, str]] = frozenset()
    """Those of ``held`` that were removed, or whose places others took."""


@dataclass(frozen=True)
class Changed:
    """An input that is not what is held under its name, and is not taken: why, and the remedy."""

    source: GenomeSource
    reason: str


@dataclass(frozen=True)
class Compared:
    """The containers planned so far, inputs to be planned again and for the first time.

    ``changed``: inputs that are not what is held under their names, and are not planned again.
    """

    kept: tuple[ContainerPlan, ...]
    again: tuple[GenomeSource, ...]
    fresh: tuple[GenomeSource, ...]
    changed: tuple[Changed, ...]


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
    held: list[_Held] = []
    pending: dict[_Key, GenomeSource] = {}
    for key, source in listed.items():
        genome, container = places.get(key, (source, None))
        if container is None or key in failed or _facts(source) == _facts(genome):
            continue
        named = replace(source, name=genome.name)
        if container.key in done.containers:
            place = genome.name, container.file
            held.append(_Held(named, done.held[place], place not in done.stored))
        elif genome.name in moving:
            held.append(_Held(named, moving[genome.name], moving=True))
        else:
            pending[key] = named
    changed: list[Changed] = []
    ArchiveOpener().expect([one.source for one in held])
    for one in held:
        reason = _reason(one, replacing)
        if reason:
            changed.append(Changed(one.source, reason))
        elif reason is not None:
            again.append(one.source)

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
        tuple(changed),
    )


def _key(source: GenomeSource) -> _Key:
    return source.path, source.member


def _is_gone(source: GenomeSource) -> bool:
    """Whether the user removed a local input."""
    return not is_url(source.path) and not Path(source.path).exists()


def _facts(source: GenomeSource) -> tuple[int, int]:
    return source.size, source.mtime_ns


@dataclass(frozen=True)
class _Held:
    """An input of other size or time than when it was taken, and what is held of it."""

    source: GenomeSource
    sha256: str
    is_fasta: bool = True
    moving: bool = False
    """Whether a purge that is not done will write it anew."""


def _reason(held: _Held, replacing: bool) -> str | None:
    """Return why an input is not taken in place of what is held; "" if it is, None: no change."""
    label = held.source.label
    try:
        data = fasta.decompress(ArchiveOpener()(held.source), label).data
    except SeqcoderError as error:
        why = str(error).removeprefix(f"{label}: ")
        return f"changed, and cannot be read ({why}); the archive keeps what it holds"
    if hashlib.sha256(data).hexdigest() == held.sha256:
        return None
    if not replacing:
        return (
            "changed since it was compressed, and the archive keeps what it holds; restore it, or "
            "take it with --replace"
        )
    if held.moving:
        return "changed, and a purge is not done; repeat the command"
    if held.is_fasta and bytes(data[:4096]).lstrip(_BLANKS)[:1] not in (b">", b";"):
        return (
            "changed, and is no FASTA any more; the archive keeps what it holds ('seqcoder-ray "
            "remove' takes that out)"
        )
    return ""


_BLANKS = b"\xef\xbb\xbf \t\r\n"
