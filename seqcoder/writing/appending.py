"""Going on after a container: what is there is read as far as the new genomes need it.

New genomes are appended to it, or go into a container of their own that extends it. The bytes of
one appended to stay as they are. They are copied into the temporary file in which the container
grows, so that the file of that name is at all times either the old one or the new one, whole.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from seqcoder.container import rows
from seqcoder.container.extends import Extends
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

    @property
    def facts(self) -> list[int | str]:
        """What the temporary name of the container is made of."""
        return self.basis.facts


@dataclass(frozen=True)
class Reference:
    """A container that new ones extend, and the genomes there that theirs are written against."""

    basis: Basis
    extends: Extends
    digests: bytes
    """The payload of the section that names it: digest8 of the bases of each chunk."""
    relatives: tuple[str, ...] | None = None
    threads: int = 1
    """As those of `Append`."""

    @property
    def facts(self) -> list[int | str]:
        """What the temporary name of the container is made of."""
        return [self.extends.name, self.extends.sha256.hex()]


def read_reference(
    path: Path, out: Path, relatives: tuple[str, ...] | None = None, threads: int = 1
) -> Reference:
    """Read what is needed to write ``out`` as an extension of the container ``path``.

    ``out`` names it by its relative path if it lies in the same folder or below, else by its name.

    Raises:
        UsageError: ``path`` itself extends another container.
        InputError, IntegrityError: it cannot be read, is no container, or damaged.
    """
    basis = read_basis(path)
    index = basis.index
    if index.extends is not None:
        raise UsageError(f"{path}: extends {index.extends.name} itself; name that one as reference")
    folder, place = out.absolute().parent, path.absolute()
    name = place.relative_to(folder).as_posix() if place.is_relative_to(folder) else place.name
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        left = basis.size
        while left and (data := file.read(min(left, 1 << 20))):
            sha256.update(data)
            left -= len(data)
    extends = Extends(
        sha256.digest(), basis.size, index.n_bases, len(index.genomes), len(index.chunks), name
    )
    digests = b"".join(chunk.row.digest for chunk in index.chunks)
    return Reference(basis, extends, digests, relatives, threads)


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
                index = Index(chunks, genomes, others, index.extends)
            scan = scan_sections(source, end)
            if scan.problem:
                raise IntegrityError(f"{scan.problem}; nothing goes on after a damaged container")
            digested = scan.index.chunks[: len(index.chunks)]
            return Basis(path, replace(index, chunks=digested), end, state)
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


def before(after: Append | Reference) -> Before:
    """Decode the base space that new genomes are written against.

    Only chunks that their walks touch are decoded, and chunks between these that are short. Of a
    container that extends a reference, the genomes of this count as relatives, too.
    Raises IntegrityError where a chunk is damaged.
    """
    from seqcoder.pangenome.build import LEAST_UNKNOWN, UNKNOWN, Before
    from seqcoder.pangenome.walk_reading import read_walks

    basis, first = after.basis, after.basis.index.first_genome
    with Container(basis.path, threads=after.threads, index=basis.index) as container:
        names = container if after.relatives is None else after.relatives
        # A relative that was planned may have turned out not to be readable.
        there = {container[name].entry.ordinal + first for name in names if name in container}
        ordinals = sorted(
            ordinal
            for ordinal in {*range(first), *there}
            if container.at(ordinal).row.kind == rows.FASTA
        )
        n_bases = basis.index.n_bases
        reading = read_walks(
            ordinals,
            lambda ordinal: container.at(ordinal).walk_data,
            lambda ordinal: container.at(ordinal).row.n_bases,
            n_bases,
        )
        starts = [reading.walk(ordinal).spans() for ordinal in ordinals]
        spans = _chunk_spans(container, np.concatenate([np.zeros((0, 2), np.int64), *starts]))
        spans = _joined(spans, n_bases, LEAST_UNKNOWN)
        text = np.full(n_bases, UNKNOWN, np.uint8)
        fetch = container.decoder.along(np.array(spans, np.int64).reshape(-1, 2))
        for start, stop in spans:
            text[start:stop] = fetch(start, stop)
    n_genomes = first + len(basis.index.genomes)
    return Before(text, tuple(spans), n_genomes, tuple(ordinals), reading)


def _chunk_spans(container: Container, spans: Ints) -> list[tuple[int, int]]:
    """Return the whole chunks that ``spans`` touch, as ranges of base space in order."""
    indexes = [container.reader.index]
    if container.reader.index.extends:
        indexes.append(container.reference.reader.index)
    return sorted(
        {
            (chunk.first_base, chunk.stop_base)
            for start, stop in spans.tolist()
            for index in indexes
            for chunk in index.chunks_over(start, stop)
        }
    )


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
