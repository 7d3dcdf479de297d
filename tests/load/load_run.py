"""What a submit of a large corpus costs: memory, time a genome early and late, open files."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from load_watch import Sample, Watched, watch

from seqcoder.errors import IntegrityError
from seqcoder_jobs.archive.archive import Archive


@dataclass(frozen=True)
class Load:
    """What a submit cost. Times in seconds, memory in bytes.

    A tenth is measured from commit to commit of its containers: the time before the first commit
    (Ray, planning, the first containers) is in ``before_first``, that after the last in ``after``.
    """

    genomes: int
    containers: int
    raw_bytes: int
    bytes: int
    seconds: float
    before_first: float
    after: float
    first_tenth: float
    """Seconds a genome."""
    last_tenth: float
    first_tenth_cpu: float
    """CPU seconds a genome, of all processes."""
    last_tenth_cpu: float
    machine_cpu: float
    """CPU time of a fixed piece of work in the last tenth by that in the first.

    Tells how the machine itself changed, where others work on it too.
    """
    driver_peak: int
    driver_at_first: int
    """The driver's memory at the first commit, and at the last."""
    driver_at_last: int
    driver_files: int
    most_files: int
    coordinator_peak: int
    coding: int
    processes: int

    @property
    def slowdown(self) -> float:
        """Time a genome in the last tenth by that in the first."""
        return self.last_tenth / self.first_tenth

    @property
    def slowdown_cpu(self) -> float:
        """CPU time a genome in the last tenth by that in the first."""
        return self.last_tenth_cpu / self.first_tenth_cpu


def load(corpus: Path, archive: Path, options: Sequence[str] = ()) -> Load:
    """Submit ``corpus`` to a new ``archive`` in a process of its own, watched.

    Raises:
        IntegrityError: the submit failed, or committed fewer than ten containers.
    """
    shutil.rmtree(archive, ignore_errors=True)
    command = [sys.executable, "-m", "seqcoder_jobs.cli", "submit", str(corpus)]
    begun = time.time()
    watched = watch([*command, "-o", str(archive), "--json", "--quiet", *options])
    if watched.code:
        raise IntegrityError(f"submit ended with {watched.code}: {watched.output}")
    return _costs(Archive(archive), watched, begun, time.time())


def _costs(archive: Archive, watched: Watched, begun: float, ended: float) -> Load:
    from seqcoder_jobs.archive.manifest.files import read_table

    rows = read_table(archive.store, "containers", ["container", "genomes", "bytes"]).to_pylist()
    raw = read_table(archive.store, "genomes", ["raw_bytes"])["raw_bytes"].to_pylist()
    commits = sorted(
        (Path(archive.container(row["container"])).stat().st_ctime, row["genomes"]) for row in rows
    )
    if len(commits) < 10:
        raise IntegrityError(f"{len(commits)} containers: give a smaller --container-size")
    samples, tenth = watched.samples, len(commits) // 10
    first, last = commits[: tenth + 1], commits[-tenth - 1 :]
    return Load(
        genomes=len(raw),
        containers=len(rows),
        raw_bytes=sum(raw),
        bytes=sum(row["bytes"] for row in rows),
        seconds=ended - begun,
        before_first=commits[0][0] - begun,
        after=ended - commits[-1][0],
        first_tenth=_a_genome(first),
        last_tenth=_a_genome(last),
        first_tenth_cpu=_a_genome(first, samples),
        last_tenth_cpu=_a_genome(last, samples),
        machine_cpu=_mean(samples, last, "machine_cpu_seconds")
        / _mean(samples, first, "machine_cpu_seconds"),
        driver_peak=max(sample.driver_bytes for sample in samples),
        driver_at_first=_at(samples, commits[0][0], "driver_bytes"),
        driver_at_last=_at(samples, commits[-1][0], "driver_bytes"),
        driver_files=max(sample.driver_files for sample in samples),
        most_files=max(sample.most_files for sample in samples),
        coordinator_peak=max(sample.coordinator_bytes for sample in samples),
        coding=max(sample.coding for sample in samples),
        processes=max(sample.processes for sample in samples),
    )


def _mean(samples: Sequence[Sample], commits: list[tuple[float, int]], what: str) -> float:
    """Return the mean of a value from the first commit to the last."""
    start, stop = commits[0][0] - 1, commits[-1][0] + 1
    return float(np.mean([getattr(s, what) for s in samples if start <= s.time <= stop]))


def _at(samples: Sequence[Sample], when: float, what: str) -> int:
    """Return a value at a time, between two samples in proportion."""
    times = [sample.time for sample in samples]
    return int(np.interp(when, times, [getattr(sample, what) for sample in samples]))


def _a_genome(commits: list[tuple[float, int]], samples: Sequence[Sample] | None = None) -> float:
    """Return the time, or with ``samples`` the CPU time, a genome takes from commit to commit."""
    start, stop = commits[0][0], commits[-1][0]
    if samples is not None:
        times = [sample.time for sample in samples]
        start, stop = np.interp([start, stop], times, [sample.cpu_seconds for sample in samples])
    return float(stop - start) / sum(genomes for _, genomes in commits[1:])
