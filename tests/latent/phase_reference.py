"""The phase model and open reading frames in plain Python: the oracle of the core's."""

from __future__ import annotations

from collections.abc import Sequence

MIRROR = (0, 4, 5, 6, 1, 2, 3)
STOPS = {"TAA", "TAG", "TGA"}


def class_of(kind: int, offset: int) -> int:
    if kind == 0:
        return 0
    return 1 + (kind - 1 + offset) % 3 if kind < 4 else 4 + (kind - 4 - offset) % 3


def open_frame_types(bases: Sequence[int]) -> list[int]:
    """Types of windows in long open frames, the longest first where at most an eighth is taken."""
    n = len(bases)
    text = "".join("ACGT"[b] for b in bases)
    types = [0] * -(-n // 24)
    if n < 300:
        return types
    at = ((text.count("A") + text.count("T")) << 15) // n
    gc = (1 << 15) - at
    stop = max((at**3 + 2 * at * at * gc) >> 16, (1 << 32) // 1000)
    still, codons = 1 << 32, 0
    while 3 * codons < 900 and still * 20000 >= 1 << 32:
        still = (still * ((1 << 32) - stop)) >> 32
        codons += 1
    shortest = max(300, 3 * codons)
    frames = []
    for f in range(3):
        ends = list(range(f, n - 2, 3))
        for reverse in (False, True):
            start = f
            for i in [*ends, None]:
                if i is None:
                    frames.append((start - (n - (n - start) % 3), start, reverse))
                    continue
                codon = text[i : i + 3]
                if reverse:
                    codon = codon[::-1].translate(str.maketrans("ACGT", "TGCA"))
                if codon in STOPS:
                    frames.append((start - i, start, reverse))
                    start = i + 3
    for minus, start, reverse in sorted(frames):
        if -minus < shortest:
            continue
        inside = range(-(-start // 24), (start - minus) // 24)
        if 8 * sum(types[w] != 0 for w in inside) > len(inside):
            continue
        for w in inside:
            phase = (24 * w - start) % 3
            if types[w] == 0:
                types[w] = 6 - phase if reverse else 1 + phase
    return types


def count_words(bases: Sequence[int], types: Sequence[int]) -> dict[tuple[int, int], int]:
    """Counts by (word, class): of every word, and of its reverse complement."""
    counts: dict[tuple[int, int], int] = {}
    kinds = [types[i // 24] for i in range(len(bases))]
    for i in range(5, len(bases)):
        if kinds[i] > 6 or kinds[i - 5] > 6:
            continue
        word = mirrored = 0
        for k in range(6):
            word = word * 4 + bases[i - 5 + k]
            mirrored = mirrored * 4 + 3 - bases[i - k]
        first = MIRROR[class_of(kinds[i - 5], (i - 5) % 24)]
        for key in ((word, class_of(kinds[i], i % 24)), (mirrored, first)):
            counts[key] = counts.get(key, 0) + 1
    return counts


def log2_by_squaring(numerator: int) -> int:
    """256 log2(numerator / 2048), a number in [1, 2), rounded."""
    y, bits = numerator << 20, 0
    for _ in range(12):
        y = y * y >> 31
        bit = int(y >= 1 << 32)
        y >>= bit
        bits = 2 * bits + bit
    return (bits + 8) >> 4


def word_costs(column: Sequence[int], prior: int) -> list[int]:
    """Costs of the 4,096 words of one class."""
    lower = [1 << 30] * 4
    for k in range(6):
        size = 4 ** (k + 1)
        table = [sum(column[i::size]) for i in range(size)]
        probabilities = []
        for i in range(size):
            total = sum(table[i // 4 * 4 : i // 4 * 4 + 4]) + prior
            share = (table[i] << 32) + prior * lower[i % len(lower)]
            probabilities.append(max(1, share // total))
        lower = probabilities
    costs = []
    for p in lower:
        exponent = p.bit_length() - 1
        cost = 256 * (32 - exponent)
        if exponent < 32:
            cost -= log2_by_squaring(2 * (((p << (32 - exponent)) >> 22) & 1023) + 2049)
        costs.append(min(cost, 8191))
    return costs


def cheapest_path(costs: Sequence[Sequence[int]], into_gene: int, into_other: int) -> list[int]:
    """Viterbi's algorithm over windows; of equals the lowest type."""
    total = [0] * 7
    origins = []
    for row in costs:
        best = min(range(7), key=lambda t: (total[t], t))
        ways = []
        for t in range(7):
            change = total[best] + (into_gene if t else into_other)
            ways.append(best if change < total[t] else t)
        total = [
            (total[t] if ways[t] == t else total[best] + (into_gene if t else into_other)) + row[t]
            for t in range(7)
        ]
        origins.append(ways)
    kind = min(range(7), key=lambda t: (total[t], t))
    path = []
    for ways in reversed(origins):
        path.append(kind)
        kind = ways[kind]
    return path[::-1]


def window_costs(bases: Sequence[int], costs: Sequence[Sequence[int]]) -> list[list[int]]:
    """What every window costs under every type, of a table by word and class."""
    rows = [[0] * 7 for _ in range(-(-len(bases) // 24))]
    word = 0
    for i, base in enumerate(bases):
        word = (word * 4 + base) % 4096
        for t in range(7):
            rows[i // 24][t] += costs[word][class_of(t, i % 24)]
    return rows
