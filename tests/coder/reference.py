"""The mixing coder once more, in plain Python: what the native core must agree with, bit for bit.

Written for reading, not for speed, from docs/coder.md: integers without bounds, dictionaries for
tables, no prefetching, no vectors; that the bounds the core relies on hold is asserted as it goes.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass

import numpy as np
from reference_library import HASH, MASK64, LibraryReader

from seqcoder.latent.library import Library

DELAY, HALF, START = 8, 4, 32
OPPOSITE = (0, 4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9, 13, 14, 15)


def _round(x: float) -> int:
    return math.floor(x + 0.5)


def _log_count(count: int) -> int:
    """177/256 of the binary logarithm of count + 26/64, linear between powers of two."""
    x = 64 * count + 26
    whole = x.bit_length() - 1
    return ((whole - 6) * 256 + (x * 256 >> whole) - 256) * 177 >> 8


LOG_COUNT = [_log_count(count) for count in range(256)]
LOG_P = [_round(256 * math.log((i + 0.5) / 4096)) for i in range(4096)]
VOTE = [max(0, _round(256 * math.log(3 * (i + 0.5) / (4095.5 - i)))) for i in range(4096)]
EXP = [_round(65535 * math.exp(-i / 256)) for i in range(4096)]
RATE = [131072 // (2 * count + 3) for count in range(1024)]


@dataclass(frozen=True)
class Level:
    """A level's models: (order, with class, limit); and the orders of long contexts."""

    contexts: tuple[tuple[int, bool, int], ...]
    plain: tuple[tuple[int, bool, int], ...]
    long_orders: tuple[int, ...]
    bits: int
    seeds: tuple[str, ...]
    places: int
    sets: tuple[str, ...]
    map_shift: int
    weights: tuple[int, ...]
    plain_weights: tuple[int, ...]
    rate: int = 25
    second_rate: int = 2097


_SEEDS = ("1110100110010101111", "110110110110110110", "1100101000010111011")


def _contexts(plain: str, classed: str, fast: str = "") -> tuple[tuple[int, bool, int], ...]:
    return (
        *((int(x), False, 255) for x in plain.split()),
        *((int(x), True, 255) for x in classed.split()),
        *((int(x), True, 15) for x in fast.split()),
    )


#: Of level 3's long contexts, repeats and library.
_REST_3 = (8192, 8192, 16384, 4096, 1024, 57344, 16384)

LEVELS = {
    2: Level(
        contexts=_contexts("3", "3 5 9", "2"),
        plain=_contexts("3 8 11", ""),
        long_orders=(12, 16),
        bits=22,
        seeds=_SEEDS[:1],
        places=24,
        sets=("repeat",),
        map_shift=7,
        weights=(8192, 8192, 28672, 4096, 8192, 8192, 8192, 16384, 4096, 1024, 57344, 16384),
        plain_weights=(16384,) * 7 + (0,),
    ),
    3: Level(
        contexts=_contexts("4", "3 5 6 8 9", "2 4"),
        plain=_contexts("4 8 11", ""),
        long_orders=(12, 18),
        bits=24,
        seeds=_SEEDS,
        places=32,
        sets=("repeat", "codon"),
        map_shift=7,
        weights=(8192, 8192, 20480, 8192, 4096, 4096, 8192, 4096, *_REST_3),
        plain_weights=(16384,) * 7 + (0,),
    ),
}


