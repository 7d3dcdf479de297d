"""The choice of latents: network first, then the cheapest path under the chunk's own model.

The network has learned from many genomes what a gene looks like, but knows nothing of the one at
hand; the phase model knows nothing but the genome at hand. In a short chunk the network's types
are the first ones that the phase model is fitted to; in a long one the chunk itself has told
enough, and open reading frames do as well. What decides is the chunk, never the machine: the same
bases have the same latents everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.latent.phase_model import PhaseOptions, fit_types
from seqcoder.latent.types import STRIDE, count_windows

if TYPE_CHECKING:
    from seqcoder.latent.modelfile import ModelFile
    from seqcoder.latent.network import Network

# The network looks at chunks below this: there it saves 0.1 to 2 % (docs/model.md). Refining, it
# may take longer.
NETWORK_BELOW = 1 << 19
REFINED_BELOW = 1 << 20
# What a change of type costs on the path through the network's scores: 6 nats in 1/256 bit.
_CHANGE = 2216

Scorer = Callable[[NDArray[np.uint8]], NDArray[np.int8]]


@lru_cache(maxsize=2)
def load_network(file: ModelFile) -> Network:
    """Return the encoder network of a model file (kept once made)."""
    from seqcoder.latent.modelfile import weights_of
    from seqcoder.latent.network import make_network

    return make_network(*weights_of(file))


@lru_cache(maxsize=4)
def find_scorer(file: ModelFile, device: str) -> tuple[Scorer, int]:
    """Return what scores windows on ``device``, and a step's worth; torch is for "cuda" alone.

    Raises:
        ModelError: the device computes anything else than the core.
    """
    network = load_network(file)
    if device == "cpu":
        return network.scores, network.unit
    from seqcoder.latent.device import DeviceNetwork

    return DeviceNetwork(network, device).scores, network.unit


def best_types(scores: NDArray[np.int8], unit: int) -> NDArray[np.uint8]:
    """Types on the cheapest path through scores, (w, 7) int8 in steps of ``unit`` -> (w,) uint8."""
    costs = np.zeros((scores.shape[0], 8), np.int32)
    costs[:, :7] = scores.max(axis=1, keepdims=True).astype(np.int32) - scores
    types = np.empty(scores.shape[0], np.uint8)
    core.cheapest_path(costs * np.int32(unit), _CHANGE, _CHANGE, types)
    return types


def choose_latents(
    file: ModelFile, bases: NDArray[np.uint8], *, refine: bool = False, device: str = "cpu"
) -> NDArray[np.int8]:
    """Latents of one chunk: (n,) uint8 -> (ceil(n / 24),) int8.

    ``refine`` has the network look at longer chunks and fits the phase model for longer.
    ``device`` is where the network runs ("cpu", "cuda"); it changes nothing but the time it takes.
    """
    n = bases.size
    if n < STRIDE * 4:
        return np.zeros(count_windows(n), np.int8)
    start = None
    if file.encoder and n < (REFINED_BELOW if refine else NETWORK_BELOW):
        score, unit = find_scorer(file, device)
        start = best_types(score(bases), unit)
    options = PhaseOptions(rounds=8 if refine else 4)
    return fit_types(bases, start, options).view(np.int8)
