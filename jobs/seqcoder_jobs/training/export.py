"""From a network and a residue library to a model file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqcoder.latent.library import GAP
from seqcoder.latent.modelfile import ModelFile, write_model
from seqcoder.latent.network import Network, network_arrays
from seqcoder.latent.types import CLASS_OF, MIRROR, TYPE_OF, TYPES


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
