"""The encoder network: bases in, scores of the seven window types out, in integers throughout.

Strided convolutions lead from one-hot bases to one vector per 24 bases (stride 3, then 2, 2, 2, so
that codon positions stay aligned); residual depthwise-separable blocks widen the view to some 650
bases on both sides; a funnel of channels ends in seven scores. Weights and activations are int8
within -127..127. A layer sums products, adds its bias, shifts to the right and clamps. For every
output 127 times the magnitudes of its weights and that of its bias stay below 2**24, which is
enforced when a network is made: no partial sum, in whatever order, leaves what int32 and float32
hold exactly. So the core (on any processor) and torch (:mod:`seqcoder.latent.device`, on a CPU or a
GPU) give the same scores, bit for bit, and lead to the same latents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.errors import ModelError
from seqcoder.latent.types import STRIDE, TYPES, count_windows

MOST = 127
"""Weights and activations are at most this, and at least its negative."""
BOUND = 1 << 24
_STRIDES = (3, 2, 2, 2)


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer. Output p sees inputs p * stride - padding + k * dilation, zeros where none are.

    Attributes:
        weights: int8, (kernel, inputs, outputs), or (kernel, channels) of a depthwise layer.
        bias: int32, (outputs,); it includes the half that rounds what is shifted out.
        shifts: uint8, (outputs,), 0 to 23.
        relu: values are clamped to 0..127, not -127..127.
        residual: added after the shift: the input of so many layers before (1: this one's);
            0 is none.
    """

    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    shifts: NDArray[np.uint8]
    stride: int = 1
    dilation: int = 1
    padding: int = 0
    relu: bool = False
    residual: int = 0

    @property
    def depthwise(self) -> bool:
        """Whether every channel is by itself."""
        return self.weights.ndim == 2

    @property
    def kernel(self) -> int:
        """Inputs along the sequence that an output sees."""
        return int(self.weights.shape[0])

    def largest_sum(self) -> int:
        """Return the most that a partial sum can come to, for any input."""
        axes = 0 if self.depthwise else (0, 1)
        sums = np.abs(self.weights.astype(np.int64)).sum(axis=axes) * MOST
        return int((sums + np.abs(self.bias.astype(np.int64))).max())


@dataclass(frozen=True, eq=False)
class Network:
    """The layers, and what a step of a score is worth in 1/256 bit."""

    layers: tuple[Layer, ...]
    unit: int

    def __post_init__(self) -> None:
        """Refuse layers that do not fit together or whose sums could leave 24 bits."""
        problem = _problem(self.layers)
        if problem or not 1 <= self.unit <= 1 << 12:
            raise ModelError(f"the model's network cannot be: {problem or 'a score without unit'}")

    def scores(self, bases: NDArray[np.uint8]) -> NDArray[np.int8]:
        """Scores of every window: (n,) uint8 0..3 -> (ceil(n / 24), 7) int8."""
        outputs = [one_hot(bases)]
        for layer in self.layers:
            size = layer.bias.size
            output = np.empty((outputs[-1].shape[0] // layer.stride, size), np.int8)
            core.run_layer(
                outputs[-1],
                layer.weights.reshape(-1),
                layer.bias,
                layer.shifts,
                outputs[-layer.residual] if layer.residual else None,
                output,
                kernel=layer.kernel,
                stride=layer.stride,
                dilation=layer.dilation,
                padding=layer.padding,
                depthwise=layer.depthwise,
                relu=layer.relu,
            )
            outputs.append(output)
        return outputs[-1]


def one_hot(bases: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Input of the first layer: (n,) uint8 -> (24 * ceil(n / 24), 4) int8, zeros beyond the end."""
    n = bases.size
    hot = np.zeros((count_windows(n) * STRIDE, 4), np.int8)
    hot[np.arange(n), bases & 3] = 1
    return hot


def _problem(layers: Sequence[Layer]) -> str:
    """What is wrong with layers; nothing: an empty string."""
    channels = [4]
    strides = []
    for number, layer in enumerate(layers):
        outputs = layer.weights.shape[-1]
        where = f"layer {number}"
        inputs = outputs if layer.depthwise else layer.weights.shape[-2]
        if layer.weights.ndim not in (2, 3) or inputs != channels[-1]:
            return f"{where} does not fit the one before"
        if layer.bias.shape != (outputs,) or layer.shifts.shape != (outputs,):
            return f"{where} lacks biases or shifts"
        if layer.shifts.max(initial=0) > 23 or layer.weights.min(initial=0) < -MOST:
            return f"{where} has a weight of -128 or a shift above 23"
        if layer.largest_sum() >= BOUND:
            return f"sums of {where} could reach 2**24"
        strides.append(layer.stride)
        if layer.residual and (
            not 1 <= layer.residual <= len(channels)
            or channels[-layer.residual] != outputs
            or any(stride != 1 for stride in strides[-layer.residual :])
        ):
            return f"{where} adds what does not fit it"
        channels.append(outputs)
    if tuple(stride for stride in strides if stride != 1) != _STRIDES or channels[-1] != TYPES:
        return "it does not lead from bases to seven scores a window"
    return ""


def network_arrays(network: Network) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Describe a network for a model file: its shape as plain data, and its arrays by name."""
    rows = []
    arrays: dict[str, NDArray[Any]] = {}
    for number, layer in enumerate(network.layers):
        names = ("stride", "dilation", "padding", "relu", "residual")
        rows.append({name: getattr(layer, name) for name in names})
        for name in ("weights", "bias", "shifts"):
            arrays[f"{number:02}/{name}"] = getattr(layer, name)
    return {"layers": rows, "unit": network.unit}, arrays


def make_network(shape: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Network:
    """Make a network from what :func:`network_arrays` gave; ModelError if it cannot be."""
    try:
        layers = tuple(
            Layer(
                np.ascontiguousarray(arrays[f"{number:02}/weights"], np.int8),
                np.ascontiguousarray(arrays[f"{number:02}/bias"], np.int32),
                np.ascontiguousarray(arrays[f"{number:02}/shifts"], np.uint8),
                **{k: int(row[k]) for k in ("stride", "dilation", "padding", "residual")},
                relu=bool(row["relu"]),
            )
            for number, row in enumerate(shape["layers"])
        )
        return Network(layers, int(shape["unit"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the model's network cannot be read ({error})") from error
