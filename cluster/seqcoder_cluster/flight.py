"""Work in flight: a bounded number of tasks, refilled as they complete, lost ones given again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from seqcoder_cluster.faults import try_again

T = TypeVar("T")


@dataclass
class _Work(Generic[T]):
    number: int
    item: T
    tries: int = 1


def completed(references: list[Any]) -> list[Any]:
    """Wait for one of the references, and return all that are there by then."""
    import ray

    ready, others = ray.wait(references, num_returns=1)
    if others:
        ready += ray.wait(others, num_returns=len(others), timeout=0)[0]
    return ready  # type: ignore[no-any-return]


def in_flight(
    items: Iterator[T],
    submit: Callable[[T], Any],
    *,
    running: int,
    waiting: int,
    describe: Callable[[T], str],
    ordered: bool = True,
) -> Iterator[tuple[T, Any]]:
    """Yield each item with the value of the task ``submit`` made of it.

    ``submit`` returns the task's object reference; it is called again if workers are lost. At
    most ``running`` tasks are submitted and not complete, and ``waiting`` items submitted and not
    yielded; items are taken only as room becomes free.

    Raises:
        SeqcoderError: as a task raised it; ClusterError where it was lost too often.
    """
    import ray

    flight: dict[Any, _Work[T]] = {}
    done: dict[int, tuple[T, Any]] = {}
    taken = given = 0
    more = True
    try:
        while True:
            while more and len(flight) < running and len(flight) + len(done) < waiting:
                for item in items:
                    flight[submit(item)] = _Work(taken, item)
                    taken += 1
                    break
                else:
                    more = False
            if ordered:
                while given in done:
                    yield done.pop(given)
                    given += 1
            else:
                while done:
                    yield done.pop(next(iter(done)))
            if not flight:
                if not more:
                    return
                continue
            for reference in completed(list(flight)):
                work = flight.pop(reference)
                try:
                    done[work.number] = (work.item, ray.get(reference))
                except Exception as error:
                    work.tries = try_again(describe(work.item), work.tries, error)
                    flight[submit(work.item)] = work
    finally:
        for reference in flight:
            ray.cancel(reference)
