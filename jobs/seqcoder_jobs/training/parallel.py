"""Data-parallel training: gradients of several Ray actors, averaged at every step.

Each worker draws its own batches (its number enters the seed), so W workers see W batches
a step. Batch-normalisation statistics are averaged with the gradients. Which worker
answers first makes no difference: results are summed in the workers' order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seqcoder_cluster import ClusterOptions, connect
from seqcoder_cluster.actors import Actors
from seqcoder_jobs.training.corpus import TrainingGenome
from seqcoder_jobs.training.encoder import PhaseEncoder
from seqcoder_jobs.training.loss import TrainOptions, step_loss

Arrays = dict[str, NDArray[Any]]


class GradientWorker:
    """One replica of the network with the corpus at hand."""

    def __init__(self, genomes: list[TrainingGenome], options: TrainOptions, shard: int) -> None:
        torch.set_num_threads(1)
        self.network = PhaseEncoder(options.shape)
        self.genomes, self.options, self.shard = genomes, options, shard

    def gradients(self, state: Arrays, step: int) -> tuple[Arrays, Arrays, dict[str, float]]:
        """Gradients by parameter, buffers by name, and the figures to show."""
        self.network.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in state.items()})
        self.network.train()
        self.network.zero_grad(set_to_none=True)
        loss, shown = step_loss(self.network, self.genomes, self.options, step, self.shard)
        loss.backward()  # type: ignore[no-untyped-call]
        found = {
            k: p.grad.numpy() for k, p in self.network.named_parameters() if p.grad is not None
        }
        buffers = {k: b.numpy() for k, b in self.network.named_buffers() if b.is_floating_point()}
        return found, buffers, shown


@contextmanager
def ray_gradients(
    network: PhaseEncoder, genomes: list[TrainingGenome], options: TrainOptions, workers: int
) -> Iterator[Callable[[int], dict[str, float]]]:
    """Give a function that sets a step's gradients, those of ``workers`` actors averaged.

    It takes the step and returns the figures to show, as
    :func:`seqcoder_jobs.training.train.train` asks for. The actors are gone at the end of the
    block, and so is Ray, if it was started here (see :func:`seqcoder_cluster.connect`).

    Raises:
        UsageError: no cluster answers at RAY_ADDRESS.
    """
    with connect(ClusterOptions(workers=workers)), Actors() as actors:
        yield _averaged(network, _start_team(actors, genomes, options, workers))


def _start_team(
    actors: Actors, genomes: list[TrainingGenome], options: TrainOptions, workers: int
) -> list[Any]:
    import ray

    corpus = ray.put(genomes)
    return [
        actors.start(
            GradientWorker, corpus, options, shard, num_cpus=1, max_restarts=2, max_task_retries=2
        )
        for shard in range(workers)
    ]


def _averaged(network: PhaseEncoder, team: list[Any]) -> Callable[[int], dict[str, float]]:
    import ray

    def gradients(step: int) -> dict[str, float]:
        state = ray.put({k: v.detach().cpu().numpy() for k, v in network.state_dict().items()})
        answers = ray.get([w.gradients.remote(state, step) for w in team])
        for name, parameter in network.named_parameters():
            mean = np.mean([a[0][name] for a in answers], axis=0)
            parameter.grad = torch.from_numpy(mean).to(parameter.device)
        for name, buffer in network.named_buffers():
            if name in answers[0][1]:
                buffer.copy_(torch.from_numpy(np.mean([a[1][name] for a in answers], axis=0)))
        return {k: float(np.mean([a[2][k] for a in answers])) for k in answers[0][2]}

    return gradients
