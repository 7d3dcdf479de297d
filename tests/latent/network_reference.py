"""The encoder network in numpy, in 64-bit integers, as plainly as it can be said: the oracle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcoder.latent.network import Network


def reference_scores(network: Network, bases: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Scores of every window, as :meth:`Network.scores` must give them."""
    windows = -(-bases.size // 24)
    x = np.zeros((24 * windows, 4), np.int64)
    for i, base in enumerate(bases):
        x[i, base] = 1
    outputs = [x]
    for layer in network.layers:
        x = outputs[-1]
        weights = layer.weights.astype(np.int64)
        y = np.zeros((x.shape[0] // layer.stride, layer.bias.size), np.int64)
        for p in range(y.shape[0]):
            for k in range(layer.kernel):
                at = p * layer.stride - layer.padding + k * layer.dilation
                if 0 <= at < x.shape[0]:
                    y[p] += x[at] * weights[k] if layer.depthwise else x[at] @ weights[k]
        assert np.abs(y + layer.bias).max(initial=0) < 1 << 24
        y = (y + layer.bias) >> layer.shifts
        if layer.residual:
            y = y + outputs[-layer.residual]
        outputs.append(np.clip(y, 0 if layer.relu else -127, 127))
    return outputs[-1].astype(np.int8)
