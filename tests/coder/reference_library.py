"""The protein library once more, in plain Python: what the native core must agree with."""

from __future__ import annotations

import numpy as np

from seqcoder.latent.library import GAP, RESIDUE_OF, Library

MASK64 = (1 << 64) - 1
HASH = 0x9E3779B97F4A7C15
WINDOW, MOST_ENTRIES, MOST, NEEDED, KEEP, SURE = 16, 15, 6, 8, 4, 14
PATTERN = "1101101111"
SPAN = len(PATTERN)
ALIKE = ("LVIM", "C", "A", "G", "ST", "P", "FY", "W", "EQ", "DN", "KR", "H", "*")
LETTER = [next(k for k, x in enumerate(ALIKE) if r in x) for r in "*ACDEFGHIKLMNPQRSTVWY"]
LETTER += [0] * (GAP - len(LETTER))


def _seed(residues: list[int]) -> int:
    seed = 0
    for residue, one in zip(residues, PATTERN, strict=True):
        seed = seed << 4 | (LETTER[residue] if one == "1" else 0)
    return seed


def _slot(seed: int) -> int:
    return ((seed * HASH) & MASK64) >> 42


class Alignment:
    """A place in the library, and which of the last residues agreed (the latest one first)."""

    def __init__(self, at: int, past: list[bool]) -> None:
        self.at, self.past = at, past

    @property
    def agreed(self) -> int:
        return sum(self.past)

    def grade(self, agreed: int) -> int:
        return min(agreed, 15) // 2 * 2 + self.past[0]


class LibraryReader:
    """Says what the library knows of a base, given the bases before it."""

    def __init__(self, library: Library) -> None:
        ends = [GAP] * WINDOW
        self.residues = [*ends, *library.residues.tolist(), *ends]
        self.bits = len(self.residues).bit_length()
        self.index: dict[int, list[int]] = {}
        for after in range(len(self.residues), SPAN - 1, -1):
            residues = self.residues[after - SPAN : after]
            if GAP not in residues:
                entries = self.index.setdefault(_slot(_seed(residues)), [])
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
        base = 16 * opposite
        vote, grade, residue = self.vote()
        contexts = [1 + ((base + grade) * 21 + residue) * 21 + prefix, 0]
        others = [a for a in self.alignments if self.residues[a.at] != residue]
        if others:
            a = others[0]
            contexts[1] = ((base + a.grade(a.agreed)) * 21 + self.residues[a.at]) * 21
            contexts[1] += 16384 + prefix
        elif len(self.alignments) > 1:
            a = self.alignments[1 if vote is self.alignments[0] else 0]
            contexts[1] = 1 + ((base + grade) * 16 + a.grade(a.agreed)) * 21 + prefix
        return contexts, 1 + grade // 2

    def vote(self) -> tuple[Alignment, int, int]:
        """The best alignment of the vote, its grade and its residue."""
        votes: dict[int, list[Alignment]] = {}
        for a in self.alignments:
            votes.setdefault(self.residues[a.at], []).append(a)
        for_it = max(votes.values(), key=lambda all_: sum(a.agreed**3 for a in all_))
        against = len(self.alignments) - len(for_it)
        raised = max(0, for_it[0].agreed + 2 * (len(for_it) - 1) - against)
        return for_it[0], for_it[0].grade(raised), self.residues[for_it[0].at]

    def advance(self, residue: int, way: int) -> None:
        kept = []
        for a in self.alignments:
            a.past = [self.residues[a.at] == residue, *a.past][:WINDOW]
            a.at += way
            if self.residues[a.at] < GAP and any(a.past[:6]) and a.agreed >= KEEP:
                kept.append(a)
        self.alignments = sorted(kept, key=lambda a: -a.agreed)
        self.latest.append(residue)
        sure = self.alignments and self.alignments[0].agreed >= SURE
        if len(self.latest) >= SPAN and not sure:
            self.look_up(way)

    def look_up(self, way: int) -> None:
        seed = _seed(self.latest[-SPAN:][::way])
        for after in self.index.get(_slot(seed), []):
            there = _seed(self.residues[after - SPAN : after])
            at = after if way > 0 else after - SPAN - 1
            # of another seed in the same slot, those with the same tag are looked at, too
            if self.tag(there) != self.tag(seed) or self.residues[at] == GAP:
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
            if new.agreed < NEEDED:
                continue
            if len(self.alignments) == MOST:
                if new.agreed <= self.alignments[-1].agreed:
                    continue
                self.alignments.pop()
            self.alignments.append(new)
            self.alignments.sort(key=lambda a: -a.agreed)

    def tag(self, seed: int) -> int:
        return (seed * 0xD6E8FEB86659FD93 & MASK64) >> 32 >> self.bits


def trace(bases: np.ndarray, classes: np.ndarray, library: Library):
    """What ``seqcoder.latent.library.trace`` must say."""
    reader = LibraryReader(library)
    before = bases.tolist()
    said = [reader.step(int(classes[i]), before[max(0, i - 3) : i]) for i in range(len(before))]
    contexts = np.array([c for c, _ in said], np.uint16).reshape(-1, 2).T
    return contexts, np.array([c for _, c in said], np.uint8)
