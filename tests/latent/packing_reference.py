"""Packing of window types in plain Python: the oracle of the core's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path


class Bit:
    """An adaptive probability of a one, in 2**-16."""

    def __init__(self, prior: int | None = None) -> None:
        self.p, self.seen = (1 << 15, 0) if prior is None else (prior * 256, 8)

    def update(self, bit: int) -> None:
        rate = 655360 // (10 * self.seen + 16)
        if bit:
            self.p += (65536 - 32 - self.p) * rate >> 16
        else:
            self.p -= (self.p - 32) * rate >> 16
        self.seen = min(self.seen + 1, 159)


class Encoder:
    def __init__(self) -> None:
        self.low, self.high, self.out = 0, 2**32 - 1, bytearray()

    def code(self, model: Bit, bit: int) -> None:
        split = self.low + ((self.high - self.low) * model.p >> 16)
        if bit:
            self.high = split
        else:
            self.low = split + 1
        model.update(bit)
        while self.low >> 24 == self.high >> 24:
            self.out.append(self.high >> 24)
            self.low = self.low << 8 & 0xFFFFFFFF
            self.high = self.high << 8 & 0xFFFFFFFF | 255


def read_priors() -> dict[tuple[object, ...], int]:
    """The core's table of what runs are like, from its source."""
    source = Path(__file__).parents[2] / "seqcoder/core/src/run_priors.hpp"
    found = {}
    for name, key in (("Next", "type"), ("Magnitude", "magnitude"), ("Leading", "leading")):
        pattern = rf"Priors<(\d+), (\d+), (\d+)> k{name}Priors(.*?);"
        match = re.search(pattern, source.read_text(), re.DOTALL)
        assert match is not None
        a, b, c = map(int, match.groups()[:3])
        values = list(map(int, re.findall(r"\d+", match[4])))
        assert len(values) == a * b * c
        for at, value in enumerate(values):
            slot = (key, at // (b * c), at // c % b, at % c)
            found[slot[:3] if key == "magnitude" else slot] = value
    return found


def pack_types(types: Sequence[int]) -> bytes:
    """What `core.pack_types` must give."""
    coder = Encoder()
    models: dict[tuple[object, ...], Bit] = {k: Bit(v) for k, v in read_priors().items()}

    def code(bit: int, *key: object) -> None:
        coder.code(models.setdefault(key, Bit()), bit)

    before = last = 0
    for kind, run in groupby(types):
        node = 1
        for k in (2, 1, 0):
            code(kind >> k & 1, "type", before, last, node)
            node = 2 * node + (kind >> k & 1)
        before, last = last, kind
        length = len(list(run))
        strand = (kind + 2) // 3
        magnitude = length.bit_length() - 1
        for m in range(magnitude + 1):
            code(int(m < magnitude), "magnitude", strand, m)
        for k in reversed(range(magnitude)):
            above = length >> (k + 1)
            leading = magnitude - k <= 2
            key = ("leading", strand, magnitude, above) if leading else ("rest", strand, magnitude)
            code(length >> k & 1, *key)
    coder.out.append(coder.high >> 24)
    return bytes(coder.out)
