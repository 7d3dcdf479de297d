"""From input files to one finished container: the way in, local and on a cluster alike.

A container's bytes depend on the files (names, contents, order) and the settings alone.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seqcoder.atomic import commit
from seqcoder.base_space import SeparateSpace, SharedSpace, Space
from seqcoder.chunk import Bases, CodedChunk
from seqcoder.container import frames
from seqcoder.container.check import check_frames
from seqcoder.container.rows import check_name
from seqcoder.container.writer import ContainerWriter, GenomeFrames
from seqcoder.errors import InputError, SeqcoderError, UsageError
from seqcoder.executor import Executor
from seqcoder.genome import GenomeSource, Opener, PreparedGenome, prepare_genome, read_local
from seqcoder.partial import FoundChunks, open_partial, partial_path, remove_partials
from seqcoder.report import ContainerReport, build_report
from seqcoder.settings import Settings

Progress = Callable[[int, int, int, int], None]
"""Called with what was just done: genomes read, raw bytes read, bases coded, bytes written."""


def no_progress(genomes: int, raw_bytes: int, bases: int, coded_bytes: int) -> None:
    """Ignore progress."""


@dataclass
class GenomeRun:
    """A genome on its way: prepared (its bases dropped once placed), or failed; its novel bases.

    ``start`` and ``stop`` are the part of base space that the genome brought.
    """

    source: GenomeSource
    start: int
    stop: int
    base_start: int | None = None
    walk: bytes = b""
    prepared: PreparedGenome | None = None
    error: str = ""


def write_container(
    sources: Sequence[GenomeSource],
    settings: Settings,
    models: Sequence[bytes],
    executor: Executor,
    out: Path,
    *,
    opener: Opener = read_local,
    progress: Progress = no_progress,
) -> ContainerReport:
    """Compress ``sources``, in order, into the container ``out``.

    Inputs that cannot be read are left out and reported as failed; if all fail, there is no
    container. The container grows under a hidden temporary name beside ``out``; if an earlier
    run was interrupted there, its whole chunks are compared with the input and kept.

    Raises:
        UsageError: a name that is no relative path, two sources of one name, or another process
            writes the same container.
        InputError: the output cannot be written (no space, no permission). What is whole of the
            temporary file is kept for the next try.
    """
    names = [source.name for source in sources]
    for name in names:
        check_name(name)
    if len(set(names)) != len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"two inputs would be called {double!r}; rename one")
    temporary = partial_path(out, settings, models)
    genomes: list[GenomeRun] = []
    try:
        with open_partial(temporary) as file:
            writer = ContainerWriter(file, models)
            chunks = _read_chunks(sources, settings, opener, progress, genomes)
            coded = _code_chunks(chunks, writer, executor, FoundChunks(temporary, models), progress)
            _add_genomes(writer, genomes)
            size = writer.finish()
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        if not writer.index.genomes:
            remove_partials(out)
            return build_report("", 0, "", writer.index, genomes, coded)
        digest = check_frames(temporary)
        commit(temporary, out)
        remove_partials(out)
    except OSError as error:
        raise _cannot_write(out, error) from error
    return build_report(str(out), size, digest, writer.index, genomes, coded)


def _read_chunks(
    sources: Sequence[GenomeSource],
    settings: Settings,
    opener: Opener,
    progress: Progress,
    genomes: list[GenomeRun],
) -> Iterator[Bases]:
    """Read the genomes one after the other and yield the chunks of base space."""
    shared = settings.group and len(sources) > 1
    space: Space = (SharedSpace if shared else SeparateSpace)(settings.chunk_bases)
    n_bases = 0
    for source in sources:
        genome = GenomeRun(source, n_bases, n_bases)
        genomes.append(genome)
        try:
            prepared = prepare_genome(source, opener)
        except SeqcoderError as error:
            genome.error = str(error)
            progress(1, source.size, 0, 0)
            continue
        placed = space.place(prepared.bases)
        n_bases += placed.novel
        genome.stop = n_bases
        genome.base_start = placed.base_start
        genome.walk = frames.compress(placed.walk, 19) if placed.walk else b""
        genome.prepared = replace(prepared, bases=prepared.bases[:0])
        del prepared
        yield from placed.chunks
        progress(1, genome.prepared.row.size, 0, 0)
    yield from space.flush()


def _code_chunks(
    chunks: Iterator[Bases],
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

    def not_found() -> Iterator[Bases]:
        # Those found are written over themselves, at the same place: cheap, and one way only.
        for bases in chunks:
            taken = found.take(bases)
            if taken is None:
                yield bases
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


def _cannot_write(out: Path, error: OSError) -> InputError:
    reason = "no space left" if error.errno == errno.ENOSPC else error.strerror or str(error)
    return InputError(
        f"{out}: cannot be written: {reason}; mend that and repeat the command, it goes on where "
        "it stopped"
    )
