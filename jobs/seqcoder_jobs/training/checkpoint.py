"""Checkpoints of a training run: one npz file of plain arrays, written atomically."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import nn

from seqcoder.errors import InputError
from seqcoder_jobs.training.kept import check_options


def save_checkpoint(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    step: int,
    options: Mapping[str, object],
) -> None:
    """Write weights, optimiser moments, the step and the options beside each other.

    ``options`` are what the run depends on, for :func:`load_checkpoint` to compare.
    """
    arrays: dict[str, np.ndarray] = {
        f"weight/{k}": v.detach().cpu().numpy() for k, v in network.state_dict().items()
    }
    for index, parameter in enumerate(optimizer.param_groups[0]["params"]):
        for key, value in optimizer.state.get(parameter, {}).items():
            arrays[f"moment/{index}/{key}"] = torch.as_tensor(value).cpu().numpy()
    head = json.dumps({"step": step, "options": options})
    arrays["head"] = np.frombuffer(head.encode(), np.uint8)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **arrays)  # type: ignore[arg-type]
    partial.replace(path)


def read_weights(path: Path) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """Weights by name, and the header with ``step`` and ``options``."""
    try:
        with np.load(path, allow_pickle=False) as data:
            head = json.loads(bytes(data["head"]))
            weights = {k[7:]: data[k] for k in data.files if k.startswith("weight/")}
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: not a training checkpoint ({error})") from error
    return weights, head


def load_checkpoint(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    options: Mapping[str, object],
) -> int:
    """Restore weights and moments; returns the step to go on from.

    Raises InputError if it is no checkpoint, UsageError if it was made with other options.
    """
    weights, head = read_weights(path)
    check_options(path, cast("dict[str, object]", head["options"]), options)
    network.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()})
    with np.load(path, allow_pickle=False) as data:
        for index, parameter in enumerate(optimizer.param_groups[0]["params"]):
            prefix = f"moment/{index}/"
            state = {
                k[len(prefix) :]: torch.from_numpy(data[k])
                for k in data.files
                if k.startswith(prefix)
            }
            if state:
                optimizer.state[parameter] = state
    return int(head["step"])  # type: ignore[call-overload,no-any-return]
