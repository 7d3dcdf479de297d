"""``seqcoder-ray extract``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seqcoder.cli.common import fail
from seqcoder.cli.extract import region_list
from seqcoder.cli.files import text_output
from seqcoder.errors import (
    InputError,
    IntegrityError,
    ModelError,
    NotFoundError,
    SeqcoderError,
    UsageError,
)
from seqcoder.export import pick_format, write_genomes, write_regions
from seqcoder.wording import count_of
from seqcoder_jobs.archive.folder import Archive
from seqcoder_jobs.archive.lookup import ArchivedGenome, archived_genomes, find_genome
from seqcoder_jobs.cli.console import NAME, count_bar, note
from seqcoder_jobs.cli.verify import mapped, worth_ray
from seqcoder_jobs.reading.archive_reader import OpenArchive
from seqcoder_jobs.reading.extract import find_regions, open_regions, restore_genomes, restores


@dataclass(frozen=True)
class ExtractOptions:
    """The options of ``extract`` as they were given."""

    archive: str
    queries: tuple[str, ...] = ()
    genomes: tuple[str, ...] = ()
    regions: str | None = None
    everything: bool = False
    output: str | None = None
    width: int | None = None
    address: str | None = None
    workers: int | None = None
    force: bool = False
    quiet: bool = False
    format: str | None = None


def run(options: ExtractOptions) -> None:
    """Extract; raises SeqcoderError at the end if something could not be."""
    pick_format(options.format, None)
    archive = Archive(options.archive)
    archived = archived_genomes(archive)
    queries = [*options.queries, *_listed(options.regions)]
    if options.everything:
        if queries or options.genomes:
            raise UsageError("--all and names contradict each other; leave one out")
        if options.output is None:
            raise UsageError("--all needs a folder to write to; say which with -o FOLDER")
        _restore(archive, archived, options)
        return
    if not queries and not options.genomes:
        raise UsageError("nothing asked for; name genomes, records or regions, or take --all")
    whole = [find_genome(archived, name, str(archive)) for name in options.genomes]
    named = [] if whole else _named_genomes(archived, queries)
    if named and len(named) < len(queries):
        raise UsageError(
            f"{named[0].name} is a genome and {_other(queries, named)} is not; extract whole "
            "genomes and records in separate commands"
        )
    if named or not queries:
        _genomes(archive, named or whole, options)
        return
    with OpenArchive(archive, archived, threads=options.workers or 0) as opened:
        try:
            found = find_regions(opened, queries, {genome.name for genome in whole})
        except NotFoundError as error:
            like = None if whole else _genome_like(archived, queries, archive)
            if like is None:
                wanted = "record" if whole or len(queries) > 1 else "genome or record"
                text = str(error).replace("'seqcoder list -r'", "'seqcoder-ray list -r'")
                raise NotFoundError(text.replace("no record", f"no {wanted}")) from None
            _genomes(archive, [like], options)
            return
        kind = pick_format(options.format, options.output)
        with text_output(options.output, options.force, str(archive), kind) as out:
            write_regions(out, open_regions(opened, found), options.width, kind, str(archive))


def _genome_like(
    archived: list[ArchivedGenome], queries: list[str], archive: Archive
) -> ArchivedGenome | None:
    """Return the genome whose file name or stem is the only query, or None."""
    if len(queries) != 1:
        return None
    try:
        return find_genome(archived, queries[0], str(archive))
    except NotFoundError:
        return None


def _listed(regions: str | None) -> list[str]:
    return [] if regions is None else region_list(Path(regions))


def _named_genomes(archived: list[ArchivedGenome], queries: list[str]) -> list[ArchivedGenome]:
    """Return the genomes among the queries, by their full names."""
    by_name = {genome.name: genome for genome in archived}
    return [by_name[query] for query in queries if query in by_name]


def _other(queries: list[str], named: list[ArchivedGenome]) -> str:
    names = {genome.name for genome in named}
    return next(query for query in queries if query not in names)


def _genomes(archive: Archive, archived: list[ArchivedGenome], options: ExtractOptions) -> None:
    """Write whole genomes: below a folder, or all to one file or standard output."""
    target = options.output
    is_folder = target is not None and (
        target.endswith("/") or Path(target).is_dir() or (len(archived) > 1 and target != "-")
    )
    if is_folder and options.width is None:
        _restore(archive, archived, options)
        return
    if is_folder:
        raise UsageError("--width writes to one file or standard output; give -o a file")
    kind = pick_format(options.format, target)
    with (
        OpenArchive(archive, archived, threads=options.workers or 0) as opened,
        text_output(target, options.force, str(archive), kind) as out,
    ):
        genomes = (opened[genome.name] for genome in archived)
        write_genomes(out, genomes, options.width, kind, str(archive))


def _restore(archive: Archive, archived: list[ArchivedGenome], options: ExtractOptions) -> None:
    """Restore genomes below a folder, container by container; goes on where one is damaged."""
    assert options.output is not None
    if options.width is not None:
        raise UsageError("whole genomes are restored bit for bit; leave --width out")
    folder = Path(options.output).absolute()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file; give -o a folder")
    use_ray = worth_ray(len({genome.container for genome in archived}), options.address, True)
    work = restores(
        archive,
        archived,
        str(folder),
        force=options.force,
        threads=1 if use_ray else options.workers or 0,
        format=pick_format(options.format, None),
    )
    codes: list[int] = []
    with count_bar(len(work), "restoring", options.quiet) as advance:
        for failures in mapped(restore_genomes, work, options.address, options.workers, use_ray):
            advance()
            for genome, error, code in failures:
                fail(NAME, error if genome in error else f"{genome}: {error}")
                codes.append(code)
    note(f"{count_of(len(archived) - len(codes), 'genome')} restored below {folder}", options.quiet)
    if codes:
        kinds: dict[int, type[SeqcoderError]] = {
            error.exit_code: error for error in (UsageError, IntegrityError, ModelError)
        }
        raise kinds.get(max(codes), InputError)(
            f"{len(codes)} of {count_of(len(archived), 'genome')} could not be restored"
            + ("; the others are" if len(codes) < len(archived) else "")
        )
