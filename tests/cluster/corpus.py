"""A small corpus, its containers as a local run makes them, and a handle on worker processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genomes import small_genome
from seqcoder.chunk import ChunkCoder
from seqcoder.executor import ThreadExecutor
from seqcoder.genome import local_source, read_local
from seqcoder.pipeline import write_container
from seqcoder.plan import ContainerPlan, plan_containers
from seqcoder.report import ContainerReport
from seqcoder.settings import Settings
from seqcoder_cluster import ClusterOptions, run_containers

# Chunks of more than a batch, so that there are several tasks.
SETTINGS = Settings(chunk_bases=300_000, model=None)
PER_CONTAINER = 200_000


@dataclass(frozen=True)
class Corpus:
    """Planned containers, and the bytes a local run makes of each."""

    containers: tuple[ContainerPlan, ...]
    settings: Settings
    expected: dict[str, bytes]

    def run(self, out: Path, options: ClusterOptions | None = None) -> list[ContainerReport]:
        reports: list[ContainerReport] = []
        run_containers(
            self.containers,
            self.settings,
            out,
            options or ClusterOptions(),
            opener=read_local,
            on_report=reports.append,
        )
        return reports

    def check(self, out: Path) -> None:
        """The containers are there, byte for byte, and nothing else."""
        assert {path.name: path.read_bytes() for path in out.iterdir()} == self.expected


def make_corpus(folder: Path, settings: Settings, sizes: list[int], per_container: int) -> Corpus:
    folder.mkdir()
    for i, size in enumerate(sizes):
        (folder / f"g{i:02d}.fa").write_bytes(small_genome(size, seed=i))
    sources = [local_source(path) for path in sorted(folder.iterdir())]
    containers = plan_containers(sources, per_container)
    coder = ChunkCoder(settings)
    expected = {}
    for container in containers:
        path = folder / container.file
        executor = ThreadExecutor(coder, 2)
        write_container(container.genomes, settings, coder.model_digests(), executor, path)
        expected[path.name] = path.read_bytes()
    return Corpus(containers, settings, expected)


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 100) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {what}")


def workers(cluster: Any, title: str) -> list[int]:
    """Process numbers of the cluster's own workers that are at ``title`` now."""
    raylets = {
        process.process.pid
        for node in cluster.list_all_nodes()
        for process in node.all_processes.get("raylet", [])
    }
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                line = (folder / "cmdline").read_bytes()
            except (OSError, ValueError):
                continue
            if parent in raylets and line.startswith(f"ray::{title}".encode()):
                found.append(int(folder.name))
    return found


def kill_worker(cluster: Any, title: str) -> int:
    """Wait until a worker is at ``title``, and kill it."""
    pid = int(wait_for(lambda: workers(cluster, title), title)[0])
    os.kill(pid, signal.SIGKILL)
    return pid
