"""``seqcoder-ray bench --scaling``: measure, check the model, predict."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from seqcoder.errors import UsageError
from seqcoder.settings import Settings, thread_count
from seqcoder_cluster import ClusterOptions, connect
from seqcoder_jobs.bench import rates as costs
from seqcoder_jobs.bench.measured import Bench, Cost, Point, invented_genome, write_genomes
from seqcoder_jobs.bench.predict import CORES, Check, Prediction, ceilings, check, predict
from seqcoder_jobs.bench.rates import Rates

_BATCH_BYTES = 250_000


@dataclass(frozen=True)
class ScalingSettings:
    """What to measure. ``storage`` (bytes per second) is the cluster's shared file system.

    ``network`` is that of a node; ``files`` empty: invented genomes, ``count`` of ``length``.
    """

    files: tuple[Path, ...] = ()
    workers: tuple[int, ...] = ()
    count: int = 16
    length: int = 250_000
    repeat: int = 3
    storage: float = 10e9
    network: float = 1.25e9


@dataclass(frozen=True)
class Scaling:
    """All that was found out."""

    wanted: ScalingSettings
    settings: Settings
    cores: int
    rates: Rates
    checks: list[Check]
    predictions: list[Prediction]
    ceilings: list[tuple[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "settings": self.settings.to_dict(),
            "cores": self.cores,
            "rates": asdict(self.rates),
            "points": [
                {
                    "kind": c.point.kind,
                    "workers": c.point.workers,
                    "wall": c.point.wall,
                    "start": c.point.start,
                    "bases": c.point.bases,
                    "model": c.model,
                    "model_error": c.error,
                    "model_of_own_times": c.own,
                    "model_of_own_times_error": c.error_own,
                    "used_by_others": c.point.foreign,
                    "spread": c.point.spread,
                }
                for c in self.checks
            ],
            "predictions": [asdict(prediction) for prediction in self.predictions],
            "full_at_cores": dict(self.ceilings),
        }


def measure_scaling(
    settings: Settings, wanted: ScalingSettings, tell: Callable[[str], None] = lambda line: None
) -> Scaling:
    """Measure strong and weak scaling and all costs here, and predict larger clusters.

    Raises:
        UsageError: the workers asked for make no sense.
    """
    cores = thread_count(0)
    workers = wanted.workers or _up_to(cores)
    if min(workers) < 1:
        raise UsageError("workers: give numbers from 1")
    with tempfile.TemporaryDirectory(prefix="seqcoder-scaling-") as name:
        folder = Path(name)
        files = list(wanted.files) or write_genomes(folder, wanted.count, wanted.length)
        bench = Bench(settings, folder, wanted.repeat, tell)
        points = bench.points(files, workers)
        tell("costs of coders, coordinator, driver, Ray and disk")
        found, store = _rates(folder, points, bench.costs)
    checks = check(points, found, cores, store)
    tell("model of larger clusters")
    predictions = [
        predict(n, found, settings.chunk_bases, wanted.storage, wanted.network) for n in CORES
    ]
    full = ceilings(found, settings.chunk_bases, wanted.storage)
    return Scaling(wanted, settings, cores, found, checks, predictions, full)


def _rates(
    folder: Path, points: Sequence[Point], coding: Mapping[int, Cost]
) -> tuple[Rates, float]:
    """Measure what one step costs; also returns the bytes of Ray's object store here."""
    large = invented_genome(1, 2_000_000)
    alone, together = coding[min(coding)], coding[max(coding)]
    genome, byte, report = costs.coordinator_costs(folder, large)
    container, row, plan = costs.driver_costs(folder, report)
    with connect(ClusterOptions(workers=max(point.workers for point in points))):
        import ray

        batch, question, network = costs.ray_costs(_BATCH_BYTES)
        store = float(ray.cluster_resources().get("object_store_memory", 1e9))
    rates = Rates(
        code_per_base=alone.code,
        code_spread=min(point.code_spread for point in points),
        model_per_base=alone.model,
        genome=genome,
        byte=byte,
        batch=batch,
        container=container,
        row=row,
        question=question,
        plan=plan,
        start=median(point.start for point in points),
        network=network,
        storage=costs.storage_rate(folder),
        coded_share=points[-1].coded_share,
        contention=max(1.0, (together.code + together.model) / (alone.code + alone.model)),
    )
    return rates, store


def _up_to(cores: int) -> tuple[int, ...]:
    """Return 1, 2, 4, ... and ``cores``."""
    powers = [1 << i for i in range(cores.bit_length()) if 1 << i < cores]
    return (*powers, cores)
