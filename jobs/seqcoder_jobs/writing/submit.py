"""Compressing a corpus into an archive, or going on where an earlier run stopped."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from seqcoder.errors import SeqcoderError, UsageError
from seqcoder.settings import Settings
from seqcoder.storage.atomic import is_same_file
from seqcoder.storage.scratch import check_scratch
from seqcoder.writing.container_report import ContainerReport
from seqcoder.writing.genome_source import GenomeSource, Opener
from seqcoder.writing.plan import ContainerPlan
from seqcoder_cluster.options import ClusterOptions, ProgressCounts
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import CONTAINERS
from seqcoder_jobs.archive.orphans import list_orphans, retire
from seqcoder_jobs.archive.saved_plan import SavedPlan
from seqcoder_jobs.corpus.listing import Listing, Problem, list_corpora
from seqcoder_jobs.writing.choose_container import Sketch
from seqcoder_jobs.writing.comparing import Done
from seqcoder_jobs.writing.families import Mapper
from seqcoder_jobs.writing.finishing import add_metadata, finish, read_metadata_of
from seqcoder_jobs.writing.group_inputs import (
    Grouping,
    by_names,
    by_sketches,
    map_here,
    read_groups,
)
from seqcoder_jobs.writing.held_genomes import opener_of
from seqcoder_jobs.writing.planning import (
    GivenParameters,
    Parameters,
    Replaced,
    agree,
    extend,
)
from seqcoder_jobs.writing.recovery import recover, written_containers
from seqcoder_jobs.writing.removing import removed_inputs
from seqcoder_jobs.writing.replacing import note_replaced
from seqcoder_jobs.writing.sketches import load_sketches, save_sketches

if TYPE_CHECKING:
    from seqcoder_jobs.archive.metadata import Kept
    from seqcoder_jobs.archive.metadata_table import Metadata


class Runner(Protocol):
    """Writes containers: ``seqcoder_cluster.run_containers``, or something like it."""

    def __call__(
        self,
        containers: Sequence[ContainerPlan],
        settings: Settings,
        out: str | os.PathLike[str],
        options: ClusterOptions,
        *,
        opener: Opener,
        on_report: Callable[[ContainerReport], None],
        on_progress: Callable[[ProgressCounts], None],
        digests: Mapping[str, str],
    ) -> None:
        """Write ``containers`` into ``out``; raises SeqcoderError at the end if one failed."""


@dataclass(frozen=True)
class Request:
    """What a user asks for: corpora into an archive."""

    corpora: tuple[str, ...]
    archive: str
    given: GivenParameters = field(default_factory=GivenParameters)
    all_files: bool = False
    groups: str | None = None
    """A file with the groups of new inputs (``read_groups``); None: they are looked for."""
    options: ClusterOptions = field(default_factory=ClusterOptions)
    metadata: str | Metadata | None = None
    """A table of metadata for genomes of the archive, or where it is (``read_metadata``)."""
    replace: bool = False
    """Take inputs that changed, in place of what the archive holds of them."""
    sources: tuple[GenomeSource, ...] = ()
    """Inputs beside those that the corpora come to, by the names they are to have."""


@dataclass(frozen=True)
class Todo:
    """A submit looked through: the plan as it will be, what of it is left, what was not listed."""

    saved: SavedPlan
    pending: tuple[ContainerPlan, ...]
    listing: Listing
    sketches: Mapping[str, Sketch] = field(default_factory=dict)
    """Those of inputs planned just now, by genome name."""
    changed: tuple[Problem, ...] = ()
    """Inputs that are not what the archive holds under their names."""
    removed: tuple[str, ...] = ()
    """Genomes taken out of the archive whose inputs were listed: they stay out."""
    replaced: tuple[Replaced, ...] = ()
    """Genomes whose places others of their names take."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was named and cannot be taken."""
        return (*self.listing.problems, *self.changed)

    @property
    def n_groups(self) -> tuple[int, int]:
        """Groups of relatives that there is something to do of, and genomes without relatives."""
        of = {name: group for name, (_, group) in self.saved.inputs.items()}
        sizes, todo = Counter(of.values()), [of[g.name] for c in self.pending for g in c.genomes]
        return len({g for g in todo if sizes[g] > 1}), sum(sizes[g] == 1 for g in todo)

    @property
    def source_bytes(self) -> int:
        """Bytes of the inputs to be read, as they lie on disk."""
        return sum(container.source_bytes for container in self.pending)

    @property
    def n_genomes(self) -> int:
        """Inputs to be read."""
        return sum(len(container.genomes) for container in self.pending)


@dataclass(frozen=True)
class Outcome:
    """What a submit came to: failures in the archive (source, reason), and listing problems."""

    todo: Todo
    failures: tuple[Problem, ...]
    error: SeqcoderError | None
    """What ended the run early, if something did; the same command goes on from there."""
    done: int = 0
    """Inputs that this run got done: verified or stored, and in the manifest."""
    kept: Kept | None = None
    """What is to be said of the metadata."""
    warnings: tuple[str, ...] = ()
    """Of inputs done: those that are no FASTA."""


def request_grouping(request: Request, mapper: Mapper = map_here) -> Grouping:
    """Return how new inputs are grouped; raises UsageError where the file of groups is not one."""
    if request.groups is None:
        return lambda sources, most, held: by_sketches(sources, most, mapper, held)
    groups = read_groups(request.groups)
    return lambda sources, most, held: by_names(sources, most, groups, held)


def open_target(request: Request) -> Archive:
    """Return the archive; raises InputError where none can be written, before inputs are read."""
    archive = Archive(request.archive)
    if archive.folder is None:
        archive.check_place()
        check_scratch()
    return archive


