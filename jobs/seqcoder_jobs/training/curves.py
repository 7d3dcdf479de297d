"""Curves of a training run as a PNG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def draw_curves(log: Sequence[dict[str, float]], path: Path, stage_two: float) -> None:
    """Draw loss, accuracy and bits per base over the steps of a run's log."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    titles = {
        "loss": "cross-entropy, nats per window",
        "accuracy": "window type as labelled",
        "bits": "stand-in cost with rate, bits per base",
    }
    figure, axes = plt.subplots(1, 3, figsize=(12, 3.2), constrained_layout=True)
    for axis, (key, title) in zip(axes, titles.items(), strict=True):
        axis.plot([r["step"] for r in log], [r[key] for r in log], lw=1)
        axis.axvline(stage_two, color="grey", lw=0.8, ls=":")
        axis.set_title(title, fontsize=9)
        axis.set_xlabel("step", fontsize=8)
        axis.tick_params(labelsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)
