"""Groups of relatives: which inputs come side by side, decided when they are planned."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seqcoder import fasta
from seqcoder.errors import SeqcoderError
from seqcoder.settings import thread_count
from seqcoder.storage.lists import read_pairs
from seqcoder.writing.genome_source import GenomeSource
from seqcoder_jobs.corpus.containers import expect_genomes, is_container
from seqcoder_jobs.corpus.opener import open_source
from seqcoder_jobs.writing.choose_container import (
    Held,
    Joined,
    Joining,
    Sketch,
    evenly,
    most_similar,
)
from seqcoder_jobs.writing.families import Mapper, order_by_family
from seqcoder_jobs.writing.references import divide, extended
from seqcoder_jobs.writing.sketches import SAVED_HASHES, cut

if TYPE_CHECKING:
    from seqcoder.pangenome.sketches import SketchTable

Sources = Sequence[GenomeSource]


@dataclass(frozen=True)
class Group:
    """Relatives for new containers, in the pieces these get: one, if the group fits into one.

    ``number`` is that of a group which the archive has already, None for a new one. The
    containers of the pieces extend one of ``reference``, if there are any, or the container
    ``extends`` of the archive, if that is named, where they are written against ``relatives``
    (by name; none: all that are there).
    """

    pieces: list[list[GenomeSource]]
    number: int | None = None
    reference: list[GenomeSource] = field(default_factory=list)
    extends: str = ""
    relatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grouped:
    """Where new inputs go, each once: into new containers, or beside relatives there are."""

    groups: list[Group]
    joined: tuple[Joined, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
    """The groups of those joined, by name."""
    sketches: Mapping[str, Sketch] = field(default_factory=dict)
    """To be saved, by name."""


Grouping = Callable[[Sources, int, Held], Grouped]
"""Groups sources; what has no relatives is a group of one.

