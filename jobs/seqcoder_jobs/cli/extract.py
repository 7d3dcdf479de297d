"""``seqcoder-ray extract``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from seqcoder import core
from seqcoder.cli.common import fail
from seqcoder.cli.extract import name_list, other_strand, region_list, whole_records
from seqcoder.cli.files import (
    STDOUT,
    check_index,
    check_local,
    not_written,
    text_output,
    write_indexes,
)
from seqcoder.cli.signals import stands
from seqcoder.errors import (
    InputError,
    IntegrityError,
    ModelError,
    NoSuchNameError,
    SeqcoderError,
    UsageError,
)
from seqcoder.export import pick_format, write_genomes, write_regions
from seqcoder.export.indexes import check_indexed
from seqcoder.reading.query import Query
from seqcoder.reading.region import AS_FILE, Region, Style
from seqcoder.wording import count_of
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.lookup import ArchivedGenome, archived_genomes, find_genomes
from seqcoder_jobs.cli.choosing import none_listed, none_meets
from seqcoder_jobs.cli.console import NAME, count_bar, note
from seqcoder_jobs.cli.spread import mapped, worth_ray
from seqcoder_jobs.reading.archive_reader import OpenArchive
from seqcoder_jobs.reading.extract import (
    NotRestored,
    find_regions,
    open_regions,
    restore_genomes,
    restores,
)

_OF_FILES = (".fa", ".fasta", ".fna", ".gz", ".bgz", ".zst", ".2bit")


@dataclass(frozen=True)
class ExtractOptions:
    """The options of ``extract`` as they were given."""

    archive: str
    queries: tuple[str, ...] = ()
    genomes: tuple[str, ...] = ()
    regions: str | None = None
    everything: bool = False
    output: str | None = None
    style: Style = AS_FILE
    address: str | None = None
    workers: int | None = None
    force: bool = False
    quiet: bool = False
    format: str | None = None
    reverse: bool = False
    index: bool = False
    where: str | None = None
    from_file: str | None = None


def run(options: ExtractOptions) -> None:
    """Extract; raises SeqcoderError at the end if something could not be."""
    core.keep_freed_memory()
    pick_format(options.format, None)
    check_local(options.output)
    archive = Archive(options.archive)
    archived = archived_genomes(archive)
    queries: list[str | Query] = [*options.queries, *_listed(options.regions)]
    if options.from_file is not None:
        listed = name_list(options.from_file)
        if not listed:
            raise none_listed(options.from_file)
        options = replace(options, genomes=(*options.genomes, *listed))
    if options.everything:
        if queries or options.genomes:
            raise UsageError("--all and names contradict each other; leave one out")
        if options.output is None:
            raise UsageError("--all needs a folder or a file to write to: -o FOLDER, -o all.fa")
        if options.reverse:
            raise UsageError("--all restores files bit for bit; leave --reverse-complement out")
        if options.where is not None:
            names = set(_chosen(archive, archived, options).genomes)
            archived = [genome for genome in archived if genome.name in names]
        if _one_file(options.output):
            threads = options.workers or 0
            with (
                not_written(options.output),
                OpenArchive(archive, archived, threads=threads) as all_,
            ):
                _genomes(archive, all_, archived, options)
            return
        _restore(archive, archived, options)
        return
    if options.where is not None:
        options = _chosen(archive, archived, options)
    if not queries and not options.genomes:
        raise UsageError("nothing asked for; name genomes, records or regions, or take --all")
    whole = find_genomes(archived, options.genomes, str(archive))
    named = [] if whole else _named_genomes(archived, queries)
    if named and len(named) < len(queries):
        full, named = named[0], _genomes_like(archived, queries, archive)
        if not named:
            raise UsageError(
                f"{full.name} is a genome and {_other(queries, archived)} is not; extract whole "
                "genomes and records in separate commands"
            )
    with (
        not_written(options.output),
        OpenArchive(archive, archived, threads=options.workers or 0) as opened,
    ):
        regions: Iterable[Region] = ()
        if queries and not named:
            try:
                found = find_regions(opened, queries, {genome.name for genome in whole})
                regions = open_regions(opened, found)
            except NoSuchNameError as error:
                named = [] if whole else _genomes_like(archived, queries, archive)
                if not named:
                    wanted = "record" if whole or len(queries) > 1 else "genome or record"
                    raise NoSuchNameError(
                        error.where, wanted, error.name, error.like, NAME
                    ) from None
        if not regions and options.reverse:
            regions = whole_records([opened[genome.name] for genome in named or whole])
        if not regions:
            _genomes(archive, opened, named or whole, options)
            return
        kind = pick_format(options.format, options.output)
        if options.index:
            check_index(options.output, kind)
        with text_output(options.output, options.force, str(archive), kind) as out:
            strands = other_strand(regions) if options.reverse else regions
            write_regions(out, strands, options.style, kind, str(archive))
        if options.index:
            write_indexes(options.output, kind)


def _chosen(
    archive: Archive, archived: list[ArchivedGenome], options: ExtractOptions
) -> ExtractOptions:
    """Return the options with the genomes named for which --where holds."""
    from seqcoder_jobs.archive.where import genomes_where

    where, there = options.where or "", {genome.name for genome in archived}
    tell = partial(note, quiet=options.quiet)
    names = [name for name in genomes_where(archive, where, tell) if name in there]
    if options.genomes:
        named = {genome.name for genome in find_genomes(archived, options.genomes, str(archive))}
        names = [name for name in names if name in named]
    if not names:
        raise none_meets(archive, where, among=bool(options.genomes))
    return replace(options, genomes=tuple(names))


def _genomes_like(
    archived: list[ArchivedGenome], queries: Sequence[str | Query], archive: Archive
) -> list[ArchivedGenome]:
    """Return the genomes that all queries name by file name, stem or pattern, or none."""
    names = [query for query in queries if isinstance(query, str)]
    try:
        return find_genomes(archived, names, str(archive)) if len(names) == len(queries) else []
    except NoSuchNameError:
        return []


def _listed(regions: str | None) -> list[str | Query]:
    return [] if regions is None else region_list(Path(regions))


def _named_genomes(
    archived: list[ArchivedGenome], queries: Sequence[str | Query]
) -> list[ArchivedGenome]:
    """Return the genomes among the queries, by their full names."""
    by_name = {genome.name: genome for genome in archived}
    return [by_name[query] for query in queries if isinstance(query, str) and query in by_name]


def _other(queries: Sequence[str | Query], archived: list[ArchivedGenome]) -> str:
    names = {genome.name for genome in archived}
    other = next(query for query in queries if query not in names)
    return other if isinstance(other, str) else other.text


def _genomes(
    archive: Archive,
    opened: OpenArchive,
    archived: list[ArchivedGenome],
    options: ExtractOptions,
) -> None:
    """Write whole genomes: below a folder, or all to one file or standard output."""
    target = options.output
    is_folder = target is not None and (
        target.endswith("/")
        or Path(target).is_dir()
        or (len(archived) > 1 and not _one_file(target))
    )
    if is_folder:
        _restore(archive, archived, options)
        return
    kind = pick_format(options.format, target)
    if options.index:
        check_index(target, kind)
    with text_output(target, options.force, str(archive), kind) as out:
        genomes = opened.each(genome.name for genome in archived)
        write_genomes(out, genomes, options.style, kind, str(archive))
    if options.index:
        write_indexes(target, kind)


def _one_file(target: str) -> bool:
    """Whether a name is that of a file, or of standard output, and not of a folder to be."""
    if target in STDOUT:
        return True
    return target.lower().endswith(_OF_FILES) and not Path(target).is_dir()


def _tell(failed: NotRestored) -> None:
    named = failed.genome in failed.error
    fail(NAME, failed.error if named else f"{failed.genome}: {failed.error}")


def _restore(archive: Archive, archived: list[ArchivedGenome], options: ExtractOptions) -> None:
    """Restore genomes below a folder, container by container; goes on where one is damaged."""
    assert options.output is not None
    folder = Path(options.output).absolute()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file; give -o a folder")
    if archive.folder is not None and folder.resolve() == archive.folder.resolve():
        raise UsageError(f"{folder}: is the archive itself; name another folder")
    if options.index:
        check_indexed(pick_format(options.format, None))
    use_ray = worth_ray(len({genome.container for genome in archived}), options.address, True)
    work = restores(
        archive,
        archived,
        str(folder),
        force=options.force,
        threads=1 if use_ray else options.workers or 0,
        format=pick_format(options.format, None),
        style=options.style,
        index=options.index,
    )
    codes: list[int] = []
    there: list[NotRestored] = []
    standing = f"the files below {folder} are whole; --force restores all again"
    with stands(standing), count_bar(len(work), "restoring", options.quiet) as advance:
        for failures in mapped(restore_genomes, work, options.address, options.workers, use_ray):
            advance()
            for failed in failures:
                codes.append(failed.code)
                if failed.exists:
                    there.append(failed)
                else:
                    _tell(failed)
    if len(there) > 1:  # as many lines would say the same, and hide what else is wrong
        fail(
            NAME,
            f"{folder}: {len(there)} of {count_of(len(archived), 'genome')} have a file there "
            f"already, the first is {there[0].genome}; --force replaces them, or name another "
            "folder",
        )
    elif there:
        _tell(there[0])
    note(f"{count_of(len(archived) - len(codes), 'genome')} restored below {folder}", options.quiet)
    if codes:
        kinds: dict[int, type[SeqcoderError]] = {
            error.exit_code: error for error in (UsageError, IntegrityError, ModelError)
        }
        raise kinds.get(max(codes), InputError)(
            f"{len(codes)} of {count_of(len(archived), 'genome')} could not be restored"
            + ("; the others are" if len(codes) < len(archived) else "")
        )
