"""The Python functions of a user that write: compress, append."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from seqcoder.errors import InputError, SeqcoderError, UsageError
from seqcoder.reading.reader import Container
from seqcoder.settings import Settings
from seqcoder.storage.atomic import is_special
from seqcoder.storage.output_files import check_other
from seqcoder.storage.output_lock import hold_output
from seqcoder.writing.appending import Append, read_basis, read_reference
from seqcoder.writing.chunk import ChunkCoder
from seqcoder.writing.container_report import ContainerReport
from seqcoder.writing.executor import ThreadExecutor
from seqcoder.writing.genome_source import GenomeSource, Opener, local_source, read_local
from seqcoder.writing.partial import remove_partials
from seqcoder.writing.pipeline import Progress, check_absent, no_progress, write_container

AnyPath = str | os.PathLike[str]
Inputs = AnyPath | Sequence[AnyPath | GenomeSource]


def compress(
    inputs: Inputs,
    out: AnyPath,
    *,
    settings: Settings | None = None,
    threads: int = 0,
    force: bool = False,
    reference: AnyPath | None = None,
    opener: Opener = read_local,
    progress: Progress = no_progress,
) -> ContainerReport:
    """Compress FASTA files into one container; returns what was done, file by file.

    Args:
        inputs: a path or several, plain or compressed (gzip, bgzip, zstd, xz, bzip2).
        out: the container. It appears whole, under this name, when everything is verified.
        settings: level, chunk size, model.
        threads: chunks coded at a time, 0: all cores.
        force: replace an existing ``out``.
        reference: a container that ``out`` extends: what genomes share with those in it is not
            written again. ``out`` can only be read where it is found, beside ``out`` or in the
            folders of ``SEQCODER_REFERENCES``.
        opener: how the bytes of an input are read.
        progress: called after each genome and chunk.

    Raises:
        UsageError: ``out`` exists or is a folder or is being written by another process, two
            inputs of one name, ``reference`` extends another container itself.
        InputError: ``out`` cannot be written, or no input can be read. Where some can, the others
            do not raise: they are reported as failed in the result.
        ModelError: the model is not to be had.
    """
    report = try_compress(
        _sources(inputs),
        out,
        settings=settings,
        threads=threads,
        force=force,
        reference=reference,
        opener=opener,
        progress=progress,
    )
    return _not_all_failed(report)


def append(
    inputs: Inputs,
    out: AnyPath,
    *,
    settings: Settings | None = None,
    threads: int = 0,
    opener: Opener = read_local,
    progress: Progress = no_progress,
) -> ContainerReport:
    """Append FASTA files to the container ``out``; returns what was done, file by file.

    What is in the container stays as it is, and so does its file until the new one takes its
    place, whole. New genomes are written against all that are there (unless
    ``settings.group`` is false), which are decoded for it.

    Raises:
        UsageError: the container has a genome of the name of an input, or another process writes
            it, or has since it was read: nothing is lost, run it again.
        InputError: ``out`` is no container, or cannot be written, or no input can be read.
        IntegrityError: ``out`` is damaged; nothing is appended to it.
        ModelError: a model is not to be had.
    """
    report = try_append(
        _sources(inputs), out, settings=settings, threads=threads, opener=opener, progress=progress
    )
    return _not_all_failed(report)


def try_compress(
    sources: Sequence[GenomeSource],
    out: AnyPath,
    *,
    settings: Settings | None = None,
    threads: int = 0,
    force: bool = False,
    reference: AnyPath | None = None,
    opener: Opener = read_local,
    progress: Progress = no_progress,
) -> ContainerReport:
    """As ``compress``, but where all inputs failed, the report of it and no error."""
    target = _file_path(out, sources)
    if not force:
        check_absent(target)  # before a model is loaded; what counts is asked under the lock
    coder = ChunkCoder(settings or Settings())
    executor = ThreadExecutor(coder, threads)
    extended = None
    if reference is not None:
        extended = read_reference(Path(reference), target, None, executor.threads)
    return write_container(
        sources,
        coder.settings,
        coder.model_digests(),
        executor,
        target,
        opener=opener,
        progress=progress,
        reference=extended,
        force=force,
    )


def try_append(
    sources: Sequence[GenomeSource],
    out: AnyPath,
    *,
    settings: Settings | None = None,
    threads: int = 0,
    opener: Opener = read_local,
    progress: Progress = no_progress,
) -> ContainerReport:
    """As ``append``, but where all inputs failed, the report of it and no error."""
    target = _file_path(out, sources)
    coder = ChunkCoder(settings or Settings())
    executor = ThreadExecutor(coder, threads)
    return write_container(
        sources,
        coder.settings,
        coder.model_digests(),
        executor,
        target,
        opener=opener,
        progress=progress,
        append=Append(read_basis(target), None, executor.threads),
    )


def _not_all_failed(report: ContainerReport) -> ContainerReport:
    failures = report.failures
    if failures and len(failures) == len(report.genomes):
        head = f"all {len(failures)} inputs failed; the first: " if len(failures) > 1 else ""
        raise InputError(head + failures[0].error)
    return report


def _file_path(out: AnyPath, sources: Sequence[GenomeSource]) -> Path:
    """Return ``out`` as a path; UsageError if it is, or by its last letter would be, a folder."""
    text = os.fspath(out)
    folder = text.rstrip("/")
    if text != folder or Path(text).is_dir():
        example = f"{folder}/{Path(sources[0].name).name}.sqc"
        raise UsageError(f"{folder}/ is a folder; name a file, such as {example}")
    if is_special(Path(text)):
        raise UsageError(f"{text}: is a device or pipe; name a file, or use -c and redirect")
    for source in sources:
        check_other(Path(text), source.path)
    return Path(text)


def _sources(inputs: Inputs) -> list[GenomeSource]:
    given = [inputs] if isinstance(inputs, str | os.PathLike) else inputs
    sources = [item if isinstance(item, GenomeSource) else local_source(item) for item in given]
    if not sources:
        raise UsageError("no inputs; name one at least")
    return sources


def copy_genomes(
    container: Container,
    out: AnyPath,
    names: Sequence[str] | None = None,
    *,
    settings: Settings | None = None,
    threads: int = 0,
    force: bool = False,
    progress: Progress = no_progress,
) -> ContainerReport:
    """Write genomes of an open container, ``names`` (None: all), to a new one that stands alone.

    Of a container that extends a reference this makes one that does without. Each genome is
    restored, checked against its SHA-256, and compressed again.

    Raises:
        UsageError: ``out`` exists. NotFoundError: there is no genome of a name.
        IntegrityError: a genome is damaged. ModelError: a model or the reference is missing.
    """
    genomes = {name: container[name] for name in (container if names is None else names)}
    sources = [GenomeSource(name, name, "", one.row.size, 0) for name, one in genomes.items()]
    container.expect(list(genomes))

    def read(source: GenomeSource) -> bytes:
        try:
            return genomes[source.name].read()
        except SeqcoderError as error:
            raise _UnreadableError(error) from None

    try:
        return compress(
            sources,
            out,
            settings=settings,
            threads=threads,
            force=force,
            opener=read,
            progress=progress,
        )
    except _UnreadableError as stop:
        with hold_output(Path(out)):
            remove_partials(Path(out))
        raise stop.error from None


class _UnreadableError(Exception):
    """A genome to copy cannot be read. No SeqcoderError: of such the others would be written."""

    def __init__(self, error: SeqcoderError) -> None:
        self.error = error


def compress_bytes(files: Mapping[str, bytes], *, settings: Settings | None = None) -> bytes:
    """Compress files held in memory (name: contents) and return the container's bytes."""
    sources = [GenomeSource(name, name, size=len(data)) for name, data in files.items()]
    with tempfile.TemporaryDirectory(prefix="seqcoder-") as folder:
        out = Path(folder) / "out.sqc"
        report = compress(
            sources, out, settings=settings, threads=1, opener=lambda source: files[source.name]
        )
        for failure in report.failures:
            raise InputError(failure.error)
        return out.read_bytes()
