"""Training of the encoder network: pseudo-labels first, then the coder's own cost.

Stage one minimises the cross-entropy against the window types of the phase model's
labels. Stage two goes on end to end: the soft choice of types is charged what the coder's
stand-in (the genome's own class- and context-conditioned order-5 code) would pay for
every window, plus a rate term, the bits of every change of type. Expectation over the
softmax makes both terms differentiable without sampling.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from seqcoder_jobs.training.checkpoint import load_checkpoint, save_checkpoint
from seqcoder_jobs.training.corpus import Source, TrainingGenome, describe_corpus, load_genome
from seqcoder_jobs.training.encoder import PhaseEncoder
from seqcoder_jobs.training.loss import TrainOptions, step_loss
from seqcoder_jobs.training.parallel import ray_gradients


def learning_rate(options: TrainOptions, step: int) -> float:
    """Linear warm-up over 2 % of the steps, then half a cosine down to 1 %."""
    warm = max(1, options.steps // 50)
    if step < warm:
        return options.rate * (step + 1) / warm
    at = (step - warm) / max(1, options.steps - warm)
    return options.rate * (0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * at))))


def train(
    sources: list[Source],
    out: Path,
    options: TrainOptions | None = None,
    *,
    resume: bool = True,
    workers: int = 1,
    checkpoint_every: int = 250,
    stop_at: int | None = None,
    progress: Callable[[str], None] = print,
) -> Path:
    """Train an encoder on the genomes of a corpus; returns the checkpoint's path.

    ``out`` receives ``checkpoint.npz``, ``log.jsonl`` and ``curves.png``. With ``resume``
    a run continues from the checkpoint there, and ends as it would have uninterrupted.
    ``stop_at`` ends it after that step, as an interruption would. ``workers`` > 1 computes
    gradients on that many Ray actors and averages them. A run is deterministic given its
    seed, on one device with one worker count.

    Raises:
        UsageError: the checkpoint there is of another corpus or of other options.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / "checkpoint.npz"
    options = options or TrainOptions()
    torch.manual_seed(options.seed)
    network = PhaseEncoder(options.shape)
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=0.01)
    first = 0
    made_with = {"corpus": describe_corpus(sources), **asdict(options)}
    if resume and path.exists():
        first = load_checkpoint(path, network, optimizer, made_with)
        progress(f"resuming at step {first}")
    progress(f"labelling {len(sources)} genomes")
    genomes = [load_genome(source) for source in sources]
    log_path = out / "log.jsonl"
    kept = log_path.read_text().splitlines() if first and log_path.exists() else []
    log = [r for r in map(json.loads, kept) if r["step"] <= first]
    log_path.write_text("".join(json.dumps(r) + "\n" for r in log))
    sums: dict[str, float] = {}
    began = time.monotonic()
    last = options.steps if stop_at is None else min(stop_at, options.steps)
    with _gradients(network, genomes, options, workers) as gradients:
        for step in range(first, last):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(options, step)
            shown = gradients(step)
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            for k, v in shown.items():
                sums[k] = sums.get(k, 0.0) + v
            done = step + 1
            if done % 50 == 0 or done == options.steps:
                span = 50 if done % 50 == 0 else done % 50
                row = {"step": done, **{k: round(v / span, 5) for k, v in sums.items()}}
                sums = {}
                log.append(row)
                with log_path.open("a") as stream:
                    stream.write(json.dumps(row) + "\n")
                pace = (time.monotonic() - began) / (done - first)
                progress(f"{row}, {pace * (options.steps - done):.0f} s to go")
            if done % checkpoint_every == 0 or done == options.steps:
                save_checkpoint(path, network, optimizer, done, made_with)
    from seqcoder_jobs.training.curves import draw_curves

    draw_curves(log, out / "curves.png", options.stage_two * options.steps)
    return path


@contextmanager
def _gradients(
    network: PhaseEncoder, genomes: list[TrainingGenome], options: TrainOptions, workers: int
) -> Iterator[Callable[[int], dict[str, float]]]:
    """Give a function that sets a step's gradients and returns the figures to show."""
    if workers > 1:
        with ray_gradients(network, genomes, options, workers) as gradients:
            yield gradients
        return

    def local(step: int) -> dict[str, float]:
        network.train()
        loss, shown = step_loss(network, genomes, options, step, 0)
        loss.backward()  # type: ignore[no-untyped-call]
        return shown

    yield local
