"""Any function over many items on the cluster, a bounded number at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from seqcoder_cluster.executor import usable_memory
from seqcoder_cluster.flight import in_flight
from seqcoder_cluster.options import ClusterOptions
from seqcoder_cluster.session import connect

T = TypeVar("T")
R = TypeVar("R")


def _call(function: Callable[[T], R], item: T) -> R:
    return function(item)


def map_tasks(
    function: Callable[[T], R],
    items: Iterable[T],
    options: ClusterOptions,
    *,
    ordered: bool = False,
    memory_bytes: int = 0,
) -> Iterator[tuple[T, R]]:
    """Yield each item with ``function(item)``, run as tasks of one CPU each.

    Connects for as long as it runs, if the caller has not. At most twice as many tasks as run at
    once are in flight, and items are taken only as they complete; with ``ordered`` as many again
    may wait for their turn. Items and values should be small: they pass through the driver.

    Raises:
        SeqcoderError: as the function raised it, which ends the iteration; a function that
            returns its errors does not end it. ClusterError: an item was lost too often.
    """
    with connect(options):
        import ray

        cpus = max(1, int(ray.cluster_resources().get("CPU", 1)))
        running = 2 * cpus
        if options.workers is not None and options.workers < cpus:
            running = options.workers
        task = ray.remote(
            num_cpus=1, max_retries=0, memory=usable_memory(memory_bytes) if memory_bytes else None
        )(_call)
        shared = ray.put(function)
        yield from in_flight(
            iter(items),
            lambda item: task.remote(shared, item),
            running=running,
            waiting=2 * running,
            describe=lambda item: str(item)[:200],
            ordered=ordered,
        )
