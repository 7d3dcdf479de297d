"""The model actors: the home of stage 1 on a cluster, on GPUs or CPUs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqcoder.container.frames import Bases
from seqcoder_cluster.actors import Actors
from seqcoder_cluster.faults import ClusterError, try_again
from seqcoder_cluster.options import ClusterOptions, count_actors
from seqcoder_cluster.stages import Coding, Staged, stage_batch

_ACTOR_SECONDS = 900.0
_STAGE_TRIES = 3
# A chunk for trying a model out.
_TRIAL_BASES = 4096


class ModelActor:
    """Holds a loaded model and runs stage 1 for all coordinators, one batch at a time."""

    def __init__(self, coding: Coding, device: str) -> None:
        """Load nothing yet: what goes wrong should come out of a call, not of the start."""
        self._coding = coding
        self._device = device

    def load(self) -> str:
        """Load the model and run it once; returns the device it runs on."""
        stage_batch(self._coding, [np.zeros(_TRIAL_BASES, np.uint8)], self._device)
        return self._device

    def stage(self, batch: Sequence[Bases]) -> list[Staged]:
        """Return the latents of a batch of chunks."""
        return stage_batch(self._coding, batch, self._device)


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
