"""From a training checkpoint and a residue library to a model file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from seqcoder.latent.library import GAP
from seqcoder.latent.modelfile import ModelFile, write_model
from seqcoder.latent.types import CLASS_OF, MIRROR, TYPE_OF, TYPES
from seqcoder_jobs.training.checkpoint import read_weights


def check_decoder(residues: NDArray[np.uint8]) -> None:
    """Assert the bounds the integer decoder relies on.

    Classes stay below 7 and residues below 21 (or GAP), so that no table index of
    :mod:`seqcoder.latent.library` reaches 2**16.
    """
    assert CLASS_OF.max() < TYPES
    assert TYPE_OF.max() < TYPES
    assert MIRROR.max() < TYPES
    assert bool(((residues < 21) | (residues == GAP)).all())
    assert residues.size < 1 << 30


def export_model(
    checkpoint: Path | None,
    residues: NDArray[np.uint8],
    counts: NDArray[np.uint8] | None,
    out: Path,
    name: str,
    note: str = "",
) -> ModelFile:
    """Write a model file; encoder weights are kept as float16, counters left out."""
    check_decoder(residues)
    shape: dict[str, Any] = {}
    weights: dict[str, NDArray[Any]] = {}
    if checkpoint is not None:
        arrays, head = read_weights(checkpoint)
        shape = cast("dict[str, Any]", cast("dict[str, Any]", head["options"])["shape"])
        shape["down"] = list(shape["down"])
        weights = {
            k: v.astype(np.float16) for k, v in arrays.items() if not k.endswith("batches_tracked")
        }
    return write_model(out, name, residues, counts, shape, weights, note)
