"""Getting genomes, records and regions out of an archive, found by name in its manifest."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seqcoder.circumstances import system_reason
from seqcoder.errors import ExistsError, MissingError, SeqcoderError
from seqcoder.export import file_name, write_genomes
from seqcoder.export.indexes import indexes
from seqcoder.reading.genome import Genome
from seqcoder.reading.query import Query, read_query
from seqcoder.reading.reader import Container
from seqcoder.reading.record import Record
from seqcoder.reading.region import AS_FILE, Region, Style, find_region, is_only_comment
from seqcoder.storage.names import spell, unspell
from seqcoder.storage.output_files import check_free, output_path, write_below
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.lookup import ArchivedGenome, records_called
from seqcoder_jobs.reading.archive_reader import OpenArchive


@dataclass(frozen=True)
class Restore:
    """Genomes of one container, to be restored below a folder; ``threads`` 0: all cores.

    ``container`` is its path or URL, ``name`` what the archive calls it.
    """

    archive: str
    name: str
    container: str
    genomes: tuple[str, ...]
    folder: str
    force: bool
    threads: int
    format: str = "fa"
    style: Style = AS_FILE
    index: bool = False


@dataclass(frozen=True)
class NotRestored:
    """A genome that was not restored, why, and the exit code for that.

    ``exists``: its file is there already, which is all that is wrong.
    """

    genome: str
    error: str
    code: int
    exists: bool = False


@dataclass(frozen=True)
class Wanted:
    """A region found, without its container: residues as in ``Region``, record by its place."""

    genome: str
    ordinal: int
    start: int
    stop: int
    whole: bool
    reverse: bool = False


def find_regions(
    opened: OpenArchive, queries: Sequence[str | Query], within: Collection[str] = ()
) -> list[Wanted]:
    """Find records and regions by the manifest's record table, ``within`` genomes if any.

    Nothing is decoded, and no container is held by what is returned.

    Raises:
        NoSuchNameError, UsageError: as ``seqcoder.reading.region.find_region``.
    """
    readings = {query: _readings(query) for query in queries}
    names = {
        spell(n) for asked in readings.values() for query in asked for n in _record_names(query)
    }
    by_record: dict[str, list[str]] = {}
    for row in records_called(opened.archive, names):
        if opened.holds(row) and (not within or row["genome"] in within):
            by_record.setdefault(row["record"], []).append(row["genome"])
    found = []
    for query in queries:
        for asked in readings[query]:
            genomes = [g for name in _record_names(asked) for g in by_record.get(spell(name), [])]
            if genomes:
                break
        holders = [opened[genome] for genome in dict.fromkeys(genomes)]
        if is_only_comment(asked, holders):
            continue
        region = find_region(asked, holders, str(opened.archive))
        record = region.record
        found.append(
            Wanted(
                record.genome.name,
                record.ordinal,
                region.start,
                region.stop,
                region.whole,
                region.reverse,
            )
        )
    return found


def open_regions(opened: OpenArchive, found: Iterable[Wanted]) -> Iterator[Region]:
    """Yield regions one by one, each from a container open then."""
    for wanted in found:
        record = Record(opened[wanted.genome], wanted.ordinal)
        yield Region(record, wanted.start, wanted.stop, wanted.whole, wanted.reverse)


def _readings(query: str | Query) -> list[str | Query]:
    """Return what a query may be: its name is what the manifest spells so, or else what it is."""
    if isinstance(query, Query):
        return [replace(query, record=unspell(query.record)), query]
    return list(dict.fromkeys((unspell(query), query)))


def _record_names(query: str | Query) -> list[str]:
    """Return what a query's record may be called."""
    if isinstance(query, Query):
        return [query.record]
    return [query, *(meant.record for meant in read_query(query) if meant.record != query)]


def restores(
    archive: Archive,
    archived: Sequence[ArchivedGenome],
    folder: str,
    *,
    force: bool,
    threads: int,
    format: str = "fa",
    style: Style = AS_FILE,
    index: bool = False,
) -> list[Restore]:
    """Return the work of restoring genomes below ``folder``, container by container."""
    by_container: dict[str, list[str]] = {}
    for genome in archived:
        by_container.setdefault(genome.container, []).append(genome.name)
    return [
        Restore(
            str(archive),
            name,
            archive.container(name),
            tuple(genomes),
            folder,
            force,
            threads,
            format,
            style,
            index,
        )
        for name, genomes in by_container.items()
    ]


def restore_genomes(work: Restore) -> list[NotRestored]:
    """Restore genomes, each whole and checked or not at all; what fails is told, not raised.

    Runs anywhere the files are seen.
    """
    failures: list[NotRestored] = []
    try:
        container = _open(work)
    except SeqcoderError as error:
        return [NotRestored(name, str(error), error.exit_code) for name in work.genomes]
    archived: set[tuple[int, int]] = set()
    with contextlib.closing(container):
        for name in work.genomes:
            try:
                _restore_one(container[name], work, archived)
            except SeqcoderError as error:
                there = isinstance(error, ExistsError)
                failures.append(NotRestored(name, str(error), error.exit_code, there))
            except OSError as error:
                reason = f"{error.filename or work.folder}: {system_reason(error)}"
                failures.append(NotRestored(name, reason, 1))
    return failures


def _open(work: Restore) -> Container:
    try:
        return Container(work.container, threads=work.threads)
    except MissingError:  # a run has written another state of it
        return Container(Archive(work.archive).container(work.name), threads=work.threads)


def _restore_one(genome: Genome, work: Restore, archived: set[tuple[int, int]]) -> None:
    target = output_path(Path(work.folder), file_name(genome.name, work.format))
    check_free(target, work.force, archived)
    packed = io.BytesIO()
    write_genomes(packed, [genome], work.style, work.format, genome.name)
    write_below(target, packed.getvalue(), archived)
    if work.index and not genome.stored:
        packed.seek(0)
        for suffix, data in indexes(packed, work.format, str(target)).items():
            write_below(target.with_name(target.name + suffix), data, archived)
