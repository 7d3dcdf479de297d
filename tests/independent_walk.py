"""The walks of docs/pangenome.md, read a second time.

Part of tests/independent_reader.py: written from the documents, imports nothing of seqcoder. A walk
is held base by base, which is slow and simple.
"""

from dataclasses import dataclass

import numpy as np
import zstandard

from independent_fasta import Cursor, need

MOST_BASES = 1 << 26


@dataclass
class Places:
    """For each base of a genome: where it is in base space, turned round or not, its difference."""

    place: np.ndarray
    turned: np.ndarray
    difference: np.ndarray

    def bases(self, space: np.ndarray) -> np.ndarray:
        return space[self.place] ^ (3 * self.turned).astype(np.uint8) ^ self.difference


def straight(start: int, length: int, space: int) -> Places:
    need(start >= 0 and start + length <= space, "a walk outside base space")
    zeros = np.zeros(length, np.uint8)
    return Places(np.arange(start, start + length), zeros.astype(bool), zeros)


def columns(data: bytes, length: int, space: int) -> Places:
    """Form 1."""
    unpack = zstandard.ZstdDecompressor().decompressobj()
    contents = unpack.decompress(data)
    need(unpack.eof and not unpack.unused_data, "columns shorter or longer than the walk")
    c = Cursor(contents)
    k, m = c.varint(), c.varint()
    need(max(k, m) <= length, "more intervals or substitutions than bases")
    lengths = [c.varint() + 1 for _ in range(k)]
    need(sum(lengths) == length, "intervals that do not add up")
    out, at, end = straight(0, 0, 0), [], 0
    place, turned = [out.place], [out.turned]
    for n in lengths:
        word = c.varint()
        fold, reverse = word >> 1, word & 1
        end += (fold >> 1) ^ -(fold & 1)
        start = end - n if reverse else end
        part = straight(start, n, space).place
        place.append(part[::-1] if reverse else part)
        turned.append(np.full(n, bool(reverse)))
        end = start if reverse else start + n
    at = np.cumsum([c.varint() + 1 for _ in range(m)], dtype=np.int64) - 1
    need(m == 0 or at[-1] < length, "a substitution outside the genome")
    differences = np.frombuffer(c.take(m), np.uint8)
    c.end()
    need(np.isin(differences, (1, 2, 3)).all(), "a substitution that is none")
    difference = np.zeros(length, np.uint8)
    difference[at] = differences
    return Places(np.concatenate(place), np.concatenate(turned), difference)


