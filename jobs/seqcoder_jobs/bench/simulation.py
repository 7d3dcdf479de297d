"""A discrete-event model of a run: driver, coordinators, model actors, coders, network, storage.

It follows ``seqcoder_cluster`` step by step: the driver hands out containers and commits reports;
a coordinator reads and parses the next genome when its window has room, hands out batches, takes
them back and writes them in order; a batch passes a model actor, then a coder. Costs are those of
``Rates``; coder times vary from chunk to chunk.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from seqcoder_cluster.options import QUESTIONS_A_SECOND, Window
from seqcoder_jobs.bench.rates import Rates

Genome = tuple[int, ...]
"""Bases of each chunk of a genome."""


@dataclass(frozen=True)
class Cluster:
    """What a run has. ``network`` is of one node, ``storage`` of all together, bytes per second.

    ``stretch``: by how much everything is slower because processes share cores.
    """

    coders: int
    actors: int
    nodes: int
    window: Window
    network: float
    storage: float
    stretch: float = 1.0


@dataclass
class Outcome:
    """Seconds from the first container to the last, and how long each resource was busy.

    ``done`` has the moments at which batches were written, in order, and bases until then.
    """

    seconds: float = 0.0
    busy: dict[str, float] = field(default_factory=dict)
    done: list[tuple[float, int]] = field(default_factory=list)


class _Queue:
    """Servers of one kind, first come first served."""

    def __init__(self, servers: int) -> None:
        self._free = [0.0] * servers
        self.busy = 0.0

    def serve(self, at: float, seconds: float) -> float:
        """Return when a job that comes at ``at`` is done; calls must come in order of time."""
        start = max(at, heapq.heappop(self._free))
        heapq.heappush(self._free, start + seconds)
        self.busy += seconds
        return start + seconds


class _Coordinator:
    """Where a coordinator is in its container."""

    def __init__(self, node: int) -> None:
        self.node = node
        self.idle = True
        self.todo: deque[tuple[int, int]] = deque()  # bases of the batch, bytes to parse first
        self.given: deque[int] = deque()  # batches handed out and not yet written
        self.sizes: dict[int, int] = {}
        self.back: deque[int] = deque()
        self.done: set[int] = set()
        self.running = 0
        self.number = 0
        self.n_genomes = 0
        self.n_bytes = 0


class _Run:
    def __init__(
        self, containers: Sequence[Sequence[Genome]], rates: Rates, cluster: Cluster, seed: int
    ) -> None:
        self.rates, self.cluster = rates, cluster
        self.waiting = deque(containers)
        self.random = random.Random(seed)
        self.events: list[tuple[float, int, Callable[[float], None]]] = []
        self.count = 0
        self.driver = _Queue(1)
        self.actors = [_Queue(1) for _ in range(cluster.actors)]
        self.coders = _Queue(cluster.coders)
        self.storage = _Queue(1)
        self.network = [_Queue(1) for _ in range(cluster.nodes)]
        self.coordinating = 0.0
        self.turn = 0
        self.bases = 0
        self.outcome = Outcome()
        polling = questions(cluster.window.containers) * rates.question
        self.driver_slow = cluster.stretch / max(1.0 - polling, 0.05)
        self.polling = min(polling, 0.95)

    def at(self, moment: float, what: Callable[[float], None]) -> None:
        self.count += 1
        heapq.heappush(self.events, (moment, self.count, what))

    def run(self) -> Outcome:
        for i in range(min(self.cluster.window.containers, len(self.waiting))):
            coordinator = _Coordinator(i % self.cluster.nodes)
            self.at(0.0, lambda now, c=coordinator: self.begin(c, now))  # type: ignore[misc]
        now = 0.0
        while self.events:
            now, _, what = heapq.heappop(self.events)
            what(now)
        self.outcome.seconds = now
        self.outcome.busy = {
            "coders": self.coders.busy / self.cluster.coders,
            "model actors": sum(a.busy for a in self.actors) / max(len(self.actors), 1),
            "coordinators": self.coordinating / self.cluster.window.containers,
            "driver": self.driver.busy + self.polling * now,
            "network of a coordinator's node": max(n.busy for n in self.network),
            "storage": self.storage.busy,
        }
        return self.outcome

    def begin(self, c: _Coordinator, now: float) -> None:
        if not self.waiting:
            return
        genomes = self.waiting.popleft()
        c.n_genomes, c.n_bytes = len(genomes), 0
        c.todo = deque(
            (bases, sum(chunks) if i == 0 else 0)
            for chunks in genomes
            for i, bases in enumerate(chunks)
        )
        ready = self.driver.serve(now, self.rates.container * self.driver_slow / 2)
        self.at(ready, lambda t: self.step(c, t))

    def step(self, c: _Coordinator, now: float) -> None:
        """Do the coordinator's next piece of work; it is free at ``now``."""
        window = self.cluster.window
        c.idle = False
        if c.todo and c.running < window.running and len(c.given) < window.waiting:
            self.hand_out(c, now)
        elif c.back:
            self.take_back(c, now)
        elif not c.todo and not c.given:
            cost = self.rates.genome * c.n_genomes * self.cluster.stretch
            self.coordinating += cost
            read_again = self.storage.serve(now, c.n_bytes / self.cluster.storage)
            self.at(max(now + cost, read_again), lambda t: self.finish(c, t))
        else:
            c.idle = True

    def hand_out(self, c: _Coordinator, now: float) -> None:
        bases, to_parse = c.todo.popleft()
        cost = (self.rates.byte * to_parse + self.rates.batch / 2) * self.cluster.stretch
        ready = now + cost
        if to_parse:
            ready = max(ready, self.storage.serve(now, to_parse / self.cluster.storage))
        self.coordinating += cost
        number = c.number
        c.number += 1
        c.running += 1
        c.given.append(number)
        c.sizes[number] = bases
        sent = self.network[c.node].serve(now, (to_parse + bases) / self.cluster.network)
        self.at(max(ready, sent), lambda t: self.stage(c, number, t))
        self.at(ready, lambda t: self.step(c, t))

    def stage(self, c: _Coordinator, number: int, now: float) -> None:
        ready = now
        if self.actors:
            actor = self.actors[self.turn % len(self.actors)]
            self.turn += 1
            cost = self.rates.model_per_base * c.sizes[number] * self.cluster.stretch
            ready = actor.serve(now, cost)
        self.at(ready, lambda t: self.code(c, number, t))

    def code(self, c: _Coordinator, number: int, now: float) -> None:
        vary = max(0.2, self.random.gauss(1.0, self.rates.code_spread))
        cost = self.rates.code_per_base * c.sizes[number] * vary * self.cluster.stretch
        self.at(self.coders.serve(now, cost), lambda t: self.coded(c, number, t))

    def coded(self, c: _Coordinator, number: int, now: float) -> None:
        c.back.append(number)
        if c.idle:
            self.step(c, now)

    def take_back(self, c: _Coordinator, now: float) -> None:
        number = c.back.popleft()
        c.running -= 1
        c.done.add(number)
        written = 0
        while c.given and c.given[0] in c.done:
            first = c.given.popleft()
            c.done.remove(first)
            written += c.sizes.pop(first)
        self.bases += written
        if written:
            self.outcome.done.append((now, self.bases))
        coded = int(written * self.rates.coded_share)
        c.n_bytes += coded
        cost = self.rates.batch / 2 * self.cluster.stretch
        self.coordinating += cost
        self.network[c.node].serve(now, 2 * coded / self.cluster.network)
        stored = self.storage.serve(now, coded / self.cluster.storage)
        self.at(max(now + cost, stored), lambda t: self.step(c, t))

    def finish(self, c: _Coordinator, now: float) -> None:
        cost = self.rates.container / 2 + self.rates.row * c.n_genomes
        ready = self.driver.serve(now, cost * self.driver_slow)
        self.at(ready, lambda t: self.begin(c, t))


def questions(containers: int) -> int:
    """Return how many coordinators the driver asks in a second, of so many at work."""
    return min(containers, QUESTIONS_A_SECOND)


def simulate(
    containers: Sequence[Sequence[Genome]], rates: Rates, cluster: Cluster, seed: int = 1
) -> Outcome:
    """Run the model on containers of genomes; the same arguments give the same outcome."""
    return _Run(containers, rates, cluster, seed).run()


def simulate_shared(
    containers: Sequence[Sequence[Genome]],
    rates: Rates,
    cluster: Cluster,
    cores: int,
    foreign: float = 0.0,
) -> Outcome:
    """Run the model where all processes share ``cores``.

    They take longer by as much as there are more of them than cores that others leave
    (``foreign``: the share of the machine others use).
    """
    outcome = simulate(containers, rates, cluster)
    busy = outcome.busy
    # Cores that all of it would keep busy if there were enough of them.
    work = (
        busy["coders"] * cluster.coders
        + busy["model actors"] * cluster.actors
        + busy["coordinators"] * cluster.window.containers
        + busy["driver"]
    ) / outcome.seconds
    stretch = max(1.0, work / max(cores * (1.0 - foreign), 0.1))
    return simulate(containers, rates, replace(cluster, stretch=stretch))
