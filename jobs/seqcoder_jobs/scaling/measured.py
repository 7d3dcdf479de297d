"""Strong and weak scaling on this machine's own cores."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

from seqcoder.genome import local_source, read_local
from seqcoder.plan import ContainerPlan, plan_containers
from seqcoder.report import ContainerReport
from seqcoder.settings import Settings
from seqcoder_cluster import ClusterOptions, connect, run_containers
from seqcoder_jobs.demo_corpus import demo_files
from seqcoder_jobs.scaling.model import Genome

Tell = Callable[[str], None]
Run = tuple[float, list[ContainerReport]]
"""Wall seconds of a run, and the reports of its containers."""


@dataclass(frozen=True)
class Point:
    """A run: wall seconds (the least of the repeats), and what its chunks took by the clock.

    ``start`` is what a run of tiny genomes took at this number of workers, ``parse_per_byte`` the
    reading of the inputs by the clock.
    """

    kind: str
    workers: int
    wall: float
    start: float
    bases: int
    containers: tuple[tuple[Genome, ...], ...]
    code_per_base: float
    code_spread: float
    model_per_base: float
    parse_per_byte: float
    coded_share: float

    @property
    def rate(self) -> float:
        """Bases a second, starting up left out."""
        return self.bases / max(self.wall - self.start, 1e-9)


def invented_genome(number: int, length: int) -> bytes:
    """Return a FASTA file of ``length`` bases, unlike those of other numbers, always the same."""
    import numpy as np

    demo = demo_files()["complete/Demobacter_primus.fa"].split(b">")[1]
    letters = np.frombuffer(demo.partition(b"\n")[2].replace(b"\n", b""), np.uint8)
    generator = np.random.default_rng(number)
    pieces: list[Any] = []
    made = 0
    while made < length:  # genes in another order, and a third of all bases substituted
        first = int(generator.integers(0, len(letters) - 3000))
        pieces.append(letters[first : first + 3000].copy())
        made += 3000
    genome = np.concatenate(pieces)[:length]
    where = generator.random(length) < 0.33
    genome[where] = np.frombuffer(b"ACGT", np.uint8)[generator.integers(0, 4, int(where.sum()))]
    text = genome.tobytes()
    lines = [text[i : i + 80] for i in range(0, length, 80)]
    return b">invented_%d\n" % number + b"\n".join(lines) + b"\n"


def write_genomes(folder: Path, count: int, length: int) -> list[Path]:
    """Write invented genomes into a folder."""
    folder.mkdir(exist_ok=True)
    paths = []
    for number in range(count):
        path = folder / f"invented_{number:04d}.fa"
        path.write_bytes(invented_genome(number, length))
        paths.append(path)
    return paths


class Bench:
    """Runs corpora through ``run_containers`` and takes the time."""

    def __init__(self, settings: Settings, folder: Path, repeat: int, tell: Tell) -> None:
        self.settings = settings
        self.folder = folder
        self.repeat = repeat
        self.tell = tell
        self._runs = 0

    def points(self, files: Sequence[Path], workers: Sequence[int]) -> list[Point]:
        """Measure strong scaling over ``files``, and weak scaling with a share of them each.

        At the largest number of workers both are one and the same run.
        """
        most = max(workers)
        tiny = write_genomes(self.folder / "tiny", 4 * most, 2000)
        found: list[Point] = []
        for n in workers:
            share = list(files[: max(1, len(files) * n // most)])
            with connect(ClusterOptions(workers=n)):
                for _ in range(2):  # until all processes are there and have loaded kernels
                    self._run(tiny, n)
                found += self._points(list(files), share, tiny, n)
        return found

    def _points(
        self, files: Sequence[Path], share: Sequence[Path], tiny: Sequence[Path], n: int
    ) -> list[Point]:
        """Measure turn about, so that what else the machine does meets all alike; least counts."""
        strong: list[Run] = []
        weak: list[Run] = []
        start: list[float] = []
        for i in range(self.repeat):
            self.tell(f"{n} workers, {len(files)} and {len(share)} genomes, run {i + 1}")
            start.append(self._run(tiny, n)[0])
            strong.append(self._run(files, n))
            if len(share) < len(files):
                weak.append(self._run(share, n))
        least = min(start)
        return [_point("strong", n, least, strong), _point("weak", n, least, weak or strong)]

    def _run(self, files: Sequence[Path], workers: int) -> Run:
        self._runs += 1
        out = self.folder / f"run{self._runs}"
        reports: list[ContainerReport] = []
        started = time.perf_counter()
        run_containers(
            self._plan(files),
            self.settings,
            out,
            ClusterOptions(workers=workers),
            opener=read_local,
            on_report=reports.append,
        )
        return time.perf_counter() - started, reports

    def _plan(self, files: Sequence[Path]) -> tuple[ContainerPlan, ...]:
        sources = [local_source(file) for file in files]
        return plan_containers(sources, max(1, sum(s.size for s in sources) // 4))


def _point(kind: str, n: int, start: float, runs: Sequence[Run]) -> Point:
    """Return the quickest of several runs."""
    wall, reports = min(runs, key=lambda run: run[0])
    chunks = [chunk for report in reports for chunk in report.chunks]
    bases = sum(chunk.bases for chunk in chunks)
    each = [((c.code_seconds or 0.0) + (c.verify_seconds or 0.0)) / c.bases for c in chunks]
    raw = sum(genome.raw_bytes for report in reports for genome in report.genomes)
    return Point(
        kind,
        n,
        wall,
        start,
        bases,
        tuple(map(_genomes, sorted(reports, key=lambda report: report.path))),
        sum(e * c.bases for e, c in zip(each, chunks, strict=True)) / bases,
        pstdev(each) / fmean(each),
        sum(c.model_seconds or 0.0 for c in chunks) / bases,
        sum(genome.parse_seconds for report in reports for genome in report.genomes) / raw,
        sum(report.size for report in reports) / raw,
    )


def _genomes(report: ContainerReport) -> tuple[Genome, ...]:
    genomes: list[Genome] = []
    start = 0
    for genome in report.genomes:
        stop = start + genome.novel_bases
        genomes.append(tuple(c.bases for c in report.chunks if start <= c.first_base < stop))
        start = stop
    return tuple(genomes)
