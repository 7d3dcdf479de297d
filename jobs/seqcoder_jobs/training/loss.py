"""What a training run minimises, and the options it depends on."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from seqcoder.latent.types import STRIDE
from seqcoder_jobs.training.corpus import Batch, TrainingGenome, draw_batch
from seqcoder_jobs.training.encoder import NetworkShape, PhaseEncoder


@dataclass(frozen=True)
class TrainOptions:
    """Everything a run depends on besides the corpus; recorded in its checkpoint."""

    steps: int = 6000
    stage_two: float = 0.7  # share of the steps after which stage two begins
    batch: int = 16
    windows: int = 256
    rate: float = 3e-3
    seed: int = 1
    switch_bits: float = 12.0  # cost of a change of type in the rate term
    keep_labels: float = 0.3  # weight of the cross-entropy that stage two retains
    shape: NetworkShape = field(default_factory=NetworkShape)


def losses(
    network: PhaseEncoder, batch: Batch, switch_bits: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Cross-entropy (nats per window), cost (bits per base, rate included) and accuracy."""
    device = network.scores.weight.device
    bases, shares, costs = (
        torch.from_numpy(x).to(device) for x in (batch.bases, batch.shares, batch.costs)
    )
    scores = network(bases).float()
    log_q = torch.log_softmax(scores, dim=2)
    entropy = -(shares * log_q).sum(dim=2).mean()
    q = log_q.exp()
    distortion = (q * costs).sum(dim=2).mean()
    changes = 0.5 * (q[:, 1:] - q[:, :-1]).abs().sum(dim=2).mean()
    bits = (distortion + switch_bits * changes) / STRIDE
    accuracy = (scores.argmax(dim=2) == shares.argmax(dim=2)).float().mean()
    return entropy, bits, accuracy


def step_loss(
    network: PhaseEncoder,
    genomes: list[TrainingGenome],
    options: TrainOptions,
    step: int,
    shard: int,
) -> tuple[Tensor, dict[str, float]]:
    """Loss of one step's batch. ``shard`` numbers the data-parallel worker."""
    seed = options.seed + 1000003 * shard
    batch = draw_batch(genomes, seed, step, options.batch, options.windows)
    entropy, bits, accuracy = losses(network, batch, options.switch_bits)
    two = step >= options.stage_two * options.steps
    loss = options.keep_labels * entropy + STRIDE * bits * 0.1 if two else entropy
    shown = {"loss": entropy, "bits": bits, "accuracy": accuracy}
    return loss, {k: float(v.detach()) for k, v in shown.items()}
