"""The coordinator: an actor that writes containers, one at a time, from work done elsewhere.

It reads and parses the inputs of its container, hands out chunks, takes coded ones back in any
order and writes them in order, by the same ``write_container`` a local run uses. Its state is
the temporary file beside the container: a new coordinator goes on from there.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqcoder.errors import UsageError
from seqcoder.storage.output_lock import is_held
from seqcoder.writing.container_report import ContainerReport
from seqcoder.writing.genome_source import Opener
from seqcoder.writing.pipeline import write_container
from seqcoder.writing.plan import ContainerPlan
from seqcoder.writing.planned import before_it, protect
from seqcoder.writing.workplace import open_workplace
from seqcoder_cluster.executor import RayExecutor
from seqcoder_cluster.options import ProgressCounts, Window
from seqcoder_cluster.stages import Coding

TOKEN_FILE = ".seqcoder-run"
_TOKEN_SECONDS = 10.0
# A coordinator whose driver was killed goes within seconds; after a lost node it can take longer.
_LOCK_SECONDS = 60.0


@dataclass(frozen=True)
class Job:
    """What all containers of a run share.

    ``out`` is a folder or URL, ``token`` the text of the folder's token file.
    """

    coding: Coding
    out: str
    token: str
    opener: Opener
    model_actors: Sequence[Any]


class Coordinator:
    """Writes containers, one at a time; ``counts`` may be called meanwhile."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._counts = ProgressCounts()

    def counts(self) -> ProgressCounts:
        """Return what has been done of the present container."""
        return self._counts

    def write(
        self, container: ContainerPlan, window: Window, turn: int, states: Mapping[str, str]
    ) -> ContainerReport:
        """Write one container, or append to it; as ``write_container``.

        ``states``: SHA-256 (hex) of what it goes on after, by name, as a workplace brings it.
        """
        job = self._job
        self._counts = ProgressCounts()
        if job.token:
            _check_same_folder(Path(job.out), job.token)
        place = open_workplace(job.out)
        coding = job.coding.of(container)
        path = place.folder / container.file
        _wait_for_lock(path)  # an orphan may append to it yet
        place.bring(states)
        append, reference = before_it(container, place.folder)
        with place.told():
            report = write_container(
                container.genomes,
                coding.settings,
                coding.models,
                RayExecutor(coding, window, job.model_actors if coding.models else (), turn),
                path,
                opener=job.opener,
                progress=self._progress,
                append=append,
                reference=reference,
            )
        if container.is_reference and report.size:
            protect(path)
        if report.size:
            place.keep(container.file, report.sha256, container.is_reference)
        return report

    def leave(self) -> None:
        """Remove what was only needed to write: the run is at its end."""
        open_workplace(self._job.out).leave()

    def _progress(self, genomes: int, raw_bytes: int, bases: int, coded_bytes: int) -> None:
        self._counts += ProgressCounts(genomes, raw_bytes, bases, coded_bytes)


def _check_same_folder(out: Path, token: str) -> None:
    """Make sure that this node sees the folder the driver means, not one of the same name."""
    path = out / TOKEN_FILE
    until = time.monotonic() + _TOKEN_SECONDS
    while True:
        try:
            if path.read_text() == token:
                return
        except OSError:
            pass
        if time.monotonic() > until:  # network file systems show new files late
            raise UsageError(
                f"{out}: node {platform.node()} does not see this folder; give one on a file "
                "system that all nodes share"
            )
        time.sleep(0.5)


def _wait_for_lock(out: Path) -> None:
    """Wait, within bounds, until an orphaned coordinator lets the container go.

    If it does not, ``write_container`` says that another process writes it.
    """
    until = time.monotonic() + _LOCK_SECONDS
    while is_held(out) and time.monotonic() < until:
        time.sleep(0.25)