def look_through(request: Request, grouping: Grouping | None = None) -> Todo:
    """Work out what a submit would do, writing nothing.

    ``grouping`` is by default what ``submit`` does: new inputs are read once.

    Raises:
        UsageError: changed parameters, nothing to do at all.
    """
    grouping = grouping or request_grouping(request)
    archive = open_target(request)
    saved = archive.load() if archive.exists else None
    if saved is None and not (request.corpora or request.sources):
        raise UsageError("nothing to compress; name folders, files or tar files (see --help)")
    parameters = agree(request.given, saved)
    done = _done(archive) if saved else Done()
    return _look_through(request, saved, parameters, done, grouping)


def _look_through(
    request: Request,
    saved: SavedPlan | None,
    parameters: Parameters,
    done: Done,
    grouping: Grouping,
) -> Todo:
    known = [genome for c in saved.plan.containers for genome in c.genomes] if saved else []
    archive = Archive(request.archive)
    for corpus in request.corpora:
        if corpus == archive.name or (
            archive.folder is not None and is_same_file(Path(corpus), archive.folder)
        ):
            raise UsageError(f"{corpus}: is the archive itself; name another folder with -o")
    listing = list_corpora(
        request.corpora, all_files=request.all_files, known=known, leave_out=str(archive)
    )
    out = removed_inputs(archive)
    sources = [s for s in (*listing.sources, *request.sources) if s.label not in out]
    extended = extend(
        saved,
        sources,
        parameters,
        done,
        grouping,
        lambda: load_sketches(archive.store),
        replacing=request.replace,
        left_out=out,
    )
    plan = extended.saved.plan
    pending = tuple(c for c in plan.containers if c.key not in done.containers)
    changed = tuple(Problem(one.source.label, one.reason) for one in extended.changed)
    removed = [out[s.label] for s in (*listing.sources, *request.sources) if s.label in out]
    return Todo(
        extended.saved,
        pending,
        listing,
        extended.sketches,
        changed,
        tuple(removed),
        extended.replaced,
    )


def _done(archive: Archive) -> Done:
    """Read from the manifest what is done."""
    from seqcoder_jobs.archive.manifest import files

    held, stored = files.held_genomes(archive.store)
    hidden = files.hidden_genomes(archive.store)
    return Done(frozenset(files.covered_containers(archive.store)), held, stored, hidden)


def submit(
    request: Request,
    *,
    runner: Runner,
    mapper: Mapper = map_here,
    begin: Callable[[Todo], None] = lambda todo: None,
    on_progress: Callable[[ProgressCounts], None] = lambda counts: None,
) -> Outcome:
    """Compress what is missing; returns what became of it. Kill it anywhere and call it again.

    New inputs are sketched by ``mapper`` to find relatives; what is planned stays so. ``begin`` is
    told what will be done before it is. Everything is committed container by
    container: the container first, under its name only when verified, then its manifest part.

    Raises:
        UsageError: changed parameters, another run on the archive.
    """
    archive = open_target(request)
    grouping = request_grouping(request, mapper)
    metadata = read_metadata_of(request.metadata)
    todo = None
    if not archive.exists:
        # Before any folder is made: what makes no sense, or has no input at all, leaves none.
        todo = look_through(request, grouping)
        if not todo.pending:
            begin(todo)
            return Outcome(todo, (), None)
    with archive.lock():
        saved = archive.load() if archive.exists else None
        if saved is not None:
            parameters = agree(request.given, saved)
            recover(archive, saved)
            todo = _look_through(request, saved, parameters, _done(archive), grouping)
        assert todo is not None
        begin(todo)
        error, done = None, 0
        warnings: tuple[str, ...] = ()
        if todo.pending or todo.saved != saved:
            archive.mark_incomplete()
            # First the sketches: those of what is not planned after all do no harm.
            save_sketches(archive.store, todo.sketches)
            note_replaced(archive, todo.replaced)
            archive.save(todo.saved)
        if todo.pending:
            error, done, warnings = _run(archive, todo, request.options, runner, on_progress)
        kept = add_metadata(archive, metadata, todo.saved)
        failures = finish(archive, todo.saved)
        retire(archive, list_orphans(archive, todo.saved))
        return Outcome(todo, failures, error, done, kept, warnings)


def _run(
    archive: Archive,
    todo: Todo,
    options: ClusterOptions,
    runner: Runner,
    on_progress: Callable[[ProgressCounts], None],
) -> tuple[SeqcoderError | None, int, tuple[str, ...]]:
    """Write the pending containers; returns what ended that early, inputs done, and warnings."""
    from seqcoder_jobs.archive.manifest.files import next_attempts, write_part
    from seqcoder_jobs.archive.manifest.rows import container_rows

    planned = {genome.name: c for c in todo.pending for genome in c.genomes}
    written = written_containers(archive)
    attempts = next_attempts(archive.store)
    done = 0
    warnings: list[str] = []

    def on_report(report: ContainerReport) -> None:
        nonlocal done
        # A report without container (all inputs failed) tells by its genomes which it is.
        container = planned[report.genomes[0].name]
        before = written.get(container.file) if container.part else None
        rows = container_rows(container.file, report, attempts, before)
        archive.check_held()
        write_part(archive.store, container.key, rows)
        written.update({row["container"]: row for row in rows["containers"]})
        done += len(report.genomes) - len(report.failures)
        warnings.extend(genome.warning for genome in report.genomes if genome.warning)

    try:
        runner(
            todo.pending,
            todo.saved.plan.settings,
            archive.store.locate(CONTAINERS),
            options,
            opener=opener_of(archive, todo.pending),
            on_report=on_report,
            on_progress=on_progress,
            digests={name: row["sha256"] for name, row in written.items()},
        )
    except SeqcoderError as error:
        return error, done, tuple(warnings)
    return None, done, tuple(warnings)
