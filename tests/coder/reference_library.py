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


def seed_of(residues: list[int]) -> int:
    """The letters of ten residues that count."""
    seed = 0
    for residue, one in zip(residues, PATTERN, strict=True):
        seed = seed << 4 | (LETTER[residue] if one == "1" else 0)
    return seed


def anchored(residues: list[int]) -> bool:
    """Whether a seed of these ten residues is indexed, and looked up."""
    return residues[4] < 21 and "*ACDEFGHIKLMNPQRSTVWY"[residues[4]] in "CGPFYWDNH"


def slot_bits(size: int) -> int:
    """Bits of a slot's number in the index of so many residues."""
    return min(max(size.bit_length(), 13), 25) - 3


def _slot(seed: int, bits: int) -> int:
    return ((seed * HASH) & MASK64) >> (64 - bits)


class Book:
    """Residues between gaps, and the places behind each anchored seed, the first of a slot."""

    def __init__(self, residues: list[int], first_context: int) -> None:
        ends = [GAP] * WINDOW
        self.residues = [*ends, *residues, *ends]
        self.first_context = first_context
        self.slot_bits = slot_bits(len(residues))
        self.bits = len(self.residues).bit_length()
        self.index: dict[int, list[int]] = {}
        for after in range(SPAN, len(self.residues)):
            before = self.residues[after - SPAN : after]
            if GAP not in before and anchored(before):
                entries = self.index.setdefault(_slot(seed_of(before), self.slot_bits), [])
                if len(entries) < MOST_ENTRIES:
                    entries.append(after)

    def tag(self, seed: int) -> int:
        return (seed * 0xD6E8FEB86659FD93 & MASK64) >> 32 >> self.bits


class Alignment:
    """A place in a book, and which of the last residues agreed (the latest one first)."""

    def __init__(self, book: Book, at: int, past: list[bool]) -> None:
        self.book, self.at, self.past = book, at, past

    @property
    def residue(self) -> int:
        return self.book.residues[self.at]

    @property
    def agreed(self) -> int:
        return sum(self.past)

    def grade(self, agreed: int) -> int:
        return min(agreed, 15) // 2 * 2 + self.past[0]


class LibraryReader:
    """Says what the library knows of a base, given the bases before it."""

    def __init__(self, library: Library, genes: list[int] | None = None) -> None:
        self.books = [Book(np.minimum(library.residues, GAP).tolist(), 0)]
        if genes is not None:
            self.books.append(Book(genes, 32768))
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
        own = vote.book.first_context + prefix
        contexts = [own + 1 + ((base + grade) * 21 + residue) * 21, 0]
        others = [a for a in self.alignments if a.residue != residue]
        if others:
            a = others[0]
            contexts[1] = ((base + a.grade(a.agreed)) * 21 + a.residue) * 21
            contexts[1] += a.book.first_context + 16384 + prefix
        elif len(self.alignments) > 1:
            a = self.alignments[1 if vote is self.alignments[0] else 0]
            contexts[1] = own + 1 + ((base + grade) * 16 + a.grade(a.agreed)) * 21
        return contexts, 1 + grade // 2

    def vote(self) -> tuple[Alignment, int, int]:
        """The best alignment of the vote, its grade and its residue."""
        votes: dict[int, list[Alignment]] = {}
        for a in self.alignments:
            votes.setdefault(a.residue, []).append(a)
        for_it = max(votes.values(), key=lambda all_: sum(a.agreed**3 for a in all_))
        against = len(self.alignments) - len(for_it)
        raised = max(0, for_it[0].agreed + 2 * (len(for_it) - 1) - against)
        return for_it[0], for_it[0].grade(raised), for_it[0].residue

    def advance(self, residue: int, way: int) -> None:
        kept = []
        for a in self.alignments:
            a.past = [a.residue == residue, *a.past][:WINDOW]
            a.at += way
            if a.residue < GAP and any(a.past[:6]) and a.agreed >= KEEP:
                kept.append(a)
        self.alignments = sorted(kept, key=lambda a: -a.agreed)
        self.latest.append(residue)
        sure = self.alignments and self.alignments[0].agreed >= SURE
        if len(self.latest) >= SPAN and not sure:
            for book in self.books:
                self.look_up(book, way)

    def look_up(self, book: Book, way: int) -> None:
        latest = self.latest[-SPAN:][::way]
        if not anchored(latest):
            return
        seed = seed_of(latest)
        for after in book.index.get(_slot(seed, book.slot_bits), []):
            there = seed_of(book.residues[after - SPAN : after])
            at = after if way > 0 else after - SPAN - 1
            # of another seed in the same slot, those with the same tag are looked at, too
            if book.tag(there) != book.tag(seed) or book.residues[at] == GAP:
                continue
            if any(a.book is book and a.at == at for a in self.alignments):
                continue
            past = []
            for back in range(1, min(len(self.latest), WINDOW) + 1):
                theirs = book.residues[at - way * back]
                if theirs == GAP:
                    break
                past.append(theirs == self.latest[-back])
            past += [False] * (WINDOW - len(past))
            new = Alignment(book, at, past)
            if new.agreed < NEEDED:
                continue
            if len(self.alignments) == MOST:
                if new.agreed <= self.alignments[-1].agreed:
                    continue
                self.alignments.pop()
            self.alignments.append(new)
            self.alignments.sort(key=lambda a: -a.agreed)


def translate(bases: np.ndarray, classes: np.ndarray, shortest: int = 10) -> list[int]:
    """The genes of a chunk, each ended by a gap: codons of classes 1 2 3 or 6 5 4 in a row."""
    out: list[int] = []
    i = 0
    while i < len(bases):
        way = {1: (1, 2, 3), 6: (6, 5, 4)}.get(int(classes[i]))
        end = i
        while way and tuple(classes[end : end + 3].tolist()) == way:
            end += 3
        if end - i >= 3 * shortest:
            gene = bases[i:end].astype(int)
            gene = gene if way == (1, 2, 3) else 3 - gene[::-1]
            out += [*RESIDUE_OF[gene.reshape(-1, 3) @ np.array([16, 4, 1])].tolist(), GAP]
        i = max(end, i + 1)
    return out


def trace(bases: np.ndarray, classes: np.ndarray, library: Library):
    """What ``seqcoder.latent.library.trace`` must say."""
    reader = LibraryReader(library)
    before = bases.tolist()
    said = [reader.step(int(classes[i]), before[max(0, i - 3) : i]) for i in range(len(before))]
    contexts = np.array([c for c, _ in said], np.uint16).reshape(-1, 2).T
    return contexts, np.array([c for _, c in said], np.uint8)
