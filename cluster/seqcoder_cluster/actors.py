"""Starting actors, and leaving none behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seqcoder_cluster.faults import ClusterError, try_again
from seqcoder_cluster.options import ClusterOptions, count_actors
from seqcoder_cluster.stages import Coding, ModelActor

_ACTOR_SECONDS = 900.0
_STAGE_TRIES = 3


class Actors:
    """Starts actors and makes sure that none is left at the end."""

    def __init__(self) -> None:
        self._started: list[Any] = []

    def __enter__(self) -> Actors:
        return self

    def __exit__(self, *_: object) -> None:
        for actor in self._started:
            self.stop(actor)

    def start(self, kind: type, *arguments: Any, **options: Any) -> Any:
        """Start an actor of ``kind``; ``options`` are Ray's."""
        import ray

        actor = ray.remote(**options)(kind).remote(*arguments)
        self._started.append(actor)
        return actor

    def stop(self, actor: Any) -> None:
        """End an actor, dead or alive."""
        import ray

        self._started = [other for other in self._started if other is not actor]
        ray.kill(actor)


def start_model_actors(
    coding: Coding, options: ClusterOptions, actors: Actors, kind: type[ModelActor] = ModelActor
) -> list[Any]:
    """Start the model actors and wait until one of them has loaded its model.

    On the CPU they ask for none, so that coder tasks have them all: stage 1 is the smaller part.

    Raises:
        ModelError: the model cannot be loaded there. ClusterError: no actor found a place.
    """
    import ray

    there = ray.cluster_resources()
    device = "cuda" if options.gpus_per_actor else "cpu"
    pool = [
        actors.start(
            kind,
            coding,
            device,
            num_cpus=0,
            num_gpus=options.gpus_per_actor,
            scheduling_strategy="SPREAD",
            max_restarts=-1,  # whatever becomes of it, batches are tried a bounded number of times
            max_task_retries=_STAGE_TRIES,  # so that calls wait for the restart
        )
        for _ in range(count_actors(options, there.get("CPU", 1), there.get("GPU", 0)))
    ]
    if pool:
        _wait_for_one(pool, options)
    return pool


def _wait_for_one(pool: Sequence[Any], options: ClusterOptions) -> None:
    """Wait until an actor has loaded its model; what is lost meanwhile is tried again."""
    import ray

    loading = {actor.load.remote(): actor for actor in pool}
    tries = 1
    while True:
        ready, _ = ray.wait(list(loading), num_returns=1, timeout=_ACTOR_SECONDS)
        if not ready:
            raise ClusterError(
                f"no model actor found a place within {_ACTOR_SECONDS:.0f} s: does the cluster "
                f"have {options.gpus_per_actor:g} free GPUs on one node?"
            )
        actor = loading.pop(ready[0])
        try:
            ray.get(ready[0])
        except Exception as error:
            tries = try_again("loading the model", tries, error)
            loading[actor.load.remote()] = actor
        else:
            return
