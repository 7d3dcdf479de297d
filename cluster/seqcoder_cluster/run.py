"""The driver: hands containers to coordinators and takes their reports; no bulk bytes pass here."""

from __future__ import annotations

import os
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from seqcoder.circumstances import system_reason
from seqcoder.errors import InputError, IntegrityError, SeqcoderError
from seqcoder.settings import Settings
from seqcoder.storage.atomic import write_atomically
from seqcoder.storage.url import is_url
from seqcoder.writing.chunk import ChunkCoder
from seqcoder.writing.container_report import ContainerReport
from seqcoder.writing.genome_source import Opener
from seqcoder.writing.plan import ContainerPlan
from seqcoder_cluster.actors import Actors
from seqcoder_cluster.coordinator import TOKEN_FILE, Coordinator, Job
from seqcoder_cluster.executor import BATCH_BASES
from seqcoder_cluster.faults import ClusterError, is_retriable, try_again
from seqcoder_cluster.model_actor import start_model_actors
from seqcoder_cluster.options import (
    QUESTIONS_A_SECOND,
    ClusterOptions,
    ProgressCounts,
    Window,
    size_window,
)
from seqcoder_cluster.session import connect
from seqcoder_cluster.stages import Coding

OnReport = Callable[[ContainerReport], None]
OnProgress = Callable[[ProgressCounts], None]

_PROGRESS_SECONDS = 1.0
_LEAVE_SECONDS = 20.0
# What goes wrong with one container alone; after any other error no further one is begun.
_OF_ONE_CONTAINER = (IntegrityError, ClusterError)


@dataclass
class _Slot:
    """A coordinator at work: its container, the open question how far it is, which one that was."""

    coordinator: Any
    container: ContainerPlan
    tries: int
    question: Any = None
    asked: int = 0
    counts: ProgressCounts = field(default_factory=ProgressCounts)


def run_containers(
    containers: Sequence[ContainerPlan],
    settings: Settings,
    out: str | os.PathLike[str],
    options: ClusterOptions,
    *,
    opener: Opener,
    on_report: OnReport,
    on_progress: OnProgress = lambda counts: None,
    digests: Mapping[str, str] | None = None,
) -> None:
    """Write ``containers`` into ``out``: a folder that all nodes see under that path, or a URL.

    ``digests``: by name, the SHA-256 (hex) of containers that are in an object store already.
    ``on_report`` gets each container's report as it is finished, in any order; inputs that
    failed are in it. ``on_progress`` is called about once a second. Both run in this thread.
    Connects for as long as it runs, if the caller has not. The bytes written do not depend on
    ``options``.

    Raises:
        SeqcoderError: a container could not be written; raised after the others are finished
            (those begun, where the error concerns all, such as no space left).
    """
    if not containers:
        return
    coder = ChunkCoder(settings)
    models = tuple(coder.model_digests())
    place = os.fspath(out)
    with connect(options), _token_file(place) as token, Actors() as actors:
        if options.metrics:
            from seqcoder_cluster.metrics import counted

            on_report = counted(on_report)
        coding = Coding(settings, models, coder.encoder_digest())
        model_actors = start_model_actors(coding, options, actors) if models else []
        place = place if is_url(place) else os.path.abspath(place)  # noqa: PTH100
        job = Job(coding, place, token, opener, model_actors)
        _Run(job, options, actors, on_report, on_progress, digests or {}).write(containers)


