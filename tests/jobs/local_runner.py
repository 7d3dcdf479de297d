"""A runner that writes containers in this process; it can be made to die."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from seqcoder.settings import Settings
from seqcoder.writing.chunk import ChunkCoder
from seqcoder.writing.container_report import ContainerReport
from seqcoder.writing.executor import ThreadExecutor
from seqcoder.writing.genome_source import GenomeSource, Opener
from seqcoder.writing.pipeline import write_container
from seqcoder.writing.plan import ContainerPlan
from seqcoder.writing.planned import before_it, protect
from seqcoder.writing.workplace import open_workplace
from seqcoder_cluster.options import ClusterOptions, ProgressCounts
from seqcoder_jobs.writing.planning import GivenParameters
from seqcoder_jobs.writing.submit import Outcome, Request, submit


class Killed(BaseException):
    """Stands for SIGKILL: nothing but ``finally`` and ``with`` runs, and those free no files."""


def run_here(
    containers: Sequence[ContainerPlan],
    settings: Settings,
    out: str | Path,
    options: ClusterOptions,
    *,
    opener: Opener,
    on_report: Callable[[ContainerReport], None],
    on_progress: Callable[[ProgressCounts], None] = lambda counts: None,
    digests: Mapping[str, str] | None = None,
) -> None:
    place = open_workplace(str(out))
    known = dict(digests or {})
    for container in containers:
        coder = ChunkCoder(container.settings(settings))
        path = place.folder / container.file
        basis = container.file if container.part else container.reference
        place.bring({basis: known.get(basis, "")} if basis else {})
        append, reference = before_it(container, place.folder)
        report = write_container(
            container.genomes,
            coder.settings,
            coder.model_digests(),
            ThreadExecutor(coder, 1),
            path,
            opener=opener,
            append=append,
            reference=reference,
        )
        if container.is_reference and report.size:
            protect(path)
        if report.size:
            place.keep(container.file, report.sha256, container.is_reference)
            known[container.file] = report.sha256
        on_report(report)
        on_progress(ProgressCounts(len(report.genomes), containers=1))


def dying_opener(opener: Opener, fatal: str) -> Opener:
    def read(source: GenomeSource) -> bytes:
        if source.name == fatal:
            raise Killed
        return opener(source)

    return read


def dies_reading(fatal: str) -> Callable[..., None]:
    def run(*arguments: object, opener: Opener, **others: object) -> None:
        run_here(*arguments, opener=dying_opener(opener, fatal), **others)  # type: ignore[arg-type]

    return run


SMALL = GivenParameters(level=1, chunk_bases=1024, container_bytes=6000)


def submit_here(
    corpora: Sequence[Path | str],
    archive: Path | str,
    *,
    given: GivenParameters = SMALL,
    runner: Callable[..., None] = run_here,
    **more: Any,
) -> Outcome:
    request = Request(tuple(map(str, corpora)), str(archive), given, **more)
    return submit(request, runner=runner)
