"""Data-parallel training: gradients of several Ray actors, averaged at every step.

Each worker draws its own batches (its number enters the seed), so W workers see W batches
a step. Batch-normalisation statistics are averaged with the gradients. Which worker
answers first makes no difference: results are summed in the workers' order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seqcoder.latent.network import PhaseEncoder
from seqcoder_jobs.training.corpus import Genome
from seqcoder_jobs.training.train import TrainOptions, step_loss

Arrays = dict[str, NDArray[Any]]


class GradientWorker:
    """One replica of the network with the corpus at hand."""

    def __init__(self, genomes: list[Genome], options: TrainOptions, shard: int) -> None:
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


def ray_gradients(
    network: PhaseEncoder, genomes: list[Genome], options: TrainOptions, workers: int
) -> Callable[[int], dict[str, float]]:
    """Gradients of ``workers`` actors for :func:`seqcoder_jobs.training.train.train`.

    Uses the Ray session there is, or starts one on this machine.
    """
    import ray

    if not ray.is_initialized():
        ray.init(log_to_driver=False)
    corpus = ray.put(genomes)
    actor = ray.remote(num_cpus=1, max_restarts=2, max_task_retries=2)(GradientWorker)
    team = [actor.remote(corpus, options, shard) for shard in range(workers)]

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
