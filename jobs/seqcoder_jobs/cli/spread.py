"""Work on containers one by one, or spread over a Ray cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def has_cluster(address: str | None) -> bool:
    """Whether the user has a Ray cluster in mind."""
    return bool(address or os.environ.get("RAY_ADDRESS"))


def mapped(
    function: Callable[[T], R], items: list[T], address: str | None, workers: int | None, ray: bool
) -> Iterator[R]:
    """Apply a function to items as Ray tasks, or one after the other in this process."""
    if not ray:
        yield from map(function, items)
        return
    from seqcoder_cluster import ClusterOptions, map_tasks

    options = ClusterOptions(address=address, workers=workers)
    for _, result in map_tasks(function, items, options, ordered=True):
        yield result


def worth_ray(containers: int, address: str | None, heavy: bool) -> bool:
    """Whether tasks are worth starting Ray for: on a cluster always, here for heavy work only.

    A single container is decoded by threads of this process as fast.
    """
    return has_cluster(address) or (heavy and containers > 1)
