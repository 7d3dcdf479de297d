"""What a caller may choose, what it is told on the way, and how much is in flight at a time."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from seqcoder.errors import UsageError

# One coordinator reads and parses fast enough for ten times as many coder tasks, but hands out none
# while its container's last ones are awaited: with one for 16 coders a thousand cores would be 5 %
# slower (the model of seqcoder-ray bench --scaling). Where it also finds
# each genome in those before, fewer bases are left to code, and that takes it as long as two
# coders' work (docs/cluster.md).
CODERS_PER_COORDINATOR = 8
_TAIL_CODERS = 16
# Coordinators the driver asks in a second how far they are, those first that it asked longest ago.
# Asking all 1,250 of a cluster of 10,000 cores would take two thirds of its time.
QUESTIONS_A_SECOND = 50
_CODERS_PER_GROUPING = 2
_CODERS_PER_ACTOR = 3
# Bytes of the object store a base takes while its batch is in flight: one for the base, up to a
# quarter for the residual, 1/24 for the latents, and room for their frames.
_STORE_BYTES_PER_BASE = 1.35
_STORE_SHARE = 0.5


@dataclass(frozen=True)
class ClusterOptions:
    """Where to run, and on how much of it.

    ``address``: of a Ray cluster; None takes RAY_ADDRESS, or starts Ray on this machine for the
    run. ``workers``: coder tasks at once (None: all CPUs). ``actors`` and ``gpus_per_actor``:
    model actors (None: as many as there are GPUs for, or one to 3 CPUs) and the GPUs of each
    (fractions allowed; 0: CPU); with ``actors`` 0 the coder tasks run the model themselves.
    ``containers_in_flight``: written at a time (None: by size
    of the cluster). ``object_store_bytes``: of an embedded Ray (None: by memory).
    ``metrics``: counted for Prometheus (see ``metrics``).
    """

    address: str | None = None
    workers: int | None = None
    actors: int | None = None
    gpus_per_actor: float = 0.0
    containers_in_flight: int | None = None
    object_store_bytes: int | None = None
    metrics: bool = False

    def __post_init__(self) -> None:
        for name, value, least in (
            ("workers", self.workers, 1),
            ("actors", self.actors, 0),
            ("gpus per actor", self.gpus_per_actor, 0),
            ("containers in flight", self.containers_in_flight, 1),
            ("object store bytes", self.object_store_bytes, 80 << 20),
        ):
            if value is not None and value < least:
                raise UsageError(f"{name} {value}: give at least {least}")
        if self.gpus_per_actor > 1 and self.gpus_per_actor != int(self.gpus_per_actor):
            raise UsageError(
                f"{self.gpus_per_actor} GPUs per actor: give a fraction below 1 or a whole number"
            )


@dataclass(frozen=True)
class ProgressCounts:
    """What a run has done so far. May fall back a little when a container is begun again."""

    genomes: int = 0
    raw_bytes: int = 0
    bases: int = 0
    coded_bytes: int = 0
    containers: int = 0

    def __add__(self, other: ProgressCounts) -> ProgressCounts:
        return ProgressCounts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class Window:
    """Bounds on what is in flight.

    ``containers``: being written at a time. For each of them ``running`` batches are submitted
    and not done, and ``waiting`` batches (these included) are submitted and not yet written.
    """

    containers: int
    running: int
    waiting: int

    def store_bytes(self, batch_bases: int) -> int:
        """Bytes of the object stores the window can fill."""
        return int(self.containers * self.waiting * batch_bases * _STORE_BYTES_PER_BASE)


def count_actors(options: ClusterOptions, cpus: float, gpus: float) -> int:
    """Return how many model actors to start on a cluster of so many CPUs and GPUs.

    On the CPU stage 1 takes 0.14 to 0.20 of stage 2's time for whole genomes, 0.5 to 0.7 for
    chunks of 500 kb (docs/cluster.md): an actor for every third coder.
    """
    if options.actors is not None:
        return options.actors
    if options.gpus_per_actor:
        return max(1, int(gpus / options.gpus_per_actor))
    return max(1, -(-int(min(cpus, options.workers or cpus)) // _CODERS_PER_ACTOR))


def size_window(
    options: ClusterOptions,
    n_containers: int,
    batch_bases: int,
    cpus: int,
    store_bytes: float,
    grouped: bool = False,
) -> Window:
    """Choose a window that keeps ``cpus`` busy within half of the object stores.

    The tail of a run is one container alone: it may still occupy 16 coders.
    """
    cpus = max(1, cpus)
    coders = min(options.workers or cpus, cpus)
    served = _CODERS_PER_GROUPING if grouped else CODERS_PER_COORDINATOR
    containers = options.containers_in_flight or 1 + -(-coders // served)
    containers = max(1, min(containers, n_containers))
    if coders < cpus:  # the cluster would take more at once than the caller wants
        containers = min(containers, coders)
        running = coders // containers
    else:
        running = 1 + max(-(-2 * coders // containers), min(coders, _TAIL_CODERS))
    window = Window(containers, running, 2 * running)
    while window.store_bytes(batch_bases) > store_bytes * _STORE_SHARE:
        if window.running > 1:
            running = max(1, window.running * 3 // 4)
            window = Window(window.containers, running, 2 * running)
        elif window.containers > 1:
            window = Window(window.containers - 1, 1, 2)
        else:  # Ray spills to disk rather than fail
            return window
    return window
