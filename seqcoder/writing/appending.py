"""Appending to a container: what is there is read as far as the new genomes need it.

The old bytes stay as they are. They are copied into the temporary file in which the container
grows, so that the file of that name is at all times either the old one or the new one, whole.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from seqcoder.container import rows
from seqcoder.container.index import SIGNATURE, SMALL, Index
from seqcoder.container.scan import scan_sections
from seqcoder.errors import IntegrityError, UsageError
from seqcoder.reading.reader import Container
from seqcoder.storage.range_source import RangeSource

if TYPE_CHECKING:
    from seqcoder.pangenome.build import Before
    from seqcoder.pangenome.walk import Ints


@dataclass(frozen=True)
class Basis:
    """A container as it is before an append: its index and its bytes."""

    path: Path
    index: Index
    size: int
    """Bytes up to the end of the last end section; what a torn append left behind it goes."""
    state: tuple[int, int, bytes]
    """Time, size and last bytes of the file as it was read: see ``check_unchanged``."""

    @property
    def facts(self) -> list[int | str]:
        """What tells this state of the container from others, for the temporary name."""
        return [self.path.name, self.size]


@dataclass(frozen=True)
class Append:
    """What is appended to, and the genomes there that new ones may be written against."""

    basis: Basis
    relatives: tuple[str, ...] | None = None
    """By name, those that are not there passed over; None: all of them."""
    threads: int = 1
    """Chunks of the old container decoded at a time."""


def read_basis(path: Path, but: Collection[str] = ()) -> Basis:
    """Read what an append needs to know of a container; raises InputError, IntegrityError.

    If genomes named ``but`` are in it, they and all behind them count as not there: the append
    that brought them is made again.
    """
    source = RangeSource(str(path))
    try:
        state = _state(path)
        with Container(source) as container:
            index, end = container.reader.index, container.reader.end
            first = min((g.ordinal for g in index.genomes if g.row.name in but), default=None)
            if first is not None:
                lost = index.genomes[first].offset
                end = max((old for old in index.ends if old <= lost), default=len(SIGNATURE))
                chunks = [chunk for chunk in index.chunks if chunk.offset < end]
                genomes = [genome for genome in index.genomes if genome.offset < end]
                others = [other for other in index.others if other.offset < end]
                index = Index(chunks, genomes, others)
            scan = scan_sections(source, end)
            if scan.problem:
                raise IntegrityError(f"{scan.problem}; nothing is appended to a damaged container")
            return Basis(path, index, end, state)
    finally:
        source.close()


def _state(path: Path) -> tuple[int, int, bytes]:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        file.seek(max(0, status.st_size - SMALL))
        return status.st_mtime_ns, status.st_size, file.read()


def check_unchanged(basis: Basis) -> None:
    """Raise UsageError if the container's file is another than the one that ``basis`` is of.

    One who holds the lock of the output knows thereafter that no append comes between.
    """
    try:
        same = _state(basis.path) == basis.state
    except FileNotFoundError:
        same = False
    if not same:
        raise UsageError(
            f"{basis.path}: changed since it was read, another process has written it; run the "
            "same command again"
        )


def copy_basis(basis: Basis, out: BinaryIO) -> None:
    """Make ``out``, open for reading and writing, begin with the container's bytes.

    What lies behind them is kept if they were there already. Leaves the file's position behind
    them.
    """
    with basis.path.open("rb") as old:
        if _begins_alike(old, out, basis.size):
            return
        old.seek(0)
        out.seek(0)
        out.truncate()
        shutil.copyfileobj(old, out, 1 << 20)
        out.truncate(basis.size)
        out.seek(basis.size)


def _begins_alike(old: BinaryIO, out: BinaryIO, size: int) -> bool:
    out.seek(0)
    while size:
        step = min(size, 1 << 20)
        data = old.read(step)
        if len(data) < step or out.read(step) != data:
            return False
        size -= step
    return True


def before(append: Append) -> Before:
    """Decode the base space that new genomes are written against.

    Only chunks that their walks touch are decoded, and chunks between these that are short.
    Raises IntegrityError where a chunk is damaged.
    """
    from seqcoder.pangenome.build import LEAST_UNKNOWN, UNKNOWN, Before
    from seqcoder.pangenome.walk_reading import read_walks

    basis = append.basis
    with Container(basis.path, threads=append.threads, index=basis.index) as container:
        names = container if append.relatives is None else append.relatives
        # A relative that was planned may have turned out not to be readable.
        chosen = [container[name] for name in names if name in container]
        ordinals = sorted({g.entry.ordinal for g in chosen if g.row.kind == rows.FASTA})
        others = container.by_ordinal
        n_bases = basis.index.n_bases
        reading = read_walks(
            ordinals,
            lambda ordinal: others[ordinal].walk_data,
            lambda ordinal: others[ordinal].row.n_bases,
            n_bases,
        )
        starts = [reading.walk(ordinal).spans() for ordinal in ordinals]
        spans = _chunk_spans(basis.index, np.concatenate([np.zeros((0, 2), np.int64), *starts]))
        spans = _joined(spans, n_bases, LEAST_UNKNOWN)
        text = np.full(n_bases, UNKNOWN, np.uint8)
        fetch = container.decoder.along(np.array(spans, np.int64).reshape(-1, 2))
        for start, stop in spans:
            text[start:stop] = fetch(start, stop)
    n_genomes = len(basis.index.genomes)
    return Before(text, tuple(spans), n_genomes, tuple(ordinals), reading)


def _chunk_spans(index: Index, spans: Ints) -> list[tuple[int, int]]:
    """Return the whole chunks that ``spans`` touch, as ranges of base space in order."""
    chunks = {chunk for start, stop in spans.tolist() for chunk in index.chunks_over(start, stop)}
    return sorted((chunk.first_base, chunk.stop_base) for chunk in chunks)


def _joined(spans: list[tuple[int, int]], n_bases: int, least: int) -> list[tuple[int, int]]:
    """Join ranges with less than ``least`` bases between them, to one another and to the ends."""
    if not spans:
        return []
    edges = [spans[0][0] if spans[0][0] >= least else 0]
    for (_, stop), (start, _) in pairwise(spans):
        if start - stop >= least:
            edges += [stop, start]
    edges.append(spans[-1][1] if n_bases - spans[-1][1] >= least else n_bases)
    return list(zip(edges[::2], edges[1::2], strict=True))
