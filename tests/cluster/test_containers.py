"""The same bytes at any number of workers; bad inputs and bad outputs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from corpus import Corpus

import kin_genomes
import seqcoder
from genomes import small_genome
from seqcoder.errors import InputError, ModelError, UsageError
from seqcoder.settings import Settings
from seqcoder.writing.chunk import ChunkCoder
from seqcoder.writing.container_report import ContainerReport
from seqcoder.writing.executor import ThreadExecutor
from seqcoder.writing.genome_source import GenomeSource, local_source, read_local
from seqcoder.writing.pipeline import write_container
from seqcoder.writing.plan import ContainerPlan
from seqcoder_cluster import ClusterOptions, ProgressCounts, coordinator, run, run_containers
from seqcoder_cluster.actors import Actors
from seqcoder_cluster.model_actor import start_model_actors
from seqcoder_cluster.stages import Coding

pytestmark = pytest.mark.ray
QUICK = Settings(level=1, model=None)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_same_bytes_as_local(
    ray_cluster: Any, corpus: Corpus, tmp_path: Path, workers: int
) -> None:
    reports = corpus.run(tmp_path / "out", ClusterOptions(workers=workers))
    corpus.check(tmp_path / "out")
    assert {Path(report.path).name for report in reports} == set(corpus.expected)
    assert not any(report.failures for report in reports)
    assert all(chunk.worker for report in reports for chunk in report.chunks)


@pytest.mark.parametrize("actors", [0, 2])
def test_same_bytes_with_latents(
    ray_cluster: Any, corpus_with_latents: Corpus, tmp_path: Path, actors: int
) -> None:
    reports = corpus_with_latents.run(tmp_path / "out", ClusterOptions(actors=actors))
    corpus_with_latents.check(tmp_path / "out")
    assert all(chunk.model_seconds for report in reports for chunk in report.chunks)
    assert all(report.model_digest for report in reports)


@pytest.mark.parametrize("actors", [0, 1])
def test_same_bytes_after_leaders(ray_cluster: Any, tmp_path: Path, actors: int) -> None:
    inputs = tmp_path / "in"
    inputs.mkdir()
    for name, data in kin_genomes.files().items():
        (inputs / name).write_bytes(data)
    sources = tuple(local_source(path) for path in sorted(inputs.iterdir()))
    settings = Settings(chunk_bases=100_000)
    coder = ChunkCoder(settings)
    here = tmp_path / "here.sqc"
    write_container(sources, settings, coder.model_digests(), ThreadExecutor(coder, 2), here)
    with seqcoder.open(here) as container:
        assert sum(1 for chunk in container.reader.index.chunks if chunk.row.leader) > 6
    corpus = Corpus((ContainerPlan("000000.sqc", sources),), settings, {})
    corpus.run(tmp_path / "out", ClusterOptions(actors=actors, workers=2))
    assert (tmp_path / "out" / "000000.sqc").read_bytes() == here.read_bytes()


@pytest.mark.parametrize("other", ["model", "encoder"])
def test_another_model_is_refused(
    ray_cluster: Any, corpus_with_latents: Corpus, other: str
) -> None:
    coder = ChunkCoder(corpus_with_latents.settings)
    models, encoder = tuple(coder.model_digests()), coder.encoder_digest()
    assert models
    assert encoder
    coding = Coding(
        corpus_with_latents.settings,
        (bytes(32),) if other == "model" else models,
        "0" * 64 if other == "encoder" else encoder,
    )
    with Actors() as actors, pytest.raises(ModelError, match="is not the one") as caught:
        start_model_actors(coding, ClusterOptions(), actors)
    assert type(caught.value) is ModelError


def test_progress_adds_up(ray_cluster: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.fa"
    path.write_bytes(small_genome())
    seen: list[ProgressCounts] = []
    reports: list[ContainerReport] = []
    run_containers(
        [ContainerPlan("000000.sqc", (local_source(path),))],
        QUICK,
        tmp_path / "out",
        ClusterOptions(),
        opener=read_local,
        on_report=reports.append,
        on_progress=seen.append,
    )
    (report,) = reports
    bases = report.genomes[0].bases
    assert seen[-1] == ProgressCounts(1, path.stat().st_size, bases, report.size, 1)


def test_bad_inputs_are_reported_and_the_others_written(ray_cluster: Any, tmp_path: Path) -> None:
    good, cut = tmp_path / "good.fa", tmp_path / "cut.fa.gz"
    good.write_bytes(small_genome())
    cut.write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01")
    missing = GenomeSource("missing.fa", str(tmp_path / "missing.fa"))
    lost = ContainerPlan("000001.sqc", (missing,))
    first = ContainerPlan("000000.sqc", (local_source(cut), missing, local_source(good)))
    reports: list[ContainerReport] = []
    run_containers(
        [first, lost],
        QUICK,
        tmp_path / "out",
        ClusterOptions(),
        opener=read_local,
        on_report=reports.append,
    )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["000000.sqc"]
    by_size = sorted(reports, key=lambda report: len(report.genomes))
    assert by_size[0].path == ""
    assert [genome.status for genome in by_size[1].genomes] == ["failed", "failed", "verified"]
    assert "No such file" in by_size[0].failures[0].error


def from_elsewhere(source: GenomeSource) -> bytes:
    """An opener, as the jobs layer gives one for URIs and tar members."""
    if source.member == "bad":
        raise InputError(f"{source.label}: no such member")
    return small_genome(seed=len(source.member))


def test_opener_travels_to_the_coordinator(ray_cluster: Any, tmp_path: Path) -> None:
    sources = [GenomeSource(name, "s3://bucket/x.tar", name) for name in ("a", "bad", "bb")]
    reports: list[ContainerReport] = []
    run_containers(
        [ContainerPlan("000000.sqc", tuple(sources))],
        QUICK,
        tmp_path / "out",
        ClusterOptions(),
        opener=from_elsewhere,
        on_report=reports.append,
    )
    errors = [genome.error for genome in reports[0].genomes]
    assert errors == ["", "s3://bucket/x.tar::bad: no such member", ""]


def test_output_that_cannot_be_written_ends_the_run(ray_cluster: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "000000.sqc" / "in the way").mkdir(parents=True)
    path = tmp_path / "a.fa"
    path.write_bytes(small_genome())
    plan = [ContainerPlan(f"{i:06d}.sqc", (local_source(path),)) for i in range(4)]
    reports: list[ContainerReport] = []
    with pytest.raises(InputError, match=r"000000\.sqc: cannot be written") as caught:
        run_containers(
            plan,
            QUICK,
            out,
            ClusterOptions(containers_in_flight=1),
            opener=read_local,
            on_report=reports.append,
        )
    assert type(caught.value) is InputError
    assert reports == []  # none was begun after the first


def test_a_folder_that_is_not_the_drivers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coordinator, "_TOKEN_SECONDS", 0.0)
    job = coordinator.Job(None, str(tmp_path), "token", read_local, [])  # type: ignore[arg-type]
    one = coordinator.Coordinator(job)
    with pytest.raises(UsageError, match="does not see this folder"):
        one.write(ContainerPlan("x.sqc", ()), None, 0, {})  # type: ignore[arg-type]
    (tmp_path / coordinator.TOKEN_FILE).write_text("another")
    with pytest.raises(UsageError, match="does not see this folder"):
        one.write(ContainerPlan("x.sqc", ()), None, 0, {})  # type: ignore[arg-type]


def test_two_inputs_of_one_name(ray_cluster: Any, corpus: Corpus, tmp_path: Path) -> None:
    source = corpus.containers[0].genomes[0]
    double = dataclasses.replace(corpus, containers=(ContainerPlan("x.sqc", (source, source)),))
    with pytest.raises(UsageError, match="would both be called"):
        double.run(tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_coordinators_are_asked_in_turn(ray_cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    class Asked:
        def __init__(self, number: int) -> None:
            self.number, self.times = number, 0
            self.counts = self

        def remote(self) -> Any:
            self.times += 1
            return ray.put(ProgressCounts(genomes=10**self.number))

    monkeypatch.setattr(run, "QUESTIONS_A_SECOND", 2)
    driver: Any = run._Run(*[None] * 5, {})
    asked = [Asked(i) for i in range(5)]
    driver._running = {
        i: run._Slot(a, ContainerPlan(f"{i}.sqc", ()), 1) for i, a in enumerate(asked)
    }
    totals = [driver._progress().genomes for _ in range(6)]
    assert totals == [0, 11, 1111, 11111, 11111, 11111]
    assert [a.times for a in asked] == [3, 3, 2, 2, 2]
