"""The protein library once more, in plain Python: what the native core must agree with."""

from __future__ import annotations

import numpy as np

from seqcoder.latent.library import GAP, RESIDUE_OF, Library

MASK64 = (1 << 64) - 1
HASH = 0x9E3779B97F4A7C15
SEED, WINDOW, MOST_ENTRIES, KEEP, SURE = 6, 16, 15, 4, 13


def _slot(key: int) -> int:
    return ((key * HASH) & MASK64) >> 42


def _key(seed: list[int]) -> int:
    key = 0
    for residue in seed:
        key = key << 5 | residue
    return key


class Alignment:
    """A place in the library, and which of the last residues agreed (the latest one first)."""

    def __init__(self, at: int, past: list[bool]) -> None:
        self.at, self.past = at, past

    @property
    def agreed(self) -> int:
        return sum(self.past)

    @property
    def grade(self) -> int:
        return min(self.agreed, 15) // 2 * 2 + self.past[0]


class LibraryReader:
    """Says what the library knows of a base, given the bases before it."""

    def __init__(self, library: Library) -> None:
        self.residues = [GAP, *library.residues.tolist(), GAP]
        self.index: dict[int, list[int]] = {}
        for after in range(len(self.residues), SEED - 1, -1):
            seed = self.residues[after - SEED : after]
            if GAP not in seed:
                entries = self.index.setdefault(_slot(_key(seed)), [])
                if len(entries) < MOST_ENTRIES:
                    entries.append(after)
        self.expected = 0
        self.known = 0
        self.latest: list[int] = []
        self.alignments: list[Alignment] = []

    def step(self, cls: int, before: list[int]) -> tuple[list[int], int]:
        """Two context numbers, and the confidence; ``before`` ends with the latest base."""
        if not 1 <= cls <= 6:
            self.expected = 0
            self.latest, self.alignments = [], []
            return [0, 0], 0
        if cls != self.expected:
            self.known = 0
            self.latest, self.alignments = [], []
        opposite = cls > 3
        prefix = 0
        if cls in (1, 6):
            if self.known == 3:
                x, y, z = before[-3:]
                codon = 63 - 16 * z - 4 * y - x if opposite else 16 * x + 4 * y + z
                self.advance(int(RESIDUE_OF[codon]), -1 if opposite else 1)
            self.known = 1
        elif self.known == 1:
            self.known = 2
            prefix = 1 + before[-1]
        elif self.known == 2:
            self.known = 3
            prefix = 5 + 4 * before[-2] + before[-1]
        else:
            self.known = 0
        self.expected = {1: 2, 2: 3, 3: 1, 6: 5, 5: 4, 4: 6}[cls]
        if not self.known or not self.alignments:
            return [0, 0], 0
        strand = 16 * opposite
        first = self.alignments[0]
        residue = self.residues[first.at]
        contexts = [1 + ((strand + first.grade) * 21 + residue) * 21 + prefix, 0]
        if len(self.alignments) > 1:
            second = self.alignments[1]
            other = self.residues[second.at]
            if other == residue:
                contexts[1] = 1 + ((strand + first.grade) * 16 + second.grade) * 21 + prefix
            else:
                contexts[1] = 16384 + ((strand + second.grade) * 21 + other) * 21 + prefix
        return contexts, 1 + first.grade // 2

    def advance(self, residue: int, way: int) -> None:
        kept = []
        for a in self.alignments:
            a.past = [self.residues[a.at] == residue, *a.past][:WINDOW]
            a.at += way
            if self.residues[a.at] < GAP and any(a.past[:6]) and a.agreed >= KEEP:
                kept.append(a)
        self.alignments = kept
        self.latest.append(residue)
        if len(self.latest) >= SEED and not (kept and kept[0].agreed >= SURE):
            self.look_up(way)
        self.alignments.sort(key=lambda a: -a.agreed)

    def look_up(self, way: int) -> None:
        seed = self.latest[-SEED:][::way]
        for after in self.index.get(_slot(_key(seed)), []):
            at = after if way > 0 else after - SEED - 1
            if self.residues[after - SEED : after] != seed or self.residues[at] == GAP:
                continue
            if any(a.at == at for a in self.alignments):
                continue
            past = []
            for back in range(1, min(len(self.latest), WINDOW) + 1):
                theirs = self.residues[at - way * back]
                if theirs == GAP:
                    break
                past.append(theirs == self.latest[-back])
            past += [False] * (WINDOW - len(past))
            new = Alignment(at, past)
            first, second = (*self.alignments, None, None)[:2]
            if first is None or new.agreed > first.agreed:
                if first is not None and (second is None or first.agreed > second.agreed):
                    second = first
                first = new
            elif second is None or new.agreed > second.agreed:
                second = new
            self.alignments = [a for a in (first, second) if a is not None]


def trace(bases: np.ndarray, classes: np.ndarray, library: Library):
    """What ``seqcoder.latent.library.trace`` must say."""
    reader = LibraryReader(library)
    before = bases.tolist()
    said = [reader.step(int(classes[i]), before[max(0, i - 3) : i]) for i in range(len(before))]
    contexts = np.array([c for c, _ in said], np.uint16).reshape(-1, 2).T
    return contexts, np.array([c for _, c in said], np.uint8)
