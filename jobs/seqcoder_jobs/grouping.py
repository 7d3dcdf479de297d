"""Groups of relatives: which inputs come side by side, decided when they are planned."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcoder import fasta
from seqcoder.errors import SeqcoderError, UsageError
from seqcoder.executor import thread_count
from seqcoder.genome import GenomeSource
from seqcoder_jobs.corpus.opener import open_source

Sources = Sequence[GenomeSource]
Groups = list[list[list[GenomeSource]]]
"""Groups of relatives, each in the pieces that containers get: one, if it fits into one."""
Grouping = Callable[[Sources, int], Groups]
"""Returns the sources in groups, each source once; what has no relatives is a group of one.

The second argument is what a container takes, in bytes.
"""
Sketches = list[NDArray[np.uint64]]
Mapper = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[tuple[Any, Any]]]
"""Yields each item with the function's value, in order: ``map_here``, or tasks of a cluster."""

_BATCH_BYTES = 32 << 20


def alone(sources: Sources, container_bytes: int = 0) -> Groups:
    """Return every source as a group of its own."""
    return [[[source]] for source in sources]


def by_sketches(sources: Sources, container_bytes: int, mapper: Mapper) -> Groups:
    """Group by sketches of the bases: each input is read once, by ``mapper``'s workers.

    Groups come in the order of their first members. Without relatives that is the order given.
    """
    from seqcoder.pangenome import arrange, group
    from seqcoder.pangenome.sketches import SketchTable

    found = mapper(sketch_sources, list(_batches(sources)))
    sketches = SketchTable.of((sketch for _, some in found for sketch in some), len(sources))
    return [
        [
            [sources[i] for i in arrange(piece, sketches)]
            for piece in _pieces(members, sources, container_bytes)
        ]
        for members in group(sketches)
    ]


def _pieces(members: list[int], sources: Sources, container_bytes: int) -> Iterator[list[int]]:
    """Divide a group that is larger than a container, in order: each piece fills one."""
    piece: list[int] = []
    filled = 0
    for member in members:
        if piece and filled + sources[member].size > container_bytes:
            yield piece
            piece, filled = [], 0
        piece.append(member)
        filled += sources[member].size
    yield piece


def sketch_sources(sources: Sources) -> Sketches:
    """Read inputs and sketch them; what cannot be read or is no FASTA has an empty sketch.

    Of a genome's hashes the smallest are returned: what a `SketchTable` keeps.
    """
    from seqcoder.pangenome import sketch
    from seqcoder.pangenome.sketches import SIZE

    sketches: Sketches = []
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


def by_names(sources: Sources, groups: dict[str, str]) -> Groups:
    """Group by what ``read_groups`` returned; inputs not named there are alone."""
    found: dict[tuple[bool, str], list[GenomeSource]] = {}
    for source in sources:
        named = next(
            (groups[key] for key in (source.name, source.label, source.path) if key in groups), None
        )
        key = (False, source.name) if named is None else (True, named)
        found.setdefault(key, []).append(source)
    return [[members] for members in found.values()]


def read_groups(path: str) -> dict[str, str]:
    """Read a file of lines ``input <tab> group``: group by genome name or path of the input.

    Relative paths count also as seen from here. Blank lines and those beginning with # are left
    out.

    Raises:
        UsageError: the file cannot be read, a line has not two columns, an input has two groups.
    """
    try:
        lines = Path(path).read_text(errors="surrogateescape").splitlines()
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}; --groups takes a file of lines INPUT<tab>GROUP"
        ) from None
    groups: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = [column.strip() for column in line.split("\t")]
        if len(columns) != 2 or not all(columns):
            raise UsageError(f"{path}, line {number}: not INPUT<tab>GROUP; mend the line")
        name, group = columns
        if groups.setdefault(name, group) != group:
            raise UsageError(
                f"{path}, line {number}: {name} has two groups, {groups[name]} and {group}; "
                "leave one of them"
            )
    here = {os.path.abspath(name): group for name, group in groups.items()}  # noqa: PTH100
    return here | groups
