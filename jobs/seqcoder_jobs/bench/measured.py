"""Strong and weak scaling on this machine's own cores."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, pstdev
from typing import Any

from seqcoder.settings import Settings, thread_count
from seqcoder.writing.container_report import ContainerReport
from seqcoder.writing.genome_source import local_source, read_local
from seqcoder.writing.plan import ContainerPlan, plan_containers
from seqcoder_cluster import ClusterOptions, connect, run_containers
from seqcoder_jobs.bench.load import Meter
from seqcoder_jobs.bench.simulation import Genome
from seqcoder_jobs.corpus.demo_genomes import demo_files

Tell = Callable[[str], None]

# A share of the machine by which others may disturb one run more than another.
_DISTURBED = 0.03
# Until all tasks have started and warmed up.
_GATHER_SECONDS = 4.0
# Chunks a task codes for its cost: single ones vary by up to 40 % where others share the memory.
_COST_CHUNKS = 4
# Long enough that a genome's chunk has latents.
_WARM_BASES = 1 << 19


@dataclass(frozen=True)
class Cost:
    """CPU seconds a base of stage 2 with verification (``code``) and of stage 1 (``model``)."""

    code: float
    model: float


@dataclass(frozen=True)
class Run:
    """Wall seconds of a run, the share of the machine others used, the reports of containers.

    ``cost``: what coding cost by itself just before and after the run, in the middle.
    """

    wall: float
    foreign: float
    reports: list[ContainerReport]
    cost: Cost


@dataclass(frozen=True)
class Point:
    """A measured run: of several, the middle one of those that others disturbed least.

    ``wall`` seconds of it; ``start``: what a run of tiny genomes took at this number of workers,
    in the middle; ``cost``: what coding cost by itself, on as many workers, around the run;
    ``foreign``: the share of the machine that other processes used meanwhile;
    ``code_per_base``, ``model_per_base``, ``parse_per_byte``: what its steps took by the clock;
    ``spread``: (most - least) / middle of the undisturbed runs.
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
    cost: Cost
    foreign: float = 0.0
    spread: float = 0.0

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
        self.cores = thread_count(0)
        self.costs: dict[int, Cost] = {}
        self._runs = 0

    def points(self, files: Sequence[Path], workers: Sequence[int]) -> list[Point]:
        """Measure strong scaling over ``files``, and weak scaling with a share of them each.

        At the largest number of workers both are one and the same run. What a base costs is
        measured in between, on as many workers: ``costs`` has it afterwards.
        """
        most = max(workers)
        tiny = write_genomes(self.folder / "tiny", 4 * most, 2000)
        found: list[Point] = []
        for n in workers:
            corpora = {"strong": list(files)}
            share = len(files) * n // most
            if share < len(files):
                corpora["weak"] = list(files[: max(1, share)])
            with connect(ClusterOptions(workers=n)):
                for _ in range(2):  # until all processes are there and have loaded kernels
                    self._run(tiny, n)
                found += self._points(corpora, tiny, n)
        return found

    def _points(
        self, corpora: Mapping[str, Sequence[Path]], tiny: Sequence[Path], n: int
    ) -> list[Point]:
        """Measure turn about, so that what else the machine does meets all alike.

        Where machines share a host, the same work takes up to 40 % longer at times, for seconds
        or minutes, which no account of processes shows: so a run is set against what coding
        cost just before and after it.
        """
        runs: dict[str, list[Run]] = {kind: [] for kind in corpora}
        start: list[float] = []
        costs = [coding_costs(self.settings, corpora["strong"], n)]
        for i in range(self.repeat):
            start.append(self._run(tiny, n)[0].wall)
            for kind, files in corpora.items():
                self.tell(f"{n} workers, {len(files)} genomes, run {i + 1} of {self.repeat}")
                meter, reports = self._run(files, n)
                costs.append(coding_costs(self.settings, corpora["strong"], n))
                around = _middle(costs[-2:])
                runs[kind].append(Run(meter.wall, meter.foreign(self.cores), reports, around))
        self.costs[n] = _middle(costs)
        begin = median(start)
        strong = runs["strong"]
        return [
            _point("strong", n, begin, strong),
            _point("weak", n, begin, runs.get("weak", strong)),
        ]

    def _run(self, files: Sequence[Path], workers: int) -> tuple[Meter, list[ContainerReport]]:
        self._runs += 1
        out = self.folder / f"run{self._runs}"
        reports: list[ContainerReport] = []
        with Meter() as meter:
            run_containers(
                self._plan(files),
                self.settings,
                out,
                ClusterOptions(workers=workers),
                opener=read_local,
                on_report=reports.append,
            )
        shutil.rmtree(out)
        return meter, reports

    def _plan(self, files: Sequence[Path]) -> tuple[ContainerPlan, ...]:
        sources = [local_source(file) for file in files]
        return plan_containers(sources, max(1, sum(s.size for s in sources) // 4))


def _middle(costs: Sequence[Cost]) -> Cost:
    return Cost(median(c.code for c in costs), median(c.model for c in costs))


def undisturbed(runs: Sequence[Run]) -> list[Run]:
    """Return the runs that others disturbed hardly more than the least disturbed one."""
    least = min(run.foreign for run in runs)
    return [run for run in runs if run.foreign <= least + _DISTURBED]


def _point(kind: str, n: int, start: float, runs: Sequence[Run]) -> Point:
    """Return the middle of the undisturbed runs, by the clock."""
    good = sorted(undisturbed(runs), key=lambda run: run.wall)
    run = good[(len(good) - 1) // 2]
    chunks = [chunk for report in run.reports for chunk in report.chunks]
    bases = sum(chunk.bases for chunk in chunks)
    each = [((c.code_seconds or 0.0) + (c.verify_seconds or 0.0)) / c.bases for c in chunks]
    raw = sum(genome.raw_bytes for report in run.reports for genome in report.genomes)
    parse = sum(genome.parse_seconds for report in run.reports for genome in report.genomes)
    return Point(
        kind,
        n,
        run.wall,
        start,
        bases,
        tuple(map(_genomes, sorted(run.reports, key=lambda report: report.path))),
        sum(e * c.bases for e, c in zip(each, chunks, strict=True)) / bases,
        pstdev(each) / fmean(each),
        sum(c.model_seconds or 0.0 for c in chunks) / bases,
        parse / raw,
        sum(report.size for report in run.reports) / raw,
        run.cost,
        run.foreign,
        (good[-1].wall - good[0].wall) / run.wall,
    )


def coding_costs(settings: Settings, files: Sequence[Path], concurrent: int) -> Cost:
    """Return CPU seconds a base while so many worker processes code at once; Ray is connected.

    CPU time, so that it hardly matters what else the machine does; but processes that run side
    by side share caches, memory and perhaps the two threads of a core, which CPU time shows.
    """
    import ray

    task = ray.remote(num_cpus=1)(_cost_here)
    begin = time.time() + _GATHER_SECONDS
    texts = [ray.put(file.read_bytes()) for file in files[: concurrent * _COST_CHUNKS]]
    turns = [
        [texts[(i + concurrent * k) % len(texts)] for k in range(_COST_CHUNKS)]
        for i in range(concurrent)
    ]
    parts = ray.get([task.remote(settings, begin, *turn) for turn in turns])
    bases = sum(part[0] for part in parts)
    return Cost(sum(part[1] for part in parts) / bases, sum(part[2] for part in parts) / bases)


def _cost_here(settings: Settings, begin: float, *texts: bytes) -> tuple[int, float, float]:
    """Return bases, and CPU seconds of stage 2 and of stage 1, on the first chunk of each file."""
    from seqcoder import fasta
    from seqcoder.writing.chunk import ChunkCoder
    from seqcoder.writing.chunk_input import ChunkInput

    chunks = []
    for text in texts:
        parsed = fasta.parse(fasta.decompress(text, "benchmark").data)
        assert not isinstance(parsed, fasta.NotFasta)
        # As long as the chunks of the runs are: the network looks closer at short ones.
        chunks.append(parsed.bases[: settings.chunk_bases])
    coder = ChunkCoder(settings)
    # The first latents build the model's library, which takes as long as half a million bases.
    # Workers have done so when a run is timed.
    coder.code(ChunkInput(chunks[0][:_WARM_BASES]), coder.latents(chunks[0][:_WARM_BASES]))
    time.sleep(max(0.0, begin - time.time()))  # until all are there
    code = model = 0.0
    for bases in chunks:
        started = time.process_time()
        latents = coder.latents(bases)
        staged = time.process_time()
        coder.code(ChunkInput(bases), latents)
        model += staged - started
        code += time.process_time() - staged
    return sum(map(len, chunks)), code, model


def _genomes(report: ContainerReport) -> tuple[Genome, ...]:
    genomes: list[Genome] = []
    start = 0
    for genome in report.genomes:
        stop = start + genome.novel_bases
        genomes.append(tuple(c.bases for c in report.chunks if start <= c.first_base < stop))
        start = stop
    return tuple(genomes)
