"""The choice of latents: network first, then the cheapest path under the chunk's own model.

The network has learned from many genomes what a gene looks like, but knows nothing of the
one at hand; the phase model knows nothing but the genome at hand. So the network's types
are the first labels the phase model is fitted to, and the path is then chosen by what the
coder will pay: the code length of every window under every type, plus the bits a change
of type costs once packed.
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcoder.latent.types import STRIDE, classes_to_latents, latents_to_classes

if TYPE_CHECKING:
    from seqcoder.latent.modelfile import ModelFile
    from seqcoder.latent.network import PhaseEncoder

# Of a long chunk the network sees every SHARE-th piece of PIECE windows: enough to fit the
# phase model's first tables, at a fraction of the time.
PIECE = 512
SHARE = 4
_ALL_BELOW = 1 << 20


def has_torch() -> bool:
    """Whether torch is installed; without it the phase model starts from open frames."""
    return importlib.util.find_spec("torch") is not None


@lru_cache(maxsize=2)
def load_network(file: ModelFile) -> PhaseEncoder:
    """The encoder network of a model file, on a GPU if there is one.

    On a CPU torch is held to one thread from here on: chunks are what runs in parallel, and
    sums must not depend on how many threads share them, or a container's bytes would.
    """
    import torch

    from seqcoder.latent.modelfile import weights_of
    from seqcoder.latent.network import NetworkShape, PhaseEncoder

    shape, arrays = weights_of(file)
    network = PhaseEncoder(NetworkShape.from_dict(shape))
    state = network.state_dict()
    state.update(
        {
            k: torch.from_numpy(v.astype(np.float32) if v.dtype.kind == "f" else v.copy())
            for k, v in arrays.items()
        }
    )
    network.load_state_dict(state)
    network.eval()
    if torch.cuda.is_available():
        return network.to("cuda")
    torch.set_num_threads(1)
    return network


def network_classes(
    network: PhaseEncoder, bases: NDArray[np.uint8], share: int = 1
) -> NDArray[np.uint8]:
    """First classes by the network: (n,) uint8, 0..6, or 255 where it did not look."""
    from seqcoder.latent.network import score_windows

    n = bases.size
    if share == 1:
        types = best_types(score_windows(network, bases))
        return latents_to_classes(types.astype(np.int8), n)
    classes = np.full(n, 255, np.uint8)
    step = PIECE * STRIDE
    for start in range(0, n - step + 1, share * step):
        part = bases[start : start + step]
        types = best_types(score_windows(network, part, windows=PIECE, margin=0))
        classes[start : start + step] = latents_to_classes(types.astype(np.int8), step)
    return classes


def best_types(scores: NDArray[np.float32], switch_nats: float = 6.0) -> NDArray[np.uint8]:
    """Viterbi over scores (w, 7) float32 with a price on changes of type -> (w,) uint8."""
    from seqcoder.latent import hmm

    high = scores.max(axis=1, keepdims=True)
    log_p = scores - high - np.log(np.exp(scores - high).sum(axis=1, keepdims=True))
    costs = np.ascontiguousarray(np.minimum(-log_p * 1024, 1 << 20).astype(np.int64))
    types = np.zeros(scores.shape[0], np.uint8)
    hmm.window_path(costs, round(switch_nats * 1024), types)
    return types


def choose_latents(
    file: ModelFile, bases: NDArray[np.uint8], *, refine: bool = False
) -> NDArray[np.int8]:
    """Latents of one chunk: (n,) uint8 -> (ceil(n / 24),) int8.

    ``refine`` lets the network see the whole chunk and fits the phase model for longer.
    """
    from seqcoder.latent import hmm

    n = bases.size
    if n < STRIDE * 4:
        return np.zeros(-(-n // STRIDE), np.int8)
    options = hmm.PhaseOptions()
    start = None
    if file.encoder and has_torch():
        share = 1 if refine or n < _ALL_BELOW else SHARE
        start = network_classes(load_network(file), bases, share)
        options = replace(options, rounds=6 if refine else 4)
    return classes_to_latents(hmm.fit_labels(bases, start, options))
