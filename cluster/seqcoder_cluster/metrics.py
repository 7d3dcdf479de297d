"""Counts of a run for Prometheus, by way of ``ray.util.metrics``; only where they are asked for.

Ray's agent on each node serves them to Prometheus with Ray's own metrics, under the prefix
``ray_`` (it needs ``ray[default]``; without it they are counted and nobody asks). Labels have a few
values each; genomes' names are no labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from seqcoder.writing.container_report import ContainerReport

OnReport = Callable[[ContainerReport], None]

STAGE_SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
"""Upper bounds of the histogram of stages, seconds."""


class Meters:
    """The metrics of a run. Ray must be connected.

    Counters: ``seqcoder_containers_total``, ``seqcoder_genomes_total`` (label ``status``:
    verified, stored, failed), ``seqcoder_bases_total``, ``seqcoder_bytes_in_total`` (files as they
    lay) and ``seqcoder_bytes_out_total``. Histogram: ``seqcoder_stage_seconds`` (label ``stage``:
    parse, model, code, verify), of genomes for parse, of chunks for the others.
    """

    def __init__(self) -> None:
        from ray.util.metrics import Counter, Histogram

        def counter(name: str, what: str, *tags: str) -> Any:
            return Counter(f"seqcoder_{name}_total", description=what, tag_keys=tags)

        self.containers = counter("containers", "Containers written.")
        self.genomes = counter("genomes", "Input files done.", "status")
        self.bases = counter("bases", "Bases archived.")
        self.bytes_in = counter("bytes_in", "Bytes of input files as they lay.")
        self.bytes_out = counter("bytes_out", "Bytes of containers.")
        self.stages = Histogram(
            "seqcoder_stage_seconds",
            description="Seconds of a stage, by genome (parse) or chunk.",
            boundaries=list(STAGE_SECONDS),
            tag_keys=("stage",),
        )

    def count(self, report: ContainerReport) -> None:
        """Count what a finished container holds."""
        if report.size:
            self.containers.inc(1)
            self.bytes_out.inc(report.size)
        for status in sorted({genome.status for genome in report.genomes}):
            of_status = sum(genome.status == status for genome in report.genomes)
            self.genomes.inc(of_status, tags={"status": status})
        for meter, total in (
            (self.bases, sum(genome.bases for genome in report.genomes)),
            (self.bytes_in, sum(genome.source_bytes for genome in report.genomes)),
        ):
            if total:
                meter.inc(total)
        for stage, seconds in stage_seconds(report):
            self.stages.observe(seconds, tags={"stage": stage})


def stage_seconds(report: ContainerReport) -> Iterator[tuple[str, float]]:
    """Give what each stage took: by genome for parsing, by chunk for the others, where known."""
    for genome in report.genomes:
        if genome.parse_seconds:
            yield "parse", genome.parse_seconds
        if genome.walk_seconds:
            yield "walk", genome.walk_seconds
    for chunk in report.chunks:
        for stage in ("model", "code", "verify"):
            seconds = getattr(chunk, f"{stage}_seconds")
            if seconds is not None:
                yield stage, seconds


def counted(on_report: OnReport) -> OnReport:
    """Return ``on_report`` with what is reported counted before. Ray must be connected."""
    meters = Meters()

    def count(report: ContainerReport) -> None:
        meters.count(report)
        on_report(report)

    return count
