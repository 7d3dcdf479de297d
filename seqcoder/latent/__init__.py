"""Stage 1: neural latents. What a causal coder cannot know yet, in 0.01 bits per base.

A model looks at a whole chunk and writes one int8 latent per 24 bases: between genes, or
in a gene, on which strand and in which reading frame. The integer decoder turns latents
into a class for every base, and the model's protein library into what the coder may
expect next. Stage 1 runs in the core; torch is for GPUs and training alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcoder.latent.model import LatentModel, find_model, list_models, load_model, survey_models
from seqcoder.latent.types import STRIDE

if TYPE_CHECKING:
    from seqcoder.latent.library import Library

__all__ = [
    "STRIDE",
    "LatentModel",
    "Library",
    "find_model",
    "list_models",
    "load_model",
    "pack_latents",
    "survey_models",
    "unpack_latents",
]


def pack_latents(latents: NDArray[np.int8]) -> bytes:
    """Bytes of latents, entropy coded; see :mod:`seqcoder.latent.packing`."""
    from seqcoder.latent import packing

    return packing.pack_latents(latents)


def unpack_latents(data: bytes | memoryview, n: int) -> NDArray[np.int8]:
    """Latents of a chunk of ``n`` bases; raises IntegrityError where they are damaged."""
    from seqcoder.latent import packing

    return packing.unpack_latents(data, n)
