"""From input files to one finished container: the way in, local and on a cluster alike.

A container's bytes depend on the files (names, contents, order) and the settings alone.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from seqcoder.circumstances import system_reason
from seqcoder.container import frames
from seqcoder.container.check import check_frames
from seqcoder.container.index import SIGNATURE, Index
from seqcoder.container.rows import check_name
from seqcoder.container.writer import ContainerWriter, GenomeFrames
from seqcoder.errors import InputError, IntegrityError, SeqcoderError, UsageError
from seqcoder.settings import Settings
from seqcoder.storage.atomic import commit
from seqcoder.storage.memory import NO_LIMIT
from seqcoder.storage.output_lock import hold_output
from seqcoder.writing.appending import Append, Reference, before, check_unchanged, copy_basis
from seqcoder.writing.base_space import SeparateSpace, SharedSpace, Space
from seqcoder.writing.build_report import build_report
from seqcoder.writing.chunk import CodedChunk
from seqcoder.writing.chunk_input import ChunkInput
from seqcoder.writing.container_report import ContainerReport
from seqcoder.writing.executor import Executor
from seqcoder.writing.genome import GenomeRun, prepare_genome
from seqcoder.writing.genome_source import GenomeSource, Opener, read_local
from seqcoder.writing.partial import (
    FoundChunks,
    keep_chunks,
    open_partial,
    partial_path,
    remove_partials,
)

if TYPE_CHECKING:
    from seqcoder.pangenome.kinship import Kinship, Role

# Leaders are chosen among genomes of so many bases, which are in memory at a time.
_TOGETHER = 1 << 27
# A chunk of a genome that leads is up to so many times as large as others.
_LEADER_CHUNKS = 5

Progress = Callable[[int, int, int, int], None]
"""Called with what was just done: genomes read, raw bytes read, bases coded, bytes written."""


def no_progress(genomes: int, raw_bytes: int, bases: int, coded_bytes: int) -> None:
    """Ignore progress."""


def write_container(
    sources: Sequence[GenomeSource],
    settings: Settings,
    models: Sequence[bytes],
    executor: Executor,
    out: Path,
    *,
    opener: Opener = read_local,
    progress: Progress = no_progress,
    append: Append | None = None,
    reference: Reference | None = None,
    force: bool = True,
) -> ContainerReport:
    """Compress ``sources``, in order, into the container ``out``, or append them to it.

    With ``reference`` the new container extends that one.

    Inputs that cannot be read are left out and reported as failed; if all fail, there is no
    container. The container grows under a hidden temporary name beside ``out``; if an earlier
    run was interrupted there, its whole chunks are compared with the input and kept. The output's
    lock is held from before that file is opened until ``out`` has its name. ``force`` false
    refuses to replace an ``out`` that is there.

    Raises:
        UsageError: a name that is no relative path, two sources of one name, another process
            writes the same container, or has written it since ``append`` was read.
        InputError: the output cannot be written (no space, no permission). The whole chunks of
            the temporary file are kept for the next try; without any there is no such file.
    """
    names = [source.name for source in sources]
    for name in names:
        check_name(name)
    if len(set(names)) != len(names):
        double = next(name for name in names if names.count(name) > 1)
        first, second = [source.label for source in sources if source.name == double][:2]
        raise UsageError(
            f"{first} and {second} would both be called {double!r}; rename one, or use "
            "'seqcoder-ray submit', which tells them apart by their folders"
        )
    if append is not None and reference is not None:
        raise UsageError(f"{out}: a container is appended to, or begun with a reference, not both")
    after = append.basis if append else None
    there = {entry.row.name for entry in after.index.genomes} if after else set()
    if there.intersection(names):
        double = next(name for name in names if name in there)
        raise UsageError(f"{out} holds a genome called {double!r} already; rename the input")
    goes_on = False
    basis = append or reference
    temporary = partial_path(out, settings, models, basis.facts if basis else ())
    try:
        with hold_output(out):
            if after is not None:
                check_unchanged(after)
            elif not force:
                check_absent(out)
            try:
                return _write(
                    sources, settings, models, executor, out, temporary, opener, progress, basis
                )
            except Exception:
                goes_on = keep_chunks(temporary, after.size if after else len(SIGNATURE))
                raise
    except OSError as error:
        raise _cannot_write(out, error, goes_on) from error


def check_absent(out: Path) -> None:
    """Raise UsageError if there is a file of the name ``out``."""
    if out.exists():
        raise UsageError(f"{out}: exists already; use --force to replace it")


def _write(
    sources: Sequence[GenomeSource],
    settings: Settings,
    models: Sequence[bytes],
    executor: Executor,
    out: Path,
    temporary: Path,
    opener: Opener,
    progress: Progress,
    after: Append | Reference | None,
) -> ContainerReport:
    """As ``write_container``, by one who holds the lock of ``out``."""
    genomes: list[GenomeRun] = []
    with open_partial(temporary) as file:
        writer = _begin(file, after)
        space = _space(settings, len(sources), after)
        kinship = _kinship(settings, len(sources), space)
        chunks = _read_chunks(
            sources, space, kinship, writer.index.n_bases, opener, progress, genomes
        )
        found = FoundChunks(temporary, writer.position)
        coded = _code_chunks(chunks, writer, executor, found, progress)
        n_genomes = len(writer.index.genomes)
        _add_genomes(writer, genomes)
        added = len(writer.index.genomes) > n_genomes
        size = writer.finish()
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    if not added:
        remove_partials(out)
        return build_report("", 0, "", writer.index, genomes, coded)
    digest = check_frames(temporary, memory=NO_LIMIT)  # our own
    commit(temporary, out)
    remove_partials(out)
    return build_report(str(out), size, digest, writer.index, genomes, coded)


def _begin(file: BinaryIO, after: Append | Reference | None) -> ContainerWriter:
    """Return a writer at the start of a new container, or behind the one appended to."""
    if after is None:
        return ContainerWriter(file)
    if isinstance(after, Reference):
        return ContainerWriter(file, extends=(after.extends, after.digests))
    copy_basis(after.basis, file)
    old = after.basis.index
    index = Index(list(old.chunks), list(old.genomes), list(old.others), old.extends)
    return ContainerWriter(file, index=index, position=after.basis.size)


def _space(settings: Settings, n_sources: int, after: Append | Reference | None) -> Space:
    """Return where the genomes are placed: base space as it is before the first."""
    n_bases = after.basis.index.n_bases if after else 0
    alone = n_sources == 1 and (after is None or after.relatives == ())
    if not settings.group or alone:
        return SeparateSpace(settings.chunk_bases, n_bases)
    return SharedSpace(settings.chunk_bases, before(after) if after else None, solid=settings.solid)


def _kinship(settings: Settings, n_sources: int, space: Space) -> Kinship | None:
    """Return what chooses leaders, None where there are none."""
    if n_sources == 1 or settings.level == 1 or settings.solid:
        return None
    if not isinstance(space, SharedSpace):
        return None
    from seqcoder.pangenome.kinship import Kinship

    return Kinship(_LEADER_CHUNKS * settings.chunk_bases, space.marks)


def _read_chunks(
    sources: Sequence[GenomeSource],
    space: Space,
    kinship: Kinship | None,
    n_bases: int,
    opener: Opener,
    progress: Progress,
    genomes: list[GenomeRun],
) -> Iterator[ChunkInput]:
    """Read the genomes one after the other and yield the chunks of base space after ``n_bases``.

    Where leaders are chosen, that is done for `_TOGETHER` bases of them at a time.
    """
    if expect := getattr(opener, "expect", None):
        expect(sources)  # an opener that can make use of it
    some: list[GenomeRun] = []
    filled = 0
    for source in sources:
        genome = GenomeRun(source, n_bases, n_bases)
        genomes.append(genome)
        try:
            genome.prepared = prepare_genome(source, opener)
        except SeqcoderError as error:
            genome.error = str(error)
            progress(1, source.size, 0, 0)
            continue
        some.append(genome)
        filled += len(genome.prepared.bases)
        if kinship is None or filled >= _TOGETHER:
            n_bases = yield from _place(some, space, kinship, n_bases, progress)
            some, filled = [], 0
    yield from _place(some, space, kinship, n_bases, progress)
    yield from space.flush()


def _place(
    genomes: Sequence[GenomeRun],
    space: Space,
    kinship: Kinship | None,
    n_bases: int,
    progress: Progress,
) -> Generator[ChunkInput, None, int]:
    """Place genomes in base space; yields chunks, returns the size of base space."""
    prepared = [genome.prepared for genome in genomes if genome.prepared is not None]
    roles: Sequence[Role | None] = [None] * len(prepared)
    if kinship is not None:
        roles = kinship.roles([its.bases for its in prepared])
    for genome, its, role in zip(genomes, prepared, roles, strict=True):
        if role is not None and role.leads and isinstance(space, SharedSpace):
            yield from space.lead(its.bases, role.number)
            genome.start, n_bases = n_bases, n_bases + len(its.bases)
            genome.stop = n_bases
    for genome, its, role in zip(genomes, prepared, roles, strict=True):
        started = time.thread_time()
        try:
            placed = space.place(its.bases, role)
        except IntegrityError as error:
            raise IntegrityError(f"{genome.source.label}: {error}") from None
        if role is None or not role.leads:
            genome.start, n_bases = n_bases, n_bases + placed.novel
            genome.stop = n_bases
        genome.walk_seconds = time.thread_time() - started
        genome.base_start = placed.base_start
        genome.walk = frames.compress(placed.walk, 19) if placed.walk else b""
        genome.prepared = replace(its, bases=its.bases[:0])
        yield from placed.chunks
        progress(1, its.row.size, 0, 0)
    return n_bases


def _code_chunks(
    chunks: Iterator[ChunkInput],
    writer: ContainerWriter,
    executor: Executor,
    found: FoundChunks,
    progress: Progress,
) -> list[CodedChunk]:
    """Write all chunks, first those found coded already; returns them without their frames."""
    coded: list[CodedChunk] = []

    def keep(chunk: CodedChunk) -> None:
        entry = writer.add_chunk(chunk.frames)
        coded.append(replace(chunk, frames=replace(chunk.frames, latents=b"", residual=b"")))
        progress(0, 0, entry.row.n_bases, entry.end - entry.offset)

    def not_found() -> Iterator[ChunkInput]:
        # Those found are written over themselves, at the same place: cheap, and one way only.
        for chunk in chunks:
            taken = found.take(chunk)
            if taken is None:
                yield chunk
                break
            keep(taken)
        yield from chunks

    try:
        for chunk in executor.code(not_found()):
            keep(chunk)
    finally:
        found.close()
    return coded


def _add_genomes(writer: ContainerWriter, genomes: Sequence[GenomeRun]) -> None:
    for genome in genomes:
        prepared = genome.prepared
        if prepared is None:
            continue
        row = replace(prepared.row, base_start=genome.base_start, walk_length=len(genome.walk))
        writer.add_genome(
            GenomeFrames(row, prepared.side, genome.walk, prepared.stored, prepared.record_table)
        )


def _cannot_write(out: Path, error: OSError, goes_on: bool) -> InputError | IntegrityError:
    if error.errno == errno.EBADMSG:  # what is read to write it is damaged
        return IntegrityError(
            f"{out}: not written: {error.strerror}; mend that ('seqcoder repair', a good copy) and "
            "repeat the command"
        )
    reason = "no space left" if error.errno == errno.ENOSPC else system_reason(error)
    again = ", it goes on where it stopped" if goes_on else ""
    return InputError(
        f"{out}: cannot be written: {reason}; mend that and repeat the command{again}"
    )