class Decoder:
    """The binary coder."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 4
        self.low, self.high = 0, 2**32 - 1
        self.code = int.from_bytes(data[:4].ljust(4, b"\0"), "big")
        self.contexts: dict[int, tuple[int, int, int]] = {}

    def afresh(self) -> None:
        self.contexts = {}

    def plain(self, p: int = 32768) -> int:
        middle = self.low + ((self.high - self.low) * p >> 16)
        bit = int(self.code <= middle)
        if bit:
            self.high = middle
        else:
            self.low = middle + 1
        while self.low >> 24 == self.high >> 24:
            byte = self.data[self.at] if self.at < len(self.data) else 0
            self.at += 1
            self.low = self.low << 8 & 0xFFFFFFFF
            self.high = self.high << 8 & 0xFFFFFFFF | 255
            self.code = self.code << 8 & 0xFFFFFFFF | byte
        return bit

    def bit(self, context: int) -> int:
        fast, slow, seen = self.contexts.get(context, (32768, 32768, 0))
        bit = self.plain(min(max(fast + slow >> 1, 24), 65512))
        r = (seen + 1).bit_length()
        quick = min(r, 4)
        if bit:
            fast, slow = fast + (65535 - fast >> quick), slow + (65535 - slow >> r)
        else:
            fast, slow = fast - (fast >> quick), slow - (slow >> r)
        self.contexts[context] = (fast, slow, min(seen + 1, 127))
        return bit

    def number(self, c: int) -> int:
        n = 0
        while n < 40 and self.bit(c + n):
            n += 1
        value, x = 1, 1
        for i in range(n):
            bit = self.bit(c + 64 + 4 * n + x) if i < 2 else self.plain()
            if i < 2:
                x = 2 + bit
            value = 2 * value + bit
        return value - 1


def bucket(gap: int) -> int:
    return sum(gap >= limit for limit in (4, 8, 16, 32, 64, 128, 1024))


def relative(
    c: Cursor, length: int, space: int, parents: list[Places], forerunners: list[Places]
) -> Places:
    """Form 2, behind the parents of its head."""
    novel_start, n_items, n_plain, n_changed = (c.varint() for _ in range(4))
    need(novel_start <= space, "novel bases outside base space")
    need(max(n_items, n_plain, n_changed) <= length <= MOST_BASES, "more items than bases")
    coder = Decoder(c.take(len(c.data) - c.at))
    along, copied = items(coder, n_items, length, (novel_start, space), parents)
    own = np.zeros(length, np.uint8)

    # Plain substitutions, by the clock of copied bases.
    coder.afresh()
    clock = np.flatnonzero(copied)
    now, b, u, r1, r2, e, plain = -1, 7, 2, 0, 0, 0, []
    for _ in range(n_plain):
        context = (9 * b + 3 * r1 + r2) * 2
        r = 2 if coder.bit(context) else coder.bit(context + 1)
        gap = 3 * coder.number(512 + 256 * (3 * b + u)) + r
        context = 256 + 16 * (r == 2) + 4 * e
        e = 2 if coder.bit(context) else 3 if coder.bit(context + 1) else 1
        now += gap + 1
        need(now < len(clock), "a substitution outside the genome")
        plain.append(int(clock[now]))
        own[clock[now]] = e
        u = 0 if b < 2 else 1 if b < 6 else 2
        b, r1, r2 = bucket(gap), r, r1

    if n_changed:
        coder.afresh()
        counts = np.zeros((3, space), np.uint8)
        for other in forerunners:
            at = np.flatnonzero(other.difference)
            for y, d in zip(other.place[at].tolist(), other.difference[at].tolist(), strict=True):
                counts[d - 1, y] = min(3, counts[d - 1, y] + 1)
        sites = np.flatnonzero(copied & counts.any(axis=0)[along.place])
        h = changed = 0
        marks = np.array([-(1 << 40), *plain, 1 << 40])
        for t in sites.tolist():
            have, seen = int(along.difference[t]), counts[:, along.place[t]].tolist()
            best = have or 1 + seen.index(max(seen))
            kind = 2 + max(1, seen[have - 1]) if have else max(seen) - 1
            j = int(np.searchsorted(marks, t))
            g = min(int(marks[j]) - t, t - int(marks[j - 1]))
            bit = coder.bit((8 * kind + h) * 8 + bucket(g))
            h = (2 * h + bit) & 7
            if bit:
                changed += 1
                low, high = sorted({1, 2, 3} - {best})
                likely = coder.bit(384 + kind)
                own[t] ^= best if likely else high if coder.bit(392 + kind) else low
        need(changed == n_changed, "substitutions missing or left over")
    return Places(along.place, along.turned, along.difference ^ own)


def items(
    coder: Decoder, n: int, length: int, novel: tuple[int, int], parents: list[Places]
) -> tuple[Places, np.ndarray]:
    """What the items are, with the differences that come along, and which bases are copied."""
    novel_start, space = novel
    out = straight(0, 0, 0)
    place, turned = np.zeros(length, np.int64), np.zeros(length, bool)
    difference, copied = np.zeros(length, np.uint8), np.zeros(length, bool)
    out = Places(place, turned, difference)
    t = before = 0
    last: dict[int, tuple[int, int]] = {}
    for _ in range(n):
        x = 1
        for _ in range(4):
            x = 2 * x + coder.bit(16 * before + x)
        kind, reverse = x - 16, 0
        need(kind < 3 + len(parents), "a space that is not there")
        if kind == 0:
            k = coder.number(1536) + 1
            need(t + k <= length and novel_start + k <= space, "more bases than there are")
            part = straight(novel_start, k, space)
            novel_start += k
        else:
            f = int(before == 0)
            offset, strand = last.get(kind, (0, 0))
            if coder.bit(192 + 2 * kind + f):
                fold = coder.number(256 + 256 * f)
                o, reverse = offset + ((fold >> 1) ^ -(fold & 1)), strand
            else:
                reverse = coder.bit(216 + kind)
                first = coder.number(768)
                o = first + t if reverse else first - t
            k = coder.number(1024 if kind > 2 else 1280) + 1
            source = o - t - k + 1 if reverse else o + t
            last[kind] = (o, reverse)
            size = novel[0] if kind == 1 else t if kind == 2 else len(parents[kind - 3].place)
            need(source >= 0 and source + k <= size and t + k <= length, "a source outside")
            whole = straight(source, k, space) if kind == 1 else out
            if kind > 2:
                whole = parents[kind - 3]
            cut = slice(0, k) if kind == 1 else slice(source, source + k)
            part = Places(whole.place[cut], whole.turned[cut], whole.difference[cut])
            if reverse:
                part = Places(part.place[::-1], ~part.turned[::-1], part.difference[::-1])
        here = slice(t, t + k)
        place[here], turned[here], difference[here] = part.place, part.turned, part.difference
        copied[here] = kind != 0
        t, before = t + k, kind
    need(t == length, "items that do not add up")
    return out, copied


class Walks:
    """The walks of a container's genomes, each read when it is asked for."""

    def __init__(self, genomes: list[tuple[int, int, bytes]], space: int) -> None:
        """`genomes`: for each its bases, its row's walk field, its walk frame's contents."""
        self.genomes, self.space = genomes, space
        self.read: dict[int, tuple[Places, set[int]]] = {}

    def of(self, ordinal: int) -> Places:
        return self._of(ordinal)[0]

    def _of(self, ordinal: int) -> tuple[Places, set[int]]:
        """The walk and its forerunners."""
        if ordinal not in self.read:
            self.read[ordinal] = self._walk(ordinal)
        return self.read[ordinal]

    def _walk(self, ordinal: int) -> tuple[Places, set[int]]:
        length, field, walk = self.genomes[ordinal]
        if field:
            need(not walk, "a walk and a place")
            return straight(field - 1, length, self.space), set()
        c = Cursor(walk)
        if not walk:
            need(length == 0, "a genome without walk")
            return straight(0, 0, 0), set()
        form = c.u8()
        need(form <= 2, "an unknown form of walk")
        if form == 0:
            start = c.varint()
            c.end()
            return straight(start, length, self.space), set()
        if form == 1:
            return columns(walk[1:], length, self.space), set()
        n = c.varint()
        need(n <= 8, "too many parents")
        backs = [c.varint() for _ in range(n)]
        need(all(1 <= back <= ordinal for back in backs), "a parent before the first genome")
        parents = [self._of(ordinal - back) for back in backs]
        before = {ordinal - back for back in backs}.union(*(others for _, others in parents))
        need(len(before) <= 24, "too many forerunners")
        forerunners = [self.of(other) for other in sorted(before)]
        walked = relative(c, length, self.space, [places for places, _ in parents], forerunners)
        return walked, before
