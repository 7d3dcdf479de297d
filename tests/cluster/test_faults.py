"""Workers, coordinators, nodes and the driver die in the middle; the bytes are the same."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from corpus import Corpus

from genomes import random_bases
from ray_processes import Occupant, kill_worker, wait_for, workers
from seqcoder.container.frames import Bases, bases_digest
from seqcoder.settings import Settings
from seqcoder.writing.chunk_input import ChunkInput
from seqcoder.writing.container_report import ContainerReport
from seqcoder.writing.genome_source import read_local
from seqcoder_cluster import ClusterError, ClusterOptions, faults
from seqcoder_cluster.actors import Actors
from seqcoder_cluster.coordinator import Job
from seqcoder_cluster.executor import BATCH_BASES, RayExecutor
from seqcoder_cluster.faults import MAX_TRIES
from seqcoder_cluster.model_actor import ModelActor, start_model_actors
from seqcoder_cluster.options import Window
from seqcoder_cluster.run import _Run, _token_file
from seqcoder_cluster.stages import Coding, Staged

pytestmark = pytest.mark.ray


# One chunk after the other, so that a run can be met in the middle of a container.
ONE = ClusterOptions(workers=1)


def run_and(
    corpus: Corpus, out: Path, options: ClusterOptions, harm: Callable[[], object]
) -> list[ContainerReport]:
    """Run the corpus and do some harm meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(corpus.run, out, options)
        try:
            harm()
            assert not future.done(), "it was over before the harm was done"
        finally:
            reports = future.result(120)
    return reports


def begun(out: Path) -> bool:
    """Whether a whole chunk of the larger container, and more, is in its temporary file."""
    return any(path.stat().st_size > 80_000 for path in out.glob(".000001.*.partial"))


def test_coder_worker_killed(ray_cluster: Any, corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def harm() -> None:
        for _ in range(2):
            kill_worker(ray_cluster, "code_batch")

    run_and(corpus, out, ClusterOptions(), harm)
    corpus.check(out)


def test_coordinator_killed(ray_cluster: Any, corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def harm() -> None:
        wait_for(lambda: begun(out), "chunks in a temporary file")
        for _ in workers(ray_cluster, "Coordinator"):
            kill_worker(ray_cluster, "Coordinator")

    reports = run_and(corpus, out, ONE, harm)
    corpus.check(out)
    assert sorted(Path(report.path).name for report in reports) == sorted(corpus.expected)


def test_idle_coordinators_lost(ray_cluster: Any, corpus: Corpus, tmp_path: Path) -> None:
    """As many as there are tries went with their node while they waited: a container costs one."""
    import ray

    out = tmp_path / "out"
    reports: list[ContainerReport] = []
    with _token_file(out) as token, Actors() as actors:
        job = Job(Coding(corpus.settings, ()), str(out), token, read_local, [])
        run = _Run(job, ONE, actors, reports.append, lambda counts: None, {})
        run._idle = [run._start_coordinator() for _ in range(MAX_TRIES)]
        for coordinator in run._idle:
            ray.get(coordinator.counts.remote())
            ray.kill(coordinator)
        run.write(corpus.containers)
    corpus.check(out)
    assert len(reports) == len(corpus.containers)


def test_node_lost(ray_cluster: Any, corpus: Corpus, tmp_path: Path) -> None:
    import ray

    out = tmp_path / "out"
    occupant = ray.remote(num_cpus=4)(Occupant).remote()
    assert ray.get(occupant.there.remote())  # so that coder tasks can only be on the new node
    node = ray_cluster.add_node(num_cpus=2, object_store_memory=100 << 20, memory=8 << 30)

    def harm() -> None:
        wait_for(lambda: workers(ray_cluster, "code_batch"), "a coder task on the new node")
        ray_cluster.remove_node(node, allow_graceful=False)
        ray.kill(occupant)

    run_and(corpus, out, ClusterOptions(), harm)
    corpus.check(out)


class SlowModel(ModelActor):
    """A model actor that takes its time, so that it can be met at work."""

    def stage(self, batch: Sequence[Bases]) -> list[Staged]:
        time.sleep(0.5)
        return super().stage(batch)


def test_model_actor_killed(ray_cluster: Any) -> None:
    """The actor's restarts and the calls it had, without a model: it finds no latents."""
    coding = Coding(Settings(model=None), ())
    expected = [random_bases(BATCH_BASES, seed) for seed in range(8)]
    with Actors() as actors:
        pool = start_model_actors(coding, ClusterOptions(actors=2), actors, SlowModel)
        executor = RayExecutor(coding, Window(1, 4, 8), pool)
        with ThreadPoolExecutor(1) as thread:
            future = thread.submit(list, executor.code(map(ChunkInput, expected)))
            for _ in range(2):
                kill_worker(ray_cluster, "SlowModel.stage")
            coded = future.result(100)
    assert [chunk.frames.row.digest for chunk in coded] == [bases_digest(b) for b in expected]
    assert not workers(ray_cluster, "SlowModel.stage")


DRIVER = """
import sys
import time
from pathlib import Path
from corpus import PER_CONTAINER, SETTINGS
from seqcoder.writing.genome_source import local_source, read_local
from seqcoder.writing.plan import plan_containers
from seqcoder_cluster import ClusterOptions, run_containers
sources = [local_source(path) for path in sorted(Path(sys.argv[2]).glob("*.fa"))]
run_containers(plan_containers(sources, PER_CONTAINER), SETTINGS, Path(sys.argv[3]),
               ClusterOptions(address=sys.argv[1], workers=1), opener=read_local,
               on_report=lambda report: None)
"""


def test_driver_killed_and_run_again(ray_cluster: Any, corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "out"
    genomes = Path(corpus.containers[0].genomes[0].path).parent
    command = [sys.executable, "-c", DRIVER, ray_cluster.address, str(genomes), str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as driver:
        try:
            wait_for(lambda: begun(out) or driver.poll() is not None, "chunks")
            assert driver.poll() is None, driver.stdout.read().decode() if driver.stdout else ""
        finally:
            driver.kill()
    # At once: the orphaned coordinators may hold their files for some seconds yet.
    reports = corpus.run(out)
    corpus.check(out)
    resumed = [c.ordinal for r in reports for c in r.chunks if c.code_seconds is None]
    assert resumed, "nothing was taken up"


class Unable(ModelActor):
    """Cannot begin."""

    def __init__(self, *_: object) -> None:
        raise OSError("libcuda.so.1: cannot open shared object file")


def test_the_cause_of_an_actors_death_is_told(ray_cluster: Any) -> None:
    from ray.exceptions import WorkerCrashedError

    options = ClusterOptions(actors=1)
    coding = Coding(Settings(), ())
    with Actors() as actors, pytest.raises(ClusterError) as told:
        start_model_actors(coding, options, actors, Unable)
    assert "loading the model: OSError: libcuda.so.1: cannot open shared" in str(told.value)
    assert "lost" not in str(told.value)  # it is not tried again where each would meet it

    class DiedError(WorkerCrashedError):
        def __str__(self) -> str:  # as Ray 2.60 has it of an actor
            return (
                "The actor died unexpectedly before finishing this task.\n\tclass_name: X\n"
                "The actor is dead because its worker process has died. Worker exit type: "
                "SYSTEM_ERROR Worker exit detail: Worker killed by SIGILL: illegal instruction.\n"
            )

    with pytest.raises(ClusterError, match=f"lost {MAX_TRIES} times .*: Worker killed by SIGILL"):
        faults.try_again("loading the model", MAX_TRIES, DiedError())
