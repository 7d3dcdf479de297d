"""The encoder network as it is trained: floating point, in torch.

Strided convolutions with batch normalisation and ReLU lead from one-hot bases to one vector per 24
bases (stride 3, then 2, 2, 2, so that codon positions stay aligned); residual depthwise-separable
blocks widen the view; a funnel of channels ends in seven scores. What ships is made of it in
integers by :mod:`seqcoder_jobs.training.quantise`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import cast

import torch
from torch import Tensor, nn

from seqcoder.latent.types import TYPES


@dataclass(frozen=True)
class NetworkShape:
    """Channel counts of the encoder; what a weight file records beside the weights."""

    stem: int = 32
    down: tuple[int, int, int] = (48, 64, 96)
    blocks: int = 4
    kernel: int = 9
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
        y = self.after(self.before(y))
        y = torch.relu(self.funnel_norm(self.funnel(y)))
        return cast(Tensor, self.scores(y).transpose(1, 2))
