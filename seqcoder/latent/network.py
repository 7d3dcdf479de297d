"""The encoder network: bases in, scores of the seven window types out, one row per 24 bases.

Strided convolutions with batch normalisation and ReLU lead from one-hot bases to one
vector per 24 bases (stride 3, then 2, 2, 2, so that codon positions stay aligned);
residual depthwise-separable blocks and windowed self-attention widen the view to some
thousands of bases on both sides; a funnel of channels ends in seven scores, of which the
rate-distortion search makes one int8 latent a window. Only an encoder runs this, in
whatever floating point its device likes: the latents it leads to are stored.

This module imports torch; import it lazily.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqcoder.latent.types import STRIDE, TYPES


@dataclass(frozen=True)
class NetworkShape:
    """Channel counts of the encoder; what a weight file records beside the weights."""

    stem: int = 32
    down: tuple[int, int, int] = (48, 64, 96)
    blocks: int = 4
    kernel: int = 9
    heads: int = 4
    attention_window: int = 64
    funnel: int = 32

    def to_dict(self) -> dict[str, object]:
        """Return plain data for a weight file's header."""
        return {**asdict(self), "down": list(self.down)}

    @staticmethod
    def from_dict(data: Mapping[str, object]) -> NetworkShape:
        """Rebuild a shape from :meth:`to_dict`."""
        numbers = {k: int(cast(int, v)) for k, v in data.items() if k != "down"}
        a, b, c = cast("list[int]", data["down"])
        return NetworkShape(down=(int(a), int(b), int(c)), **numbers)


class _Separable(nn.Module):
    """Residual block: depthwise convolution, then two pointwise ones."""

    def __init__(self, channels: int, kernel: int, dilation: int) -> None:
        super().__init__()
        reach = dilation * (kernel // 2)
        self.depth = nn.Conv1d(
            channels, channels, kernel, padding=reach, dilation=dilation, groups=channels
        )
        self.norm = nn.BatchNorm1d(channels)
        self.widen = nn.Conv1d(channels, channels, 1)
        self.norm2 = nn.BatchNorm1d(channels)
        self.narrow = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.depth(x))
        y = torch.relu(self.norm2(self.widen(y)))
        return cast(Tensor, x + self.narrow(y))


class _WindowedAttention(nn.Module):
    """Multi-head self-attention within windows of a fixed number of positions."""

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.norm = nn.BatchNorm1d(channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.out = nn.Conv1d(channels, channels, 1)
        self.bias = nn.Parameter(torch.zeros(heads, 2 * window - 1))
        at = torch.arange(window)
        self.register_buffer("offset", at[None] - at[:, None] + window - 1, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        n, channels, length = x.shape
        w, h = self.window, self.heads
        tail = -length % w
        y = self.qkv(self.norm(x))
        y = nn.functional.pad(y, (0, tail))
        # (n, 3, heads, channels a head, windows, window) -> (3, n, windows, heads, window, c)
        y = y.view(n, 3, h, channels // h, -1, w).permute(1, 0, 4, 2, 5, 3)
        bias = self.bias[:, cast(Tensor, self.offset)]
        z = nn.functional.scaled_dot_product_attention(y[0], y[1], y[2], attn_mask=bias)
        z = z.permute(0, 2, 4, 1, 3).reshape(n, channels, -1)[..., :length]
        return cast(Tensor, x + self.out(z))


class PhaseEncoder(nn.Module):
    """Bases (n, 24 k) uint8 -> scores (n, k, 7) float: log-odds of the window types.

    Codes above 3 (beyond a chunk's edge) are all-zero columns of the one-hot input.
    """

    def __init__(self, shape: NetworkShape | None = None) -> None:
        super().__init__()
        self.shape = s = shape or NetworkShape()
        a, b, c = s.down
        self.stem = nn.Conv1d(4, s.stem, 9, stride=3, padding=3)
        self.stem_norm = nn.BatchNorm1d(s.stem)
        self.down = nn.ModuleList(
            nn.Conv1d(i, o, 4, stride=2, padding=1) for i, o in ((s.stem, a), (a, b), (b, c))
        )
        self.down_norm = nn.ModuleList(nn.BatchNorm1d(o) for o in s.down)
        half = s.blocks // 2
        self.before = nn.Sequential(*(_Separable(c, s.kernel, 2**i) for i in range(half)))
        self.attention = _WindowedAttention(c, s.heads, s.attention_window)
        self.after = nn.Sequential(*(_Separable(c, s.kernel, 2**i) for i in range(s.blocks - half)))
        self.funnel = nn.Conv1d(c, s.funnel, 3, padding=1)
        self.funnel_norm = nn.BatchNorm1d(s.funnel)
        self.scores = nn.Conv1d(s.funnel, TYPES, 1)

    def forward(self, bases: Tensor) -> Tensor:
        """Scores of every window; see the class."""
        x = bases[:, None, :] == torch.arange(4, dtype=bases.dtype, device=bases.device)[:, None]
        y = torch.relu(self.stem_norm(self.stem(x.to(self.stem.weight.dtype))))
        for conv, norm in zip(self.down, self.down_norm, strict=True):
            y = torch.relu(norm(conv(y)))
        y = self.after(self.attention(self.before(y)))
        y = torch.relu(self.funnel_norm(self.funnel(y)))
        return cast(Tensor, self.scores(y).transpose(1, 2))


def score_windows(
    network: PhaseEncoder,
    bases: NDArray[np.uint8],
    *,
    windows: int = 1024,
    margin: int = 128,
    batch: int = 4,
) -> NDArray[np.float32]:
    """Scores of a whole chunk: (n,) uint8 -> (ceil(n / 24), 7) float32.

    The chunk is cut into pieces of ``windows`` windows which also see ``margin`` windows
    on either side, so that nothing depends on where the cuts lie but a faint edge effect;
    that may differ between batch sizes and devices, and need not agree, since the latents
    are stored.
    """
    n = bases.size
    count = -(-n // STRIDE)
    pieces = -(-count // windows)
    pad = margin * STRIDE
    padded = np.full(pad + pieces * windows * STRIDE + pad, 4, np.uint8)
    padded[pad : pad + n] = bases
    length = (windows + 2 * margin) * STRIDE
    device = network.scores.weight.device
    out = np.empty((pieces, windows, TYPES), np.float32)
    view = np.lib.stride_tricks.sliding_window_view(padded, length)[:: windows * STRIDE]
    with torch.inference_mode():
        for i in range(0, pieces, batch):
            part = torch.from_numpy(view[i : i + batch].copy()).to(device)
            scores = network(part)[:, margin : margin + windows]
            out[i : i + batch] = scores.float().cpu().numpy()
    return out.reshape(-1, TYPES)[:count]
