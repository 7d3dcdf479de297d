"""The choice of latents: network first, then the cheapest path under the chunk's own model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcoder.latent.types import STRIDE, classes_to_latents

if TYPE_CHECKING:
    from seqcoder.latent.model import LatentModel


def choose_latents(
    model: LatentModel, bases: NDArray[np.uint8], *, refine: bool = False
) -> NDArray[np.int8]:
    """Latents of one chunk: (n,) uint8 -> (ceil(n / 24),) int8."""
    from seqcoder.latent import hmm

    if bases.size < STRIDE:
        return np.zeros(-(-bases.size // STRIDE), np.int8)
    return classes_to_latents(hmm.fit_labels(bases))