class _Run:
    """One call of ``run_containers``."""

    def __init__(
        self,
        job: Job,
        options: ClusterOptions,
        actors: Actors,
        on_report: OnReport,
        on_progress: OnProgress,
        digests: Mapping[str, str],
    ) -> None:
        self._job = job
        self._digests = dict(digests)
        self._options = options
        self._actors = actors
        self._on_report = on_report
        self._on_progress = on_progress
        self._finished = ProgressCounts()
        self._running: dict[Any, _Slot] = {}
        self._idle: list[Any] = []
        self._error: SeqcoderError | None = None
        self._begin_more = True
        self._lost: set[str] = set()
        self._turns = 0
        self._questions = 0

    def write(self, containers: Sequence[ContainerPlan]) -> None:
        import ray

        waiting = deque((container, 1) for container in containers)
        shown = time.monotonic()
        while self._running or (waiting and self._begin_more):
            window = self._window(len(waiting) + len(self._running))
            while self._begin_more and len(self._running) < window.containers:
                following = self._next(waiting)
                if following is None:
                    break
                self._begin(*following, window)
            if not self._running:
                continue
            done, _ = ray.wait(list(self._running), num_returns=1, timeout=_PROGRESS_SECONDS)
            for reference in done:
                lost = self._end(reference)
                if lost:
                    waiting.appendleft(lost)
            if time.monotonic() - shown >= _PROGRESS_SECONDS:
                shown = time.monotonic()
                self._on_progress(self._progress())
        self._on_progress(self._progress())
        if self._error:
            raise self._error
        self._leave()

    def _next(self, waiting: deque[tuple[ContainerPlan, int]]) -> tuple[ContainerPlan, int] | None:
        """Take the next container that no one writes; what is appended comes in its order.

        A container that extends another waits for that. Appends to one that could not be written,
        and what extends it, are dropped.
        """
        busy = {slot.container.file for slot in self._running.values()}
        for at, (container, tries) in enumerate(waiting):
            if not {container.file, container.reference} & (busy | self._lost):
                del waiting[at]
                return container, tries
            busy.add(container.file)
        if not self._running:
            waiting.clear()
        return None

    def _window(self, n_containers: int) -> Window:
        import ray

        resources = ray.cluster_resources()
        return size_window(
            self._options,
            n_containers,
            max(self._job.coding.settings.chunk_bases, BATCH_BASES),
            int(resources.get("CPU", 1)),
            resources.get("object_store_memory", 0.0),
            self._job.coding.settings.group,
        )

    def _begin(self, container: ContainerPlan, tries: int, window: Window) -> None:
        coordinator = self._idle.pop() if self._idle else self._start_coordinator()
        basis = container.file if container.part else container.reference
        states = {basis: self._digests.get(basis, "")} if basis else {}
        reference = coordinator.write.remote(container, window, self._turns, states)
        self._turns += 1
        self._running[reference] = _Slot(coordinator, container, tries)

    def _start_coordinator(self) -> Any:
        return self._actors.start(
            Coordinator,
            self._job,
            num_cpus=0,
            scheduling_strategy="SPREAD",
            max_concurrency=2,  # ``counts`` beside ``write``
            max_restarts=0,  # see faults: the driver gives the container to another one
            max_task_retries=0,
        )

    def _end(self, reference: Any) -> tuple[ContainerPlan, int] | None:
        """Take what a coordinator returned; returns container and try if it has to go again."""
        import ray

        slot = self._running.pop(reference)
        try:
            report: ContainerReport = ray.get(reference)
        except Exception as error:
            self._actors.stop(slot.coordinator)
            if is_retriable(error):
                self._dismiss_idle()
            try:
                return slot.container, try_again(slot.container.file, slot.tries, error)
            except SeqcoderError as final:
                self._error = self._error or final
                self._lost.add(slot.container.file)
                self._begin_more &= isinstance(final, _OF_ONE_CONTAINER)
                return None
        self._idle.append(slot.coordinator)
        if report.size:
            self._digests[slot.container.file] = report.sha256
        self._finished += ProgressCounts(
            len(report.genomes),
            sum(genome.raw_bytes or genome.source_bytes for genome in report.genomes),
            sum(chunk.bases for chunk in report.chunks),
            report.size,
            containers=1,
        )
        self._on_report(report)
        return None

    def _leave(self) -> None:
        """Have scratch folders removed: all is where it stays."""
        import ray

        with suppress(Exception):  # what is left of them does no harm
            ray.get([idle.leave.remote() for idle in self._idle], timeout=_LEAVE_SECONDS)

    def _dismiss_idle(self) -> None:
        """End the coordinators that wait: what lost one may have lost them as well.

        A new try must not be spent on finding out.
        """
        for coordinator in self._idle:
            self._actors.stop(coordinator)
        self._idle.clear()

    def _progress(self) -> ProgressCounts:
        """Add up what is known, and ask those coordinators that were asked longest ago."""
        import ray

        slots = list(self._running.values())
        asked = {slot.question: slot for slot in slots if slot.question is not None}
        answered = ray.wait(list(asked), num_returns=len(asked), timeout=0)[0] if asked else []
        for question in answered:
            slot = asked.pop(question)
            slot.question = None
            try:
                slot.counts = ray.get(question)
            except Exception:
                slot.counts = ProgressCounts()  # ``write`` of a dead one will tell
        free = sorted((slot for slot in slots if slot.question is None), key=lambda s: s.asked)
        for slot in free[: max(QUESTIONS_A_SECOND - len(asked), 1)]:
            self._questions += 1
            slot.asked = self._questions
            slot.question = slot.coordinator.counts.remote()
        return sum((replace(slot.counts, containers=0) for slot in slots), self._finished)


@contextmanager
def _token_file(place: str) -> Iterator[str]:
    """Leave a file in a folder by which coordinators see that theirs is the same; "" for a URL."""
    if is_url(place):
        yield ""
        return
    out = Path(place)
    path = out / TOKEN_FILE
    token = secrets.token_hex(8)
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_atomically(path, token.encode())
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {system_reason(error)}") from None
    try:
        yield token
    finally:
        with suppress(OSError):  # a stale one does no harm, and the error that ends the run counts
            path.unlink(missing_ok=True)
