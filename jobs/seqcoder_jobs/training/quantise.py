"""From the trained encoder to the network in integers that ships.

Batch normalisation is folded into the weights. Activations are measured on crops of the corpus;
every channel gets a scale of its own, so that what it hardly ever exceeds becomes 127, which the
next layer's weights take back. Weights of an output channel are rounded in units of a power of two,
so that a shift brings sums back to activations; where a channel's scale is free it is stretched
until its largest weight is near 127. Channels of the residual stream share their scale along it,
so that adding needs no shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from seqcoder.latent.network import MOST, Layer, Network, one_hot
from seqcoder_jobs.training.checkpoint import read_weights
from seqcoder_jobs.training.encoder import NetworkShape, PhaseEncoder

Floats = NDArray[np.float64]
_COVERED = 99.9  # per cent of a channel's activations that are not clamped
_STRETCH = 1.5
_BITS_A_NAT = 1 / np.log(2)


def load_encoder(checkpoint: Path) -> PhaseEncoder:
    """The encoder as a training checkpoint has it."""
    arrays, head = read_weights(checkpoint)
    shape = cast("dict[str, Any]", cast("dict[str, Any]", head["options"])["shape"])
    network = PhaseEncoder(NetworkShape.from_dict(shape))
    network.load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()})
    network.eval()
    return network


@dataclass(frozen=True, eq=False)
class FloatLayer:
    """A layer before rounding: weights as of :class:`Layer`, float64, and its bias."""

    weights: Floats
    bias: Floats
    stride: int = 1
    dilation: int = 1
    padding: int = 0
    relu: bool = False
    residual: int = 0

    @property
    def depthwise(self) -> bool:
        """Whether every channel is by itself."""
        return self.weights.ndim == 2

    def run(self, outputs: Sequence[Floats]) -> Floats:
        """Compute this layer's output from those of all layers before."""
        x = outputs[-1]
        length = x.shape[0] // self.stride
        kernel = self.weights.shape[0]
        padded = np.pad(x, ((self.padding, kernel * self.dilation), (0, 0)))
        total = np.tile(self.bias, (length, 1))
        for k in range(kernel):
            part = padded[k * self.dilation :][: length * self.stride : self.stride]
            total += part * self.weights[k] if self.depthwise else part @ self.weights[k]
        if self.residual:
            total += outputs[-self.residual]
        return np.maximum(total, 0) if self.relu else total


def _fold(conv: nn.Conv1d, norm: nn.BatchNorm1d | None) -> tuple[Floats, Floats]:
    weights = conv.weight.detach().double().numpy().transpose(2, 1, 0)
    assert conv.bias is not None
    bias = conv.bias.detach().double().numpy()
    if norm is not None:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        gain = norm.weight.detach().double() / torch.sqrt(norm.running_var.double() + norm.eps)
        bias = (bias - norm.running_mean.double().numpy()) * gain.numpy()
        bias = bias + norm.bias.detach().double().numpy()
        weights = weights * gain.numpy()
    return (weights[:, 0] if conv.groups > 1 else weights), bias


def fold_encoder(network: PhaseEncoder) -> list[FloatLayer]:
    """Give the layers of a trained encoder with their normalisation folded in."""
    layers = [FloatLayer(*_fold(network.stem, network.stem_norm), stride=3, padding=3, relu=True)]
    for conv, norm in zip(network.down, network.down_norm, strict=True):
        layers.append(FloatLayer(*_fold(conv, norm), stride=2, padding=1, relu=True))  # type: ignore[arg-type]
    for block in (*network.before, *network.after):
        reach = int(block.depth.dilation[0])
        padding = int(block.depth.padding[0])
        depth = _fold(block.depth, block.norm)
        layers.append(FloatLayer(*depth, dilation=reach, padding=padding))
        layers.append(FloatLayer(*_fold(block.widen, block.norm2), relu=True))
        layers.append(FloatLayer(*_fold(block.narrow, None), residual=3))
    layers.append(FloatLayer(*_fold(network.funnel, network.funnel_norm), padding=1, relu=True))
    layers.append(FloatLayer(*_fold(network.scores, None)))
    return layers


def run_layers(layers: Sequence[FloatLayer], bases: NDArray[np.uint8]) -> list[Floats]:
    """One-hot bases and the outputs of all layers, as floats."""
    outputs: list[Floats] = [one_hot(bases).astype(np.float64)]
    for layer in layers:
        outputs.append(layer.run(outputs))
    return outputs


def _scales(layers: Sequence[FloatLayer], crops: Sequence[NDArray[np.uint8]]) -> list[Floats]:
    """What a step of every channel is worth, by tensor; the residual stream shares its own."""
    seen = [[np.abs(x) for x in run_layers(layers, crop)] for crop in crops]
    tops = [np.percentile(np.concatenate(x), _COVERED, axis=0) for x in zip(*seen, strict=True)]
    scales = [np.maximum(top, 1e-6) / MOST for top in tops]
    scales[0] = np.ones(4)
    for i, layer in enumerate(layers):
        if layer.residual:
            top = np.maximum(scales[i + 1], scales[i + 1 - layer.residual])
            scales[i + 1] = scales[i + 1 - layer.residual] = top
    # the last of the stream has the largest scale: give it to all of it
    for i in reversed(range(len(layers))):
        if layers[i].residual:
            scales[i + 1 - layers[i].residual] = scales[i + 1]
    scales[-1] = np.full(layers[-1].bias.size, scales[-1].max())
    return scales


def quantise(network: PhaseEncoder, crops: Sequence[NDArray[np.uint8]]) -> Network:
    """Round a trained encoder to integers; ``crops`` of the corpus show how large activations get.

    Raises:
        ModelError: sums could leave 24 bits.
    """
    layers = fold_encoder(network)
    scales = _scales(layers, crops)
    shared = {i + 1 for i, x in enumerate(layers) if x.residual}
    shared |= {i + 1 - x.residual for i, x in enumerate(layers) if x.residual}
    made = []
    for i, layer in enumerate(layers):
        column = scales[i] if layer.depthwise else scales[i][:, None]
        weights = layer.weights * column / scales[i + 1]
        axes = 0 if layer.depthwise else (0, 1)
        top = np.maximum(np.abs(weights).max(axis=axes), 1e-9)
        shifts = np.floor(np.log2(MOST / top))
        if i + 1 not in shared and i + 1 < len(layers):
            stretch = 2 * top * 2.0**shifts / MOST  # in (1, 2]: then the next shift fits
            stretch = np.where(stretch <= _STRETCH, stretch, 1.0)
            scales[i + 1] = scales[i + 1] * stretch
            weights = weights / stretch
            shifts = np.floor(np.log2(MOST / top * stretch * (1 + 1e-9)))
        shifts = np.clip(shifts, 0, 20)
        unit = 2.0**shifts
        half = np.where(shifts > 0, unit / 2, 0)
        made.append(
            Layer(
                weights=np.clip(np.rint(weights * unit), -MOST, MOST).astype(np.int8),
                bias=np.rint(layer.bias / scales[i + 1] * unit + half).astype(np.int32),
                shifts=shifts.astype(np.uint8),
                stride=layer.stride,
                dilation=layer.dilation,
                padding=layer.padding,
                relu=layer.relu,
                residual=layer.residual,
            )
        )
    return Network(tuple(made), max(1, round(float(scales[-1][0]) * _BITS_A_NAT * 256)))
