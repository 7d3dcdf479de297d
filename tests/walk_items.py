"""The items of a relative walk coded as docs/pangenome.md says, plainly: for hostile walks."""

from collections import defaultdict


class Coder:
    """The binary coder, writing."""

    def __init__(self) -> None:
        self.low, self.high, self.out = 0, 0xFFFFFFFF, bytearray()
        self.contexts: dict[int, list[int]] = defaultdict(lambda: [32768, 32768, 0])

    def put(self, bit: int, probability: int) -> None:
        middle = self.low + ((self.high - self.low) * probability >> 16)
        self.low, self.high = (self.low, middle) if bit else (middle + 1, self.high)
        while self.low >> 24 == self.high >> 24:
            self.out.append(self.high >> 24)
            self.low = self.low << 8 & 0xFFFFFFFF
            self.high = self.high << 8 & 0xFFFFFFFF | 255

    def bit(self, context: int, bit: int) -> int:
        state = self.contexts[context]
        fast, slow, seen = state
        self.put(bit, min(max((fast + slow) >> 1, 24), 65512))
        rate = (seen + 1).bit_length()
        for i, shift in ((0, min(rate, 4)), (1, rate)):
            state[i] += 65535 - state[i] >> shift if bit else -(state[i] >> shift)
        state[2] = min(seen + 1, 127)
        return bit

    def number(self, base: int, value: int) -> None:
        n = (value + 1).bit_length() - 1
        for i in range(n):
            self.bit(base + i, 1)
        if n < 40:
            self.bit(base + n, 0)
        context = 1
        for i in range(n):
            bit = value + 1 >> n - 1 - i & 1
            if i < 2:
                context = 2 * context + self.bit(base + 64 + 4 * n + context, bit)
            else:
                self.put(bit, 32768)

    def finish(self) -> bytes:
        for keep in range(5):
            mask = (1 << 32 - 8 * keep) - 1
            if (value := self.low + mask & ~mask) <= self.high:
                return bytes(self.out) + value.to_bytes(8, "big")[4 : 4 + keep]
        raise AssertionError


def code_items(items: list[tuple[int, int, int, int]]) -> bytes:
    """Code items of (space, reverse, source, length)."""
    coder = Coder()
    offsets, signs = defaultdict(int), defaultdict(lambda: 1)
    at = before = 0
    for space, reverse, source, length in items:
        node = 1
        for k in (3, 2, 1, 0):
            node = 2 * node + coder.bit(16 * before + node, space >> k & 1)
        fresh = int(before == 0)
        before = space
        if space == 0:
            coder.number(1536, length - 1)
            at += length
            continue
        sign = -1 if reverse else 1
        offset = source - at if sign > 0 else source + length - 1 + at
        shift = offset - offsets[space]
        if coder.bit(192 + 2 * space + fresh, sign == signs[space] and abs(shift) < 1 << 20):
            coder.number(256 + 256 * fresh, 2 * shift if shift >= 0 else -2 * shift - 1)
        else:
            coder.bit(216 + space, reverse)
            coder.number(768, offset + at if sign > 0 else offset - at)
        coder.number(1024 if space >= 3 else 1280, length - 1)
        offsets[space], signs[space] = offset, sign
        at += length
    return coder.finish()
