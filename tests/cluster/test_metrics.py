"""Metrics for Prometheus: what is counted, through Ray's own classes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray")

from corpus import Corpus

from seqcoder.writing.container_report import ChunkReport, ContainerReport, GenomeReport
from seqcoder_cluster import ClusterOptions
from seqcoder_cluster.metrics import Meters, stage_seconds


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, ...]]:
    """Sums of what reaches Ray's metrics, by name and label; histograms by how often."""
    import ray.util.metrics as metrics

    sums: Counter[tuple[str, ...]] = Counter()
    inc, observe = metrics.Counter.inc, metrics.Histogram.observe

    def key(meter: Any, tags: dict[str, str] | None) -> tuple[str, ...]:
        return (meter.info["name"], *(tags or {}).values())

    def counting(self: Any, value: float = 1.0, tags: dict[str, str] | None = None) -> None:
        sums[key(self, tags)] += value
        inc(self, value, tags)

    def observing(self: Any, value: float, tags: dict[str, str] | None = None) -> None:
        assert value >= 0
        sums[key(self, tags)] += 1
        observe(self, value, tags)

    monkeypatch.setattr(metrics.Counter, "inc", counting)
    monkeypatch.setattr(metrics.Histogram, "observe", observing)
    return sums


@pytest.mark.ray
def test_a_run_is_counted(
    ray_cluster: Any, corpus: Corpus, tmp_path: Path, recorded: Counter[tuple[str, ...]]
) -> None:
    reports = corpus.run(tmp_path / "plain")
    assert not recorded  # nothing unless it is asked for
    corpus.run(tmp_path / "out", ClusterOptions(metrics=True))
    genomes = [genome for report in reports for genome in report.genomes]
    chunks = sum(len(report.chunks) for report in reports)
    assert recorded["seqcoder_containers_total",] == len(reports)
    assert recorded["seqcoder_genomes_total", "verified"] == len(genomes)
    assert recorded["seqcoder_bases_total",] == sum(genome.bases for genome in genomes)
    assert recorded["seqcoder_bytes_in_total",] == sum(genome.source_bytes for genome in genomes)
    assert recorded["seqcoder_bytes_out_total",] == sum(report.size for report in reports)
    assert recorded["seqcoder_stage_seconds", "code"] == chunks
    assert recorded["seqcoder_stage_seconds", "verify"] == chunks
    assert recorded["seqcoder_stage_seconds", "parse"] == len(genomes)


@pytest.mark.ray
def test_failures_have_a_label(ray_cluster: Any, recorded: Counter[tuple[str, ...]]) -> None:
    failed = GenomeReport("a.fa", "a.fa", None, "failed", error="no such file")
    Meters().count(ContainerReport("", 0, "", "", (failed, failed)))
    assert dict(recorded) == {("seqcoder_genomes_total", "failed"): 2}


def test_times_of_an_earlier_run_are_not_known() -> None:
    chunk = ChunkReport(0, 0, 1, 1, 0, 0, 1, 0, None, 0.5, 0.25, "w", "cpu")
    report = ContainerReport("", 1, "", "", (), (chunk,))
    assert list(stage_seconds(report)) == [("code", 0.5), ("verify", 0.25)]
