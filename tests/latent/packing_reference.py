"""Packing of window types in plain Python: the oracle of the core's."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby


class Bit:
    """An adaptive probability of a one, in 2**-16."""

    def __init__(self) -> None:
        self.p, self.seen = 1 << 15, 0

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


def pack_types(types: Sequence[int]) -> bytes:
    """What `core.pack_types` must give."""
    coder = Encoder()
    models: dict[tuple[object, ...], Bit] = {}

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
