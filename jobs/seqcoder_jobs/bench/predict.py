"""From measurements to a cluster: the check of the model, the prediction, what saturates first."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seqcoder_cluster.options import QUESTIONS_A_SECOND, ClusterOptions, count_actors, size_window
from seqcoder_jobs.bench.measured import Cost, Point
from seqcoder_jobs.bench.rates import Rates
from seqcoder_jobs.bench.simulation import Cluster, Genome, questions, simulate, simulate_shared

GENOMES = 2_400_000
CORES = (10, 30, 100, 300, 1000, 3000, 10_000)
CORES_PER_NODE = 64
_STORE_BYTES_PER_NODE = 64 << 30
_CONTAINER_BYTES = 256 << 20
_BATCHES_PER_CODER = 48
_MOST_BATCHES = 150_000


@dataclass(frozen=True)
class Check:
    """A measured point against the model.

    ``model`` knows nothing of the run but its corpus, its start and how much others disturbed it:
    costs are CPU seconds measured beside it, those of coding just before and after it. ``own``
    has the times of that very run by the clock, so that it checks the pipeline alone.
    """

    point: Point
    model: float
    own: float

    @property
    def error(self) -> float:
        """Relative error of ``model``."""
        return self.model / self.point.wall - 1

    @property
    def error_own(self) -> float:
        """Relative error of ``own``."""
        return self.own / self.point.wall - 1


@dataclass(frozen=True)
class Prediction:
    """A run over the whole corpus.

    ``rate`` is bases per second in its middle, ``efficiency`` against all cores coding all the
    time, ``busy`` the utilisation of each resource, ``overhead`` the CPU time of driver and
    coordinators relative to that of coders and actors.
    """

    cores: int
    coders: int
    actors: int
    containers: int
    seconds: float
    rate: float
    efficiency: float
    busy: dict[str, float]
    overhead: float


def with_point(rates: Rates, point: Point) -> Rates:
    """Return rates with the coders', actors' and coordinators' times by the clock of a run.

    What a coordinator does besides parsing was measured as CPU time, and takes as much longer by
    the clock as parsing did.
    """
    slower = max(1.0, point.parse_per_byte / rates.byte) if rates.byte else 1.0
    return replace(
        rates,
        genome=rates.genome * slower,
        byte=rates.byte * slower,
        batch=rates.batch * slower,
        code_per_base=point.code_per_base,
        code_spread=point.code_spread,
        model_per_base=point.model_per_base,
        start=point.start,
        coded_share=point.coded_share,
    )


def with_costs(rates: Rates, cost: Cost) -> Rates:
    """Return rates with what coding cost on as many workers as there are, around a run."""
    return replace(rates, code_per_base=cost.code, model_per_base=cost.model, contention=1.0)


def check(points: Sequence[Point], rates: Rates, cores: int, store_bytes: float) -> list[Check]:
    """Set the model against every measured point."""
    checks = []
    for point in points:
        window = size_window(
            ClusterOptions(workers=point.workers),
            len(point.containers),
            1 << 18,
            point.workers,
            store_bytes,
        )
        actors = 0
        if rates.model_per_base:
            actors = count_actors(ClusterOptions(workers=point.workers), point.workers, 0)
        cluster = Cluster(point.workers, actors, 1, window, rates.network, rates.storage)
        own = simulate(point.containers, with_point(rates, point), cluster).seconds
        around = with_costs(rates, point.cost)
        guess = simulate_shared(point.containers, around, cluster, cores, point.foreign).seconds
        checks.append(Check(point, point.start + guess, point.start + own))
    return checks


def corpus(count: int, chunk_bases: int, mean_bases: float = 4.0e6) -> list[Genome]:
    """Invent genome sizes as public collections have them: mean 4 Mb, standard deviation 1.5 Mb."""
    generator = random.Random(7)
    genomes: list[Genome] = []
    for _ in range(count):
        bases = int(min(max(generator.gauss(mean_bases, 1.5e6), 0.6e6), 12e6))
        n = -(-bases // chunk_bases)
        genomes.append(tuple(bases * (i + 1) // n - bases * i // n for i in range(n)))
    return genomes


def in_containers(genomes: Sequence[Genome]) -> list[list[Genome]]:
    """Fill containers of the default size."""
    containers: list[list[Genome]] = [[]]
    filled = 0
    for genome in genomes:
        if filled + sum(genome) > _CONTAINER_BYTES and containers[-1]:
            containers.append([])
            filled = 0
        containers[-1].append(genome)
        filled += sum(genome)
    return containers


def predict(
    cores: int, rates: Rates, chunk_bases: int, storage: float, network: float
) -> Prediction:
    """Predict a run over 2.4 million genomes.

    A part of the corpus is simulated; the rest goes at the rate of the middle of that part. All
    cores work, so everything takes as much longer as was measured for that.
    """
    rates = crowded(rates)
    nodes = -(-cores // CORES_PER_NODE)
    # As the software does unless told otherwise: coder tasks on all cores, and model actors beside
    # them that ask for none.
    coders = cores
    actors = count_actors(ClusterOptions(), cores, 0) if rates.model_per_base else 0
    whole = corpus(1000, chunk_bases)
    mean_bases = sum(map(sum, whole)) / len(whole)
    per_genome = sum(map(len, whole)) / len(whole)
    n = int(min(GENOMES, max(_BATCHES_PER_CODER * coders, 2000) / per_genome, _MOST_BATCHES))
    containers = in_containers(corpus(n, chunk_bases))
    all_containers = int(GENOMES * mean_bases / _CONTAINER_BYTES)
    window = size_window(
        ClusterOptions(workers=coders),
        all_containers,
        chunk_bases,
        coders,
        nodes * _STORE_BYTES_PER_NODE,
    )
    cluster = Cluster(coders, actors, nodes, window, network, storage)
    outcome = simulate_shared(containers, rates, cluster, cores)
    done = outcome.done
    a, b = done[int(0.3 * len(done))], done[int(0.6 * len(done))]
    steady = (b[1] - a[1]) / max(b[0] - a[0], 1e-9)
    simulated = sum(sum(genome) for container in containers for genome in container)
    rest = max(GENOMES * mean_bases - simulated, 0.0)
    load = loads(rates, mean_bases, per_genome)
    # Cores cannot do more, also where the beginning and the end of the simulated part were slack.
    polling = questions(window.containers) * rates.question
    per_base = sum(load[name] for name in ("coders", "model actors", "coordinators", "driver"))
    steady = min(steady, (cores - polling) / per_base)
    serial = rates.start + rates.plan * GENOMES
    seconds = serial + outcome.seconds + rest / steady
    busy = _busy_at(steady, rates, cluster, load, cores)
    ideal = GENOMES * mean_bases * (rates.code_per_base + rates.model_per_base) / cores
    work = (rates.code_per_base + rates.model_per_base) * steady
    light = busy["driver"] + steady * load["coordinators"]
    return Prediction(
        cores,
        coders,
        actors,
        window.containers,
        seconds,
        steady,
        ideal / seconds,
        busy,
        light / work,
    )


def crowded(rates: Rates) -> Rates:
    """Return rates as they are while all cores work."""
    slower = rates.contention
    return with_costs(rates, Cost(rates.code_per_base * slower, rates.model_per_base * slower))


def _busy_at(
    rate: float, rates: Rates, cluster: Cluster, load: dict[str, float], cores: int
) -> dict[str, float]:
    """Return the utilisation of each resource while ``rate`` bases per second go through."""
    containers = cluster.window.containers
    driver = rate * load["driver"] + questions(containers) * rates.question
    coding = rate * (load["coders"] + load["model actors"] + load["coordinators"])
    return {
        "cores": (coding + driver) / cores,
        "coordinators": rate * load["coordinators"] / containers,
        "driver": driver,
        "network": rate * load["network"] / cluster.network / min(cluster.nodes, containers),
        "storage": rate * load["storage"] / cluster.storage,
    }


def loads(rates: Rates, mean_bases: float, per_genome: float) -> dict[str, float]:
    """Return what a base costs each resource: seconds, or bytes for network and storage."""
    coded = rates.coded_share
    return {
        "coders": rates.code_per_base,
        "model actors": rates.model_per_base,
        "coordinators": rates.byte + (2 * rates.genome + rates.batch * per_genome) / mean_bases,
        "driver": rates.row / mean_bases + rates.container / _CONTAINER_BYTES,
        "network": 2.0 + 2 * coded,
        "storage": 1.0 + 2 * coded,
    }


def ceilings(rates: Rates, chunk_bases: int, storage: float) -> list[tuple[str, float]]:
    """Return at how many cores each part that does not grow with the cluster is full, least first.

    The driver also asks some coordinators a second how far they are. Behind these parts stand
    those that do grow with it ("one ..."), by the cores that one of them serves.
    """
    rates = crowded(rates)
    whole = corpus(1000, chunk_bases)
    mean_bases = sum(map(sum, whole)) / len(whole)
    load = loads(rates, mean_bases, sum(map(len, whole)) / len(whole))
    per_core = 1 / (rates.code_per_base + rates.model_per_base)
    idle = 1 - QUESTIONS_A_SECOND * rates.question
    found = [
        ("driver", max(idle, 0.0) / (per_core * load["driver"])),
        ("shared storage", storage / (per_core * load["storage"])),
    ]
    found.sort(key=lambda pair: pair[1])
    found.append(("one coordinator, of many", rates.code_per_base / load["coordinators"]))
    if rates.model_per_base:
        found.append(("one model actor, of many", rates.code_per_base / rates.model_per_base))
    return found
