"""The mixing coder once more, in plain Python: what the kernel must agree with, bit for bit.

Written for reading, not for speed: integers without bounds, dictionaries for tables, no
prefetching, no vectors. Only ``levels`` and the shared constant tables come from the
package; that the bounds in the kernel's docstring hold is asserted as it goes.
"""

from __future__ import annotations

from collections import defaultdict, deque

import numpy as np

from seqcoder.coder import tables
from seqcoder.coder.levels import Level
from seqcoder.latent.library import STATE, Library, library_step

DELAY, HALF, START = 8, 4, 32
MASK64 = (1 << 64) - 1
EVEN = 0x5555555555555555


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

    def __init__(self, model, constants) -> None:
        self.model = model
        self.logs = constants.logs[1 if model.order > 8 else 0].tolist()
        self.table = defaultdict(lambda: [0, 0, 0, 0])

    def key(self, context, cls):
        return context, (cls if self.model.with_class else 0)

    def features(self, key):
        return [self.logs[c] for c in self.table[key]]

    def learn(self, key, symbol):
        pass

    def count(self, key, symbol):
        counts = self.table[key]
        if counts[symbol] >= self.model.limit:
            counts[:] = [c >> 1 for c in counts]
        counts[symbol] += 1


class Nibbles:
    """Four counts below 16, whose meaning is learned."""

    def __init__(self, model, constants, start, shift) -> None:
        self.model, self.shift = model, shift
        self.log_p = constants.log_p.tolist()
        self.table = defaultdict(lambda: [0, 0, 0, 0])
        self.start = start
        self.maps = {}

    def key(self, context, cls):
        last, group = context & 15, context >> 4
        if 2 * self.model.order > self.model.bits:
            group = ((group * tables.HASH) & MASK64) >> (64 - (self.model.bits - 4))
        return group, last

    def _state(self, key):
        counts = self.table[key]
        order = sorted(range(4), key=lambda s: -counts[s])
        state = tuple(counts[s] for s in order)
        if state not in self.maps:
            self.maps[state] = list(self.start[state])
        return self.maps[state], order

    def features(self, key):
        row, order = self._state(key)
        return [self.log_p[row[order.index(s)] >> 10] for s in range(4)]

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

    def __init__(self, repeats, bits, constants, bases, classes) -> None:
        self.r, self.bits, self.bases, self.classes = repeats, bits, bases, classes
        self.opposite = constants.opposite.tolist()
        self.logit = constants.logit.tolist()
        self.recips = constants.recips.tolist()
        self.hits = defaultdict(lambda: [2097152, 0])
        self.found: list[dict] = []
        self.positions = [{} for _ in repeats.seeds]
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
                there = self.opposite[there] if f["inverted"] else there
                codon = 1 + (cls - 1) % 3 if there == cls else 0
            f["context"] = (length, m32, long_run, codon)
            p = self.hits[f["context"]][0] >> 10
            vote = self.logit[p]
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
            f["standing"] -= f["standing"] >> self.r.standing_shift
            if f["guess"] == b:
                f["standing"] += 65536 >> self.r.standing_shift
                hit[0] += ((4194303 - hit[0]) * self.recips[hit[1]]) >> 16
                f["run"] += 1
            else:
                hit[0] -= (hit[0] * self.recips[hit[1]]) >> 16
                f["run"] = 0
                f["misses"] |= 1
            hit[1] = min(hit[1] + 1, self.r.hit_limit)
            f["place"] += -1 if f["inverted"] else 1
            good = f["misses"].bit_count() <= self.r.drop_misses
            if good and f["standing"] >= self.r.drop_standing and f["place"] >= 0:
                kept.append(f)
        self.found = kept
        for t, seed in enumerate(self.r.seeds):
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
            for seed in self.r.seeds:
                mask = int(seed.replace("1", "3"), 4)
                pair = (h & mask, (rc >> (64 - 2 * len(seed))) & mask)
                keys.append(tuple(((k * tables.HASH) & MASK64) >> (64 - self.bits) for k in pair))
            self.keys.append((i, keys))

    def keys_at(self, i):
        return next(keys for at, keys in self.keys if at == i)

    def _judge(self, i, q, d, h, rc):
        near = q <= i if d == 0 else q + 34 < i
        if q < 32 or not near or len(self.found) >= self.r.places:
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
        accepted = misses.bit_count() <= self.r.accept_misses or run >= self.r.accept_run
        known = self.classes is not None and i + 1 < len(self.classes)
        following = int(self.classes[i + 1]) if known else 0
        if not accepted and following:
            there = int(self.classes[q])
            if (self.opposite[there] if d else there) == following:
                phase = (following - 1) % 6
                # where, counted back from the latest base, the third codon positions lie
                third = phase % 3 if phase < 3 else (1 - phase) % 3
                first_two = sum(misses >> (2 * x) & 1 for x in range(32) if x % 3 != third)
                accepted = first_two <= self.r.accept_coding
        if accepted:
            f = {"place": q, "inverted": d, "misses": misses, "run": run, "standing": 26214}
            self.found.append(f)


def softmax(scores, constants):
    low = min(scores)
    e = [int(constants.exps[min(s - low, 65535) >> 4]) for s in scores]
    inv = (65528 << 24) // sum(e)
    freq = [((x * inv) >> 24) + 1 for x in e[:3]]
    return [*freq, 65536 - sum(freq)]


