"""What each step costs, measured on this machine: the numbers the model of a cluster runs on."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqcoder.settings import Settings
from seqcoder.writing.chunk import ChunkCoder, CodedChunk
from seqcoder.writing.chunk_input import ChunkInput
from seqcoder.writing.container_report import ContainerReport
from seqcoder.writing.genome_source import GenomeSource, local_source
from seqcoder.writing.pipeline import write_container
from seqcoder.writing.plan import Plan, plan_containers
from seqcoder_cluster.flight import in_flight
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.manifest.files import compact, write_part
from seqcoder_jobs.archive.manifest.rows import container_rows
from seqcoder_jobs.archive.saved_plan import SavedPlan


@dataclass(frozen=True)
class Rates:
    """Costs in seconds, rates in bytes per second.

    Coders: ``code_per_base`` for stage 2 and verification by one alone on the machine,
    ``code_spread`` the relative standard deviation from chunk to chunk. Model actors:
    ``model_per_base``. ``contention``: how much longer both take when all cores work (shared
    memory, caches, threads of one core). Coordinator:
    ``genome`` and ``byte`` for reading, parsing, hashing and committing a file, ``batch`` for
    handing a batch out and taking it back. Driver: ``container``, ``row`` for a genome's rows in
    the manifest, ``question`` for asking a coordinator how far it is, and ``plan``
    for a genome before all starts. ``start``: until workers are there.
    """

    code_per_base: float
    code_spread: float
    model_per_base: float
    genome: float
    byte: float
    batch: float
    container: float
    row: float
    question: float
    plan: float
    start: float
    network: float
    storage: float
    coded_share: float
    """Bytes written for each byte read."""
    contention: float = 1.0


class _Counting:
    """An executor that packs chunks at level 1 and keeps account of the CPU time that takes."""

    def __init__(self) -> None:
        self._coder = ChunkCoder(Settings(level=1, group=False))
        self.spent = 0.0

    def code(self, chunks: Iterator[ChunkInput]) -> Iterator[CodedChunk]:
        for chunk in chunks:
            started = time.process_time()
            coded = self._coder.code(chunk, None)
            self.spent += time.process_time() - started
            yield coded


def coordinator_costs(folder: Path, large: bytes) -> tuple[float, float, ContainerReport]:
    """Return a coordinator's CPU seconds for each genome and for each byte of it.

    The coding of the chunks is not its work and taken off. Also returns a report of many genomes.
    """
    many = 48
    for i in range(many):
        (folder / f"tiny{i}.fa").write_bytes(b">tiny%d\n%s\n" % (i, b"ACGT" * 250))
    (folder / "large.fa").write_bytes(large)
    tiny = [folder / f"tiny{i}.fa" for i in range(many)]
    per_run, report = _container_cpu(tiny, folder / "tiny.sqc")
    whole, _ = _container_cpu([folder / "large.fa"], folder / "large.sqc")
    genome = per_run / many
    return genome, max(whole - genome, 0.0) / len(large), report


def _container_cpu(files: Sequence[Path], out: Path) -> tuple[float, ContainerReport]:
    best, report = float("inf"), None
    sources = [local_source(file) for file in files]
    for _ in range(3):
        executor = _Counting()
        started = time.process_time()
        report = write_container(sources, Settings(level=1, group=False), [], executor, out)
        best = min(best, time.process_time() - started - executor.spent)
    assert report is not None
    return best, report


def driver_costs(folder: Path, report: ContainerReport) -> tuple[float, float, float]:
    """Return the driver's seconds for each container, for each genome's rows, for each plan entry.

    ``report`` is of a container with many genomes.
    """
    archive = Archive(folder / "archive")
    archive.make()
    n = len(report.genomes)

    def commit(number: int, part: ContainerReport) -> None:
        file = f"{number:06d}.sqc"
        received = pickle.loads(pickle.dumps(part))
        write_part(archive.store, file, container_rows(file, received, {}))

    one = ContainerReport(
        report.path, report.size, report.sha256, "", report.genomes[:1], report.chunks[:1]
    )
    commit(0, report)  # imports and caches
    commit(1, one)
    container = _best_cpu(lambda: commit(1, one))
    row = max(_best_cpu(lambda: commit(2, report)) - container, 0.0) / (n - 1)
    parts = 24
    for number in range(3, parts):
        commit(number, one)
    container += _best_cpu(lambda: compact(archive.store, ()), 1) / parts
    entries = [
        GenomeSource(f"species/genome_{i:07d}.fa.gz", f"/corpus/genome_{i:07d}.fa.gz", "", 4 << 20)
        for i in range(5000)
    ]

    def plan() -> None:
        saved = SavedPlan(Plan(Settings(), "", plan_containers(entries, 256 << 20)), 256 << 20, 0)
        archive.save(saved)

    return container, row, _best_cpu(plan) / len(entries)


def _best_cpu(work: Callable[[], None], runs: int = 3) -> float:
    best = float("inf")
    for _ in range(runs):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


class _Silent:
    def counts(self) -> int:
        return 1


def ray_costs(batch_bytes: int) -> tuple[float, float, float]:
    """Return seconds for each batch (handed out, taken back), for each question; bytes per second.

    Ray must be connected. The batch's cost is this process's CPU time, as a coordinator has it.
    """
    import numpy as np
    import ray

    data = np.zeros(batch_bytes, np.uint8)
    answer = b"x" * (batch_bytes // 4)
    task = ray.remote(num_cpus=1)(lambda reference: answer)
    silent: Any = ray.remote(num_cpus=0)(_Silent).remote()
    ray.get([task.remote(ray.put(data)), silent.counts.remote()])

    def batches(count: int) -> None:
        items = (ray.put(data) for _ in range(count))
        for _ in in_flight(items, task.remote, running=4, waiting=8, describe=str):
            pass

    def questions(count: int) -> None:
        for _ in range(count):
            question = silent.counts.remote()
            ray.wait([question], timeout=1.0)
            ray.get(question)

    batch = _best_cpu(lambda: batches(100)) / 100
    question = _best_cpu(lambda: questions(200)) / 200
    block = np.zeros(64 << 20, np.uint8)
    length = ray.remote(num_cpus=1)(lambda block: len(block))
    best = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        ray.get(length.remote(ray.put(block)))
        best = min(best, time.perf_counter() - started)
    ray.kill(silent)
    return batch, question, len(block) / best


def storage_rate(folder: Path) -> float:
    """Return bytes per second written to disk for good (fsync) below ``folder``."""
    block = os.urandom(1 << 20)
    best = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        with (folder / "storage.bin").open("wb") as file:
            for _ in range(64):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        best = min(best, time.perf_counter() - started)
    (folder / "storage.bin").unlink()
    return (64 << 20) / best
