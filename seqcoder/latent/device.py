"""The encoder network in torch, for a GPU: the same scores as the core's, bit for bit.

float32 holds the integers: no partial sum reaches 2**24 (:mod:`seqcoder.latent.network`), so that
neither the order of summation nor fused operations matter, and multiplying by a power of two and
rounding down is a shift. Convolutions are written as unfolding and a matrix product, since a
library's own may be computed by Winograd's or Fourier's transform, which are not exact; TF32, which
would cut operands, is switched off around them. Whoever makes one sees it tested against the core.

This module imports torch; import it lazily.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqcoder.errors import ModelError
from seqcoder.latent.network import MOST, Layer, Network, one_hot

_TRIAL_BASES = 6000


@contextmanager
def exact_products() -> Iterator[None]:
    """Have float32 matrix products computed in float32, not in TF32 or from bfloat16."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


class DeviceNetwork:
    """A network whose arrays lie on a device of torch ("cpu", "cuda")."""

    def __init__(self, network: Network, device: str) -> None:
        """Move the weights there and compare its scores of some bases with the core's.

        Raises:
            ModelError: they differ.
        """
        self._device = device
        self._layers = [(layer, *_tensors(layer, device)) for layer in network.layers]
        trial = np.random.default_rng(24).integers(0, 4, _TRIAL_BASES).astype(np.uint8)
        if not np.array_equal(self.scores(trial), network.scores(trial)):
            raise ModelError(
                f"the network's scores on {device} differ from those on the CPU: its arithmetic "
                "is not exact; run without GPUs"
            )

    def scores(self, bases: NDArray[np.uint8]) -> NDArray[np.int8]:
        """Scores of every window: (n,) uint8 0..3 -> (ceil(n / 24), 7) int8."""
        with torch.inference_mode(), exact_products():
            outputs = [torch.from_numpy(one_hot(bases)).to(self._device, torch.float32)]
            for layer, weights, bias, scale in self._layers:
                sums = _convolve(outputs[-1], layer, weights) + bias
                values = torch.floor(sums * scale)
                if layer.residual:
                    values = values + outputs[-layer.residual]
                outputs.append(values.clamp(0 if layer.relu else -MOST, MOST))
            return np.asarray(outputs[-1].to("cpu", torch.int8).numpy(), np.int8)


def _tensors(layer: Layer, device: str) -> tuple[Tensor, Tensor, Tensor]:
    """Weights, biases and what sums are multiplied by, 2**-shift, all float32."""
    scale = np.ldexp(np.float32(1), -layer.shifts.astype(np.int32)).astype(np.float32)
    weights = layer.weights if layer.depthwise else layer.weights.reshape(-1, layer.bias.size)
    arrays = (weights, layer.bias, scale)
    a, b, c = (torch.from_numpy(np.array(x, np.float32)).to(device) for x in arrays)
    return a, b, c


def _convolve(x: Tensor, layer: Layer, weights: Tensor) -> Tensor:
    """Sums of a layer, (length / stride, outputs), of (length, inputs)."""
    length = x.shape[0] // layer.stride
    behind = layer.kernel * layer.dilation
    padded = torch.nn.functional.pad(x, (0, 0, layer.padding, behind))
    places = [
        padded[k * layer.dilation :][: length * layer.stride : layer.stride]
        for k in range(layer.kernel)
    ]
    if layer.depthwise:
        sums = places[0] * weights[0]
        for place, weight in zip(places[1:], weights[1:], strict=True):
            sums = sums + place * weight
        return sums
    return torch.cat(places, dim=1) @ weights
