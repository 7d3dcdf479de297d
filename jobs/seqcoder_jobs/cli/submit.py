"""``seqcoder-ray submit``."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from seqcoder.cli.common import say
from seqcoder.cli.signals import stands
from seqcoder.errors import InputError, IntegrityError, StorageError, UsageError
from seqcoder.settings import parse_size
from seqcoder.storage.lists import names_in, read_list
from seqcoder.storage.url import is_url
from seqcoder.wording import count_of, listed
from seqcoder_cluster.options import ClusterOptions
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.lookup import same_files
from seqcoder_jobs.archive.summary import summarise
from seqcoder_jobs.cli.console import (
    list_failures,
    note,
    progress,
    size_text,
)
from seqcoder_jobs.cli.dry_run import dry_run, remark
from seqcoder_jobs.cli.result import result_table
from seqcoder_jobs.writing.estimate import source_bases
from seqcoder_jobs.writing.group_inputs import map_here
from seqcoder_jobs.writing.planning import GivenParameters
from seqcoder_jobs.writing.submit import (
    Outcome,
    Request,
    Todo,
    submit,
)

if TYPE_CHECKING:
    from seqcoder_jobs.archive.metadata import Kept

_TOLD = 5
"""Warnings of one kind."""


@dataclass(frozen=True)
class SubmitOptions:
    """The options of ``submit`` as they were given."""

    corpora: tuple[str, ...]
    archive: str
    from_file: str | None = None
    all_files: bool = False
    level: int | None = None
    model: str | None = None
    no_latents: bool = False
    no_groups: bool = False
    solid: bool = False
    groups: str | None = None
    metadata: str | None = None
    replace: bool = False
    chunk_size: str = ""
    container_size: str = ""
    address: str | None = None
    workers: int | None = None
    actors: int | None = None
    gpus_per_actor: float = 0.0
    dry_run: bool = False
    detach: bool = False
    quiet: bool = False
    json: bool = False
    metrics: bool = False
    core_hour: float | None = None
    """What an hour of a core costs, for the dry run."""


def run(options: SubmitOptions) -> None:
    """Plan, compress, report; raises SeqcoderError at the end if anything failed."""
    if not options.archive:
        raise UsageError("no archive named; say where it goes with -o ARCHIVE")
    if options.no_latents and options.model:
        raise UsageError("--model and --no-latents contradict each other; choose one")
    if options.no_groups and options.groups:
        raise UsageError("--groups and --no-groups contradict each other; choose one")
    if options.core_hour is not None and not options.dry_run:
        raise UsageError("--cost-per-core-hour tells the cost of a --dry-run; give both, or none")
    corpora = tuple(_corpora(options))
    request = Request(
        corpora,
        options.archive,
        GivenParameters(
            options.level,
            parse_size(options.chunk_size) if options.chunk_size else None,
            parse_size(options.container_size) if options.container_size else None,
            options.model,
            False if options.no_latents else None,
            False if options.no_groups else True if options.groups else None,
            options.solid or None,
        ),
        options.all_files,
        options.groups,
        ClusterOptions(
            address=options.address,
            workers=options.workers,
            actors=options.actors,
            gpus_per_actor=options.gpus_per_actor,
            metrics=options.metrics,
        ),
        options.metadata,
        options.replace,
    )
    if options.dry_run:
        dry_run(request, options.workers, options.core_hour, options.json, options.quiet)
    elif options.detach:
        from seqcoder_jobs.writing.detach import detach

        detach(request, options.address, options.quiet)
    else:
        run_request(request, options)


def _corpora(options: SubmitOptions) -> Iterator[str]:
    """Yield CORPUS arguments, with - and --from-file read."""
    if [*options.corpora, options.from_file].count("-") > 1:
        raise UsageError("standard input (-) can be read once only")
    for corpus in options.corpora:
        if corpus == "-":
            yield from names_in(read_list("-"), "standard input")
        else:
            yield corpus
    if options.from_file is not None:
        yield from names_in(read_list(options.from_file), options.from_file)


def run_request(request: Request, options: SubmitOptions) -> None:
    """Do what is asked for and report it; raises SeqcoderError at the end if anything failed, or
    the archive is damaged.
    """
    from seqcoder_cluster import run_containers
    from seqcoder_jobs.reading.report import write_report

    started = time.monotonic()

    def begin(todo: Todo) -> None:
        remark(todo, request, options.quiet)
        if todo.pending:
            note(
                f"{count_of(todo.n_genomes, 'genome')}, {size_text(todo.source_bytes)}, to "
                f"{count_of(len(todo.pending), 'container')} in {request.archive}",
                options.quiet,
            )

    # The bar needs totals that are known when the corpus is listed: it is made when work begins.
    goes_on = f"what {request.archive} holds stands; the same command goes on from there"
    try:
        with stands(goes_on):
            outcome = _with_progress(request, options, begin, run_containers)
    except StorageError as error:
        if error.__cause__ is None or not is_url(request.archive):
            raise
        raise StorageError(f"{error}; {goes_on}") from None
    seconds = time.monotonic() - started
    archive = Archive(request.archive)
    problems = (*outcome.todo.problems, *outcome.failures)
    idle = bool(problems) and not outcome.todo.pending
    missing: tuple[str, ...] = ()
    # An error before anything was done (no cluster, no model) is told alone.
    if not idle and archive.exists and (outcome.error is None or outcome.done):
        summary = summarise(archive)
        missing = summary.missing
        if outcome.done:
            _tell_of_twins(archive, outcome.todo, options.quiet)
        page = write_report(archive)
        note(f"report: {page}", options.quiet)
        if options.json:
            facts = summary.to_dict() | {
                "seconds": seconds,
                "failures": [asdict(problem) for problem in problems],
            }
            say(json.dumps(facts, indent=1))
        else:
            result_table(summary, outcome.done, seconds)
    for warning in outcome.warnings[:_TOLD]:
        note(warning, options.quiet)
    if len(outcome.warnings) > _TOLD:
        more = count_of(len(outcome.warnings) - _TOLD, "input")
        note(f"{more} more stored as they are; 'list' tells which", options.quiet)
    list_failures(problems)
    _tell_of_metadata(outcome.kept, options)
    if outcome.error is not None:
        raise outcome.error
    if problems:
        held = summarise(archive) if archive.exists and not idle else None
        others = held is not None and held.verified + held.stored > 0
        again = len(problems) - len(
            outcome.todo.changed
        )  # what changed stays as the archive has it
        raise InputError(
            f"{count_of(len(problems), 'input')} failed (listed above)"
            + ("; the others are done and verified" if others else "")
            + (f". The same command tries {'it' if again == 1 else 'them'} again" if again else "")
        )
    if missing:
        raise IntegrityError(
            f"{archive}: {listed(missing, 3)} missing or cut short; 'seqcoder repair' recovers "
            "what is whole of a container; remove it, and submit writes it anew"
        )


def _tell_of_twins(archive: Archive, todo: Todo, quiet: bool) -> None:
    """Tell which genomes of this run are files that the archive has under other names, too."""
    twins = same_files(archive, {genome.name for c in todo.pending for genome in c.genomes})
    if twins:
        told = listed([f"{name} as {other}" for name, other in twins.items()], 3)
        files = "is the same file as another" if len(twins) == 1 else "are the same files as others"
        note(f"{count_of(len(twins), 'genome')} {files}: {told}", quiet)


def _tell_of_metadata(kept: Kept | None, options: SubmitOptions) -> None:
    if kept is None:
        return
    told = f"{options.metadata}: metadata of {count_of(kept.genomes, 'genome')} kept"
    if kept.unmatched:
        rows = count_of(len(kept.unmatched), "row")
        told += f"; {rows} of no genome here: {listed(kept.unmatched, 3)}"
    note(told, options.quiet)
    for column in kept.covered:
        note(
            f"{options.metadata}: column {column} is not seen by --where and list, as the archive "
            "has a column of that name itself; rename it and give the table again",
            options.quiet,
        )
    for column, example in kept.mixed:
        note(
            f"{options.metadata}: most values of {column} are numbers, and '{example}' is none: "
            "in --where it counts as more than any number; mend it and give the table again",
            options.quiet,
        )


class _Mapper:
    """Maps on the cluster, if there is one, else here: no Ray is started for the sketches."""

    def __init__(self, options: ClusterOptions, quiet: bool) -> None:
        self._options = options
        self._quiet = quiet

    def __call__(self, function: Any, items: Sequence[Any]) -> Any:
        n = sum(map(len, items))
        # Once: to spread over containers they are looked at again.
        note(
            f"{count_of(n, 'genome')} {'is' if n == 1 else 'are'} read to find relatives",
            self._quiet,
        )
        self._quiet = True
        options = self._options
        if (options.address or os.environ.get("RAY_ADDRESS") or "local") == "local":
            return map_here(function, items, options.workers or 0)
        from seqcoder_cluster import map_tasks

        return map_tasks(function, items, options, ordered=True)


def _with_progress(request: Request, options: SubmitOptions, begin: Any, runner: Any) -> Outcome:
    from contextlib import ExitStack

    with ExitStack() as stack:
        update: list[Any] = [lambda counts: None]

        def begin_with_bar(todo: Todo) -> None:
            begin(todo)
            bases = sum(source_bases(genome) for c in todo.pending for genome in c.genomes)
            if todo.pending:
                bar = progress(bases, todo.n_genomes, options.quiet, len(todo.pending))
                update[0] = stack.enter_context(bar)

        return submit(
            request,
            runner=runner,
            mapper=_Mapper(request.options, options.quiet),
            begin=begin_with_bar,
            on_progress=lambda counts: update[0](counts),
        )
