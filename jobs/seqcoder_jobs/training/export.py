"""From a trained network and a residue library to a model file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from seqcoder.latent.library import GAP
from seqcoder.latent.modelfile import ModelFile, write_model
from seqcoder.latent.network import Network, network_arrays
from seqcoder.latent.types import CLASS_OF, MIRROR, TYPE_OF, TYPES
from seqcoder_jobs.training.checkpoint import read_weights
from seqcoder_jobs.training.encoder import NetworkShape, PhaseEncoder


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


def load_encoder(checkpoint: Path) -> PhaseEncoder:
    """The encoder as a training checkpoint has it."""
    arrays, head = read_weights(checkpoint)
    shape = cast("dict[str, Any]", cast("dict[str, Any]", head["options"])["shape"])
    network = PhaseEncoder(NetworkShape.from_dict(shape))
    network.load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()})
    network.eval()
    return network


def export_model(
    network: Network | None,
    residues: NDArray[np.uint8],
    counts: NDArray[np.uint8] | None,
    out: Path,
    name: str,
    note: str = "",
) -> ModelFile:
    """Write a model file; its bounds have been enforced when the network was made."""
    check_decoder(residues)
    shape, arrays = network_arrays(network) if network else ({}, {})
    return write_model(out, name, residues, counts, shape, arrays, note)