class LibraryContexts:
    """Counts by the context numbers the protein library gives every base."""

    def __init__(self, level, library, bases, classes, constants) -> None:
        indexed = library.for_seed(level.library_seed)
        self.contexts = np.zeros((2, len(bases)), np.int64)
        self.confidence = np.zeros(len(bases), np.int64)
        state, out = np.zeros(STATE, np.int64), np.zeros(4, np.int64)
        arrays = (indexed.residues, indexed.heads, indexed.chain, indexed.seed)
        for i in range(len(bases)):
            library_step(i, bases, classes, *arrays, state, out)
            self.contexts[:, i] = out[:2]
            self.confidence[i] = out[2]
        self.logs = constants.logs[0].tolist()
        rows = indexed.counts.reshape(2, -1)[: level.library].tolist()
        self.tables = [[[x >> s & 255 for s in (0, 8, 16, 24)] for x in row] for row in rows]

    def features(self, i):
        out = []
        for table, at in zip(self.tables, self.contexts[:, i].tolist(), strict=False):
            out.append([self.logs[x] for x in table[at]] if at else [0] * 4)
        return out

    def count(self, i, symbol):
        for table, at in zip(self.tables, self.contexts[:, i].tolist(), strict=False):
            if at:
                if table[at][symbol] == 255:
                    table[at] = [x >> 1 for x in table[at]]
                table[at][symbol] += 1


def encode(
    bases: np.ndarray, level: Level, classes: np.ndarray | None, library: Library | None = None
) -> bytes:
    """Code ``bases`` as ``seqcoder.coder.encode`` must."""
    c = tables.constants()
    n = len(bases)
    alpha = tables.ALPHAS[2]
    start = {}
    for counts in c.sorted_states.tolist():
        total = sum(np.array(counts) + alpha)
        start[tuple(counts)] = [max(2048, int((x + alpha) / total * 4194303)) for x in counts]
    models = [
        Nibbles(m, c, start, level.map_shift) if m.nibble else Bytes(m, c)
        for m in tables.used_models(level, classes is not None, n)
    ]
    places = None
    if level.repeats:
        places = Places(level.repeats, tables.seed_bits(level, n), c, bases, classes)
    known = None
    if library is not None and classes is not None and level.library:
        known = LibraryContexts(level, library, bases, classes, c)
    start_weights = [16384] * len(models) + [16384, 16384, 0] * bool(places)
    start_weights += [16384] * level.library * bool(known)
    n_sets = len(level.selectors)
    longest = tables.longest_byte_model([m.model for m in models])
    shortest = next(j for j, m in enumerate(models) if m.model.nibble)
    weights = defaultdict(lambda: list(start_weights))
    second = defaultdict(lambda: [65536 // n_sets] * n_sets)
    late: deque = deque()
    coder = RangeCoder()
    h = rc = 0
    for i in range(n):
        cls = int(classes[i]) if classes is not None else 0
        keys = []
        for m in models:
            context = h & (4**m.model.order - 1)
            keys.append(m.key(context, cls))
        features = [m.features(k) for m, k in zip(models, keys, strict=True)]
        quality = 0
        if places:
            *votes, quality = places.votes(cls)
            features += votes
        totals = [sum(m.table[key]) for m, key in zip(models, keys, strict=True)]
        seen = min(totals[longest].bit_length(), 10) * 8 + totals[shortest].bit_length()
        confidence = 0
        if known:
            features += known.features(i)
            confidence = int(known.confidence[i])
        picks, scores, shares = [], [], []
        for k, selector in enumerate(level.selectors):
            pick = {
                "none": 0,
                "repeat": quality + 8 * confidence,
                "class": cls,
                "bases": h & 255,
                "bases-class": (h & 15) * 16 + cls,
                "seen": seen,
            }[selector]
            picks.append((k, pick))
            w = weights[k, pick]
            z = [sum((x >> 4) * f[s] for x, f in zip(w, features, strict=True)) for s in range(4)]
            assert max(abs(x) for x in z) < 1 << 31
            top = max(z)
            scores.append([min((top - x) >> 8, 65535) for x in z])
            shares.append(softmax(scores[-1], c))
        freq = shares[0]
        if n_sets > 1:
            final = [
                sum(v * z[s] for v, z in zip(second[quality], scores, strict=True))
                for s in range(4)
            ]
            low = min(final)
            freq = softmax([min(((x - low) >> 20) << 4, 65535) for x in final], c)
        b = int(bases[i])
        coder.put(freq, b)
        hot = [65536 * (s == b) for s in range(4)]
        for k in range(n_sets):
            w = weights[picks[k]]
            error = [x - p for x, p in zip(hot, shares[k], strict=True)]
            for j, f in enumerate(features):
                g = sum(d * x for d, x in zip(error, f, strict=True))
                assert abs(g) < 1 << 29
                step = ((g >> 8) * level.rate + 8192) >> 14
                w[j] = max(-262143, min(262143, w[j] + step))
        if n_sets > 1:
            for k in range(n_sets):
                g = sum((x - p) * z for x, p, z in zip(hot, freq, scores[k], strict=True))
                v = second[quality][k] - (((g >> 14) * level.second_rate + (1 << 17)) >> 18)
                second[quality][k] = max(-262143, min(262143, v))
        for m, key in zip(models, keys, strict=True):
            m.learn(key, b)
            m.count(key, b)
        if known:
            known.count(i, b)
        h = ((h << 2) | b) & MASK64
        rc = (rc >> 2) | ((3 - b) << 62)
        if i >= START + DELAY:
            for m, (key, symbol) in zip(models, late.popleft(), strict=True):
                m.count(key, symbol)
        if i >= START:
            batch = []
            for m in models:
                k = m.model.order
                other = int(c.opposite[classes[i - k]]) if classes is not None else 0
                batch.append((m.key(rc >> (64 - 2 * k), other), 3 - ((h >> (2 * k)) & 3)))
            late.append(batch)
        if places:
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