class RangeCoder:
    """64-bit range, carry added to the bytes as one big number at the end."""

    def __init__(self) -> None:
        self.low = 0
        self.span = MASK64
        self.bits = 64

    def put(self, freq: list[int], symbol: int) -> None:
        r = self.span >> 16
        below = r * sum(freq[:symbol])
        self.low += below
        self.span = self.span - below if symbol == 3 else r * freq[symbol]
        while self.span < 1 << 32:
            self.low <<= 8
            self.span <<= 8
            self.bits += 8

    def finish(self) -> bytes:
        return self.low.to_bytes(self.bits // 8, "big")


class Bytes:
    """Four counts below 256 for a context of up to eleven bases."""

    def __init__(self, order: int, classed: bool, limit: int) -> None:
        self.order, self.classed, self.limit = order, classed, limit
        self.table = defaultdict(lambda: [0, 0, 0, 0])

    def key(self, context, cls):
        return context, (cls if self.classed else 0)

    def features(self, key):
        return [LOG_COUNT[c] for c in self.table[key]]

    def learn(self, key, symbol):
        pass

    def count(self, key, symbol):
        counts = self.table[key]
        if counts[symbol] >= self.limit:
            counts[:] = [c >> 1 for c in counts]
        counts[symbol] += 1


class Nibbles:
    """Four counts below 16, whose meaning is learned."""

    def __init__(self, order: int, bits: int, shift: int) -> None:
        self.order, self.bits, self.shift = order, bits, shift
        self.table = defaultdict(lambda: [0, 0, 0, 0])
        self.maps = {}

    def key(self, context, cls):
        group, last = context >> 4, context & 15
        return (group * HASH & MASK64) >> (68 - self.bits), last

    def _state(self, key):
        counts = self.table[key]
        order = sorted(range(4), key=lambda s: -counts[s])
        state = tuple(counts[s] for s in order)
        if state not in self.maps:
            total = sum(state)
            start = [(100 * c + 6) * 4194303 // (100 * total + 24) for c in state]
            self.maps[state] = [max(2048, x) for x in start]
        return self.maps[state], order

    def features(self, key):
        row, order = self._state(key)
        return [LOG_P[row[order.index(s)] >> 10] for s in range(4)]

    def learn(self, key, symbol):
        row, order = self._state(key)
        for q in range(4):
            want = 4193280 if order[q] == symbol else 0
            row[q] = max(2048, row[q] + ((want - row[q]) >> self.shift))

    def count(self, key, symbol):
        counts = self.table[key]
        if counts[symbol] == 15:
            counts[:] = [c >> 1 for c in counts]
        counts[symbol] += 1


class Places:
    """The repeats: places followed at once, and the seeds that find them."""

    def __init__(self, level: Level, bits, bases, classes) -> None:
        self.level, self.bits, self.bases, self.classes = level, bits, bases, classes
        self.hits = defaultdict(lambda: [2097152, 0])
        self.found: list[dict] = []
        self.positions = [{} for _ in level.seeds]
        self.keys: deque = deque(maxlen=DELAY + 1)
        self.places: dict[int, list] = {}

    def votes(self, cls):
        best, total, top = [0] * 4, [0] * 4, 0
        for f in self.found:
            s = int(self.bases[f["place"]])
            f["guess"] = 3 - s if f["inverted"] else s
            n = f["run"]
            if n < 16:
                length = n // 2
            elif n < 32:
                length = 8 + (n - 16) // 4
            elif n < 64:
                length = 12 + (n - 32) // 16
            else:
                length = 14 if n < 400 else 15
            m32 = min(f["misses"].bit_count(), 31) // 2
            long_run = min(max((f["standing"] - 16384) >> 11, 0), 23)
            codon = 0
            if cls:
                there = int(self.classes[f["place"]])
                there = OPPOSITE[there] if f["inverted"] else there
                codon = 1 + (cls - 1) % 3 if there == cls else 0
            f["context"] = (length, m32, long_run, codon)
            p = self.hits[f["context"]][0] >> 10
            vote = VOTE[p]
            total[f["guess"]] += vote
            best[f["guess"]] = max(best[f["guess"]], vote)
            top = max(top, p)
        quality = 0
        if self.found:
            quality = 1 + sum(top >= t for t in (1638, 2458, 3277, 3686, 3932, 4055))
        return (
            [min(x, 2047) for x in best],
            [min(t - x, 2047) for t, x in zip(total, best, strict=True)],
            [min(total[s ^ 2], 2047) for s in range(4)],
            quality,
        )

    def update(self, i, b, h, rc):
        kept = []
        for f in self.found:
            hit = self.hits[f["context"]]
            f["misses"] = (f["misses"] << 2) & MASK64
            f["standing"] -= f["standing"] >> 5
            if f["guess"] == b:
                f["standing"] += 65536 >> 5
                hit[0] += ((4194303 - hit[0]) * RATE[hit[1]]) >> 16
                f["run"] += 1
            else:
                hit[0] -= (hit[0] * RATE[hit[1]]) >> 16
                f["run"] = 0
                f["misses"] |= 1
            hit[1] = min(hit[1] + 1, 1000)
            f["place"] += -1 if f["inverted"] else 1
            if f["misses"].bit_count() <= 26 and f["place"] >= 0:
                kept.append(f)
        self.found = kept
        for t, seed in enumerate(self.level.seeds):
            for d in range(2):
                found = self.places.get(i - HALF, {}).get((t, d), -1)
                if i >= START + DELAY:
                    self._judge(i, found + (DELAY if d == 0 else -DELAY), d, h, rc)
            if i >= START + HALF:
                forward, backward = self.keys_at(i - HALF)[t]
                here = self.places.setdefault(i, {})
                here[t, 0] = self.positions[t].get(forward, 0) - 1
                here[t, 1] = self.positions[t].get(backward, 0) - 2 - len(seed)
                self.positions[t][forward] = i + 2 - HALF
        self.places.pop(i - DELAY, None)
        if i >= START:
            keys = []
            for seed in self.level.seeds:
                mask = int(seed.replace("1", "3"), 4)
                pair = (h & mask, (rc >> (64 - 2 * len(seed))) & mask)
                keys.append(tuple(((k * HASH) & MASK64) >> (64 - self.bits) for k in pair))
            self.keys.append((i, keys))

    def keys_at(self, i):
        return next(keys for at, keys in self.keys if at == i)

    def _judge(self, i, q, d, h, rc):
        near = q <= i if d == 0 else q + 34 < i
        if q < 32 or not near or len(self.found) >= self.level.places:
            return
        if any(f["place"] == q and f["inverted"] == d for f in self.found):
            return
        # the latest bases against those before the place (in the direction it is read)
        misses = 0
        for back in range(32):
            mine = int(self.bases[i - back])
            theirs = int(self.bases[q - 1 - back]) if d == 0 else 3 - int(self.bases[q + 1 + back])
            misses |= (mine != theirs) << (2 * back)
        run = next((x for x in range(32) if misses >> (2 * x) & 1), 32)
        accepted = misses.bit_count() <= 9 or run >= 20
        known = self.classes is not None and i + 1 < len(self.classes)
        following = int(self.classes[i + 1]) if known else 0
        if not accepted and following:
            there = int(self.classes[q])
            if (OPPOSITE[there] if d else there) == following:
                phase = (following - 1) % 6
                # where, counted back from the latest base, the third codon positions lie
                third = phase % 3 if phase < 3 else (1 - phase) % 3
                first_two = sum(misses >> (2 * x) & 1 for x in range(32) if x % 3 != third)
                accepted = first_two <= 4
        if accepted:
            f = {"place": q, "inverted": d, "misses": misses, "run": run, "standing": 26214}
            self.found.append(f)


def softmax(behind):
    e = [EXP[x >> 4] for x in behind]
    share = (65528 << 24) // sum(e)
    freq = [(x * share >> 24) + 1 for x in e[:3]]
    return [*freq, 65536 - sum(freq)]


class LibraryContexts:
    """Counts by the context numbers the protein library gives every base."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.reader = LibraryReader(library)
        rows = library.counts.reshape(2, -1).tolist()
        self.tables = [[[x >> s & 255 for s in (0, 8, 16, 24)] for x in row] for row in rows]
        self.contexts = [0, 0]

    def begin(self, genes: list[int] | None) -> None:
        """Begin a chunk after another one, or with genes of another one."""
        self.reader = LibraryReader(self.library, genes)
        if genes is not None:
            for table in self.tables:
                table[32768:] = [list(counts) for counts in table[:32768]]

    def features(self, cls, before):
        """What the tables say of the next base, and the confidence."""
        self.contexts, confidence = self.reader.step(cls, before)
        out = []
        for table, at in zip(self.tables, self.contexts, strict=False):
            out.append([LOG_COUNT[x] for x in table[at]] if at else [0] * 4)
        return out, confidence

    def count(self, symbol):
        for table, at in zip(self.tables, self.contexts, strict=False):
            if at:
                if table[at][symbol] == 255:
                    table[at] = [x >> 1 for x in table[at]]
                table[at][symbol] += 1


def encode(
    bases: np.ndarray,
    number: int,
    classes: np.ndarray | None,
    library: Library | None = None,
    leader: tuple[np.ndarray, np.ndarray | None] | None = None,
    genes: list[int] | None = None,
) -> bytes:
    """Code ``bases`` as ``seqcoder.coder.encode`` must, after a leader's bases and classes."""
    level = LEVELS[number]
    n = len(bases) if leader is None else len(leader[0])
    first = 0 if leader is None else n
    led_classes = None if leader is None else leader[1]
    if leader is not None:
        bases = np.concatenate([leader[0], bases])
        if classes is not None:
            classes = np.concatenate([leader[1], classes])
    most = 8 * max(n, 64)
    used = level.plain if classes is None else level.contexts
    silent = [4**order > most for order, _, _ in used]
    bits = min(level.bits, max(10, most.bit_length()))
    models = [Bytes(*x) for x in used]
    models += [Nibbles(order, bits, level.map_shift) for order in level.long_orders]
    silent += [False] * len(level.long_orders)
    seed_bits = min(level.bits, max(12, (2 * n).bit_length()))
    places = Places(level, seed_bits, bases, classes if leader is None else led_classes)
    known = None
    if library is not None and classes is not None:
        known = LibraryContexts(library)
    start_weights = level.plain_weights if classes is None else level.weights
    n_sets = len(level.sets)
    weights = defaultdict(lambda: list(start_weights))
    second = defaultdict(lambda: [65536 // n_sets] * n_sets)
    late: deque = deque()
    coder = RangeCoder()
    h = rc = 0
    if known and leader is None:
        known.begin(genes)
    for i in range(len(bases)):
        if i == first and leader is not None:
            coder = RangeCoder()
            places.classes = classes
            if known:
                known.begin(genes)
        cls = int(classes[i]) & 15 if classes is not None else 0
        keys = [m.key(h & (4**m.order - 1), cls) for m in models]
        features = [
            [0] * 4 if quiet else m.features(k)
            for m, k, quiet in zip(models, keys, silent, strict=True)
        ]
        *votes, quality = places.votes(cls)
        features += votes
        confidence = 0
        if known:
            said, confidence = known.features(cls, bases[max(0, i - 3) : i].tolist())
            features += said
        picks, scores, shares = [], [], []
        for k, selector in enumerate(level.sets):
            pick = {"repeat": quality + 8 * confidence, "codon": cls + 16 * confidence}[selector]
            picks.append((k, pick))
            w = weights[k, pick]
            z = [sum((x >> 4) * f[s] for x, f in zip(w, features, strict=False)) for s in range(4)]
            assert max(abs(x) for x in z) < 1 << 30
            top = max(z)
            scores.append([min((top - x) >> 8, 65535) for x in z])
            shares.append(softmax(scores[-1]))
        freq = shares[0]
        if n_sets > 1:
            final = [
                sum(v * z[s] for v, z in zip(second[quality], scores, strict=True))
                for s in range(4)
            ]
            low = min(final)
            freq = softmax([min((x - low) >> 20, 4095) << 4 for x in final])
        b = int(bases[i])
        coder.put(freq, b)
        hot = [65536 * (s == b) for s in range(4)]
        for k in range(n_sets):
            w = weights[picks[k]]
            error = [(x - p) >> 1 for x, p in zip(hot, shares[k], strict=True)]
            for j, f in enumerate(features):
                g = sum(d * x for d, x in zip(error, f, strict=True))
                assert abs(g) < 1 << 28
                step = ((g >> 7) * level.rate + 8192) >> 14
                w[j] = max(-262143, min(262143, w[j] + step))
        if n_sets > 1:
            error = [(x - p) >> 1 for x, p in zip(hot, freq, strict=True)]
            for k in range(n_sets):
                g = sum(d * z for d, z in zip(error, scores[k], strict=True))
                v = second[quality][k] - (((g >> 13) * level.second_rate + (1 << 17)) >> 18)
                second[quality][k] = max(-262143, min(262143, v))
        for m, key in zip(models, keys, strict=True):
            m.learn(key, b)
            m.count(key, b)
        if known:
            known.count(b)
        h = ((h << 2) | b) & MASK64
        rc = (rc >> 2) | ((3 - b) << 62)
        if i >= START + DELAY:
            for m, (key, symbol) in zip(models, late.popleft(), strict=True):
                m.count(key, symbol)
        if i >= START:
            batch = []
            for m in models:
                other = OPPOSITE[classes[i - m.order] & 15] if classes is not None else 0
                context = rc >> (64 - 2 * m.order)
                batch.append((m.key(context, other), 3 - ((h >> (2 * m.order)) & 3)))
            late.append(batch)
        places.update(i, b, h, rc)
    return coder.finish()


def decode_copies(payload: bytes, n: int) -> list[int]:
    """Decode a level 1 payload (see ``seqcoder.coder.copying``)."""

    def varint(at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            value |= (payload[at] & 127) << shift
            shift += 7
            at += 1
            if payload[at - 1] < 128:
                return value, at

    size, at = varint(0)
    end = at + size
    literals = iter([byte >> s & 3 for byte in payload[end:] for s in (6, 4, 2, 0)])
    out: list[int] = []
    while at < end:
        count, at = varint(at)
        word, at = varint(at)
        back, at = varint(at)
        out += [next(literals) for _ in range(count)]
        source = len(out) - back
        for q in range((word >> 1) + 1):
            out.append(3 - out[source - q] if word & 1 else out[source + q])
    return out + [next(literals) for _ in range(n - len(out))]