The second argument is what a container takes, in bytes, the third what the archive holds.
"""
Sketches = list[NDArray[np.uint64]]

_BATCH_BYTES = 32 << 20


_NOTHING = Held()


def alone(sources: Sources, container_bytes: int = 0, held: Held = _NOTHING) -> Grouped:
    """Return every source as a group of its own."""
    return Grouped([Group([[source]]) for source in sources])


def by_sketches(
    sources: Sources, container_bytes: int, mapper: Mapper, held: Held = _NOTHING
) -> Grouped:
    """Group by sketches of the bases: each input is read once, by ``mapper``'s workers.

    Groups come in the order of their first members, those of one family (``families``) side by
    side. Without relatives that is the order given. A group that fills more than one container gets
    a reference, of its most central members.

    An input with relatives in the archive joins the most similar one's container, if it has room,
    or another one of that group.
    """
    from seqcoder.pangenome import arrange, group
    from seqcoder.pangenome.central import central
    from seqcoder.pangenome.sketches import SketchTable

    found = mapper(sketch_sources, list(_batches(sources)))
    sketches = SketchTable.of((sketch for _, some in found for sketch in some), len(sources))
    saved = {source.name: cut(sketches[i]) for i, source in enumerate(sources) if len(sketches[i])}
    known = held.sketches() if held.sources else {}
    if known:
        members_of, joined, numbers = _join(sources, sketches, known, held)
    else:
        members_of, joined, numbers = [(None, members) for members in group(sketches)], [], {}
    if sum(sources[i].size for _, members in members_of for i in members) > container_bytes:
        order = order_by_family([members for _, members in members_of], sources, _batches, mapper)
        members_of = [members_of[at] for at in order]

    def choose(members: list[int], count: int) -> list[int]:
        return arrange(central(np.array(members, np.int64), sketches, count), sketches)

    groups = []
    for number, members in members_of:
        extends, relatives = ("", ()) if number is None else extended(number, held)
        few: list[int] = []
        if not extends:
            few, members = divide(members, sources, container_bytes, choose)
        pieces = [
            [sources[i] for i in arrange(piece, sketches)]
            for piece in _pieces(members, sources, container_bytes)
        ]
        groups.append(Group(pieces, number, [sources[i] for i in few], extends, relatives))
    return Grouped(
        groups,
        tuple(
            Joined(file, tuple(sources[i] for i in arrange(members, sketches)), relatives)
            for file, members, relatives in joined
        ),
        numbers,
        saved,
    )


def _join(
    sources: Sources, sketches: SketchTable, known: Mapping[str, Sketch], held: Held
) -> tuple[
    list[tuple[int | None, list[int]]],
    list[tuple[str, list[int], tuple[str, ...]]],
    dict[str, int],
]:
    """Assign sources to groups, those of the archive and new ones.

    Returns groups with number and members that need new containers; containers that are
    appended to, with members and relatives there; and the group numbers of these members.
    """
    from seqcoder.pangenome.leaders import assign, nearest_known
    from seqcoder.pangenome.sketches import SketchTable

    none = np.zeros(0, np.uint64)
    n_held = len(held.sources)
    table = SketchTable.of(
        [
            *(known.get(source.name, none) for source in held.sources),
            *(sketches[i] for i in range(len(sources))),
        ],
        size=SAVED_HASHES,
    )
    given = np.array([*held.groups, *[-1] * len(sources)], np.int64)
    groups = assign(table, given)
    nearest = nearest_known(table, given, groups)[n_held:].tolist()
    joining = Joining(held)
    left: dict[int, list[int]] = {}
    for i, source in enumerate(sources):
        group = int(groups[n_held + i])
        if nearest[i] < 0 or not joining.take(i, source, group, held.files[nearest[i]]):
            left.setdefault(group, []).append(i)
    joined = []
    for file, members in sorted(joining.taken.items()):
        there = joining.members(file, {int(groups[n_held + i]) for i in members})
        relatives = most_similar(table, [n_held + i for i in members], there)
        joined.append((file, members, tuple(held.sources[i].name for i in relatives)))
    old = set(held.groups)
    numbers = {
        sources[i].name: int(groups[n_held + i]) for _, members, _ in joined for i in members
    }
    return (
        [(group if group in old else None, members) for group, members in left.items()],
        joined,
        numbers,
    )


def _pieces(members: list[int], sources: Sources, container_bytes: int) -> Iterator[list[int]]:
    """Divide a group that is larger than a container, in order, into pieces as equal as can be.

    So that no worker waits for a full container while another got the few genomes left over.
    """
    total = sum(sources[member].size for member in members)
    target = total / max(1, -(-total // container_bytes))
    piece: list[int] = []
    filled = done = 0
    count = 1
    for member in members:
        size = sources[member].size
        if piece and (filled + size > container_bytes or done + size / 2 > count * target):
            yield piece
            piece, filled = [], 0
            count += 1
        piece.append(member)
        filled += size
        done += size
    yield piece


def sketch_sources(sources: Sources) -> Sketches:
    """Read inputs and sketch them; what cannot be read or is no FASTA has an empty sketch.

    Of a genome's hashes the smallest are returned: what a `SketchTable` keeps.
    """
    from seqcoder.pangenome import sketch
    from seqcoder.pangenome.sketches import SIZE

    sketches: Sketches = []
    expect_genomes(source.path for source in sources if is_container(source.path))
    for source in sources:
        try:
            parsed = fasta.parse(fasta.decompress(open_source(source), source.label).data)
        except SeqcoderError:
            parsed = fasta.NotFasta("")  # told when it is compressed
        if isinstance(parsed, fasta.NotFasta):
            sketches.append(np.zeros(0, np.uint64))
        else:
            sketches.append(sketch(parsed.bases)[:SIZE].copy())
    return sketches


def _batches(sources: Sources) -> Iterator[tuple[GenomeSource, ...]]:
    """Cut ``sources`` into what one task reads: some files, or all members of a tar in a row."""
    batch: list[GenomeSource] = []
    filled = 0
    for source in sources:
        same_tar = bool(source.member) and bool(batch) and batch[-1].path == source.path
        if batch and not same_tar and (source.member or filled + source.size > _BATCH_BYTES):
            yield tuple(batch)
            batch, filled = [], 0
        batch.append(source)
        filled += source.size
    if batch:
        yield tuple(batch)


def map_here(
    function: Callable[[Any], Any], items: Sequence[Any], threads: int = 0
) -> Iterator[tuple[Any, Any]]:
    """Map on ``threads`` threads of this process, 0: as many as there are cores."""
    with ThreadPoolExecutor(thread_count(threads)) as pool:
        yield from zip(items, pool.map(function, items), strict=True)


def by_names(
    sources: Sources, container_bytes: int, groups: dict[str, str], held: Held = _NOTHING
) -> Grouped:
    """Group by what ``read_groups`` returned; inputs not named there are alone.

    An input of a group that has members in the archive joins the last container of these that
    has room.
    """
    numbers: dict[str, int] = {}
    for source, number in zip(held.sources, held.groups, strict=True):
        named = _named(source, groups)
        if named is not None:
            numbers.setdefault(named, number)
    joining = Joining(held)
    found: dict[tuple[bool, str], list[GenomeSource]] = {}
    group_of: dict[str, int] = {}
    for i, source in enumerate(sources):
        named = _named(source, groups)
        if named in numbers and joining.take(i, source, numbers[named]):
            group_of[source.name] = numbers[named]
            continue
        key = (False, source.name) if named is None else (True, named)
        found.setdefault(key, []).append(source)
    joined = []
    for file, members in sorted(joining.taken.items()):
        there = evenly(joining.members(file, {group_of[sources[i].name] for i in members}))
        names = tuple(held.sources[i].name for i in there)
        joined.append(Joined(file, tuple(sources[i] for i in members), names))
    named_groups = []
    for (is_named, name), inputs in found.items():
        its = numbers.get(name) if is_named else None
        extends, relatives = ("", ()) if its is None else extended(its, held)
        few: list[int] = []
        rest = list(range(len(inputs)))
        if not extends:
            few, rest = divide(rest, inputs, container_bytes, evenly)
        pieces = [[inputs[i] for i in rest]]
        named_groups.append(Group(pieces, its, [inputs[i] for i in few], extends, relatives))
    return Grouped(
        named_groups,
        tuple(joined),
        group_of,
    )


def _named(source: GenomeSource, groups: dict[str, str]) -> str | None:
    keys = (source.name, source.label, source.path)
    return next((groups[key] for key in keys if key in groups), None)


def read_groups(path: str) -> dict[str, str]:
    """Read a file of lines ``input <tab> group``: group by genome name or path of the input.

    Relative paths count also as seen from here. Blank lines and comments are left out.

    Raises:
        InputError: the file cannot be read. UsageError: a line has not two columns, an input has
            two groups.
    """
    groups = read_pairs(path, "INPUT", "GROUP")
    here = {os.path.abspath(name): group for name, group in groups.items()}  # noqa: PTH100
    return here | groups
