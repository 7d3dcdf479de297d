"""Translating genes and crediting a library, in plain Python: the native core must agree."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent / "coder"))

from reference_library import HASH, MASK64, SPAN, anchored, seed_of

from seqcoder.latent.library import GAP, RESIDUE_OF

COMPARED, MOST_TRIED, MOST_PASSED, NEEDED, LEAST_AGREED, SURE = 16, 24, 240, 8, 4, 14


def translate(bases: list[int], classes: list[int], shortest: int) -> list[int]:
    """Residues of all genes, each protein ended by GAP."""
    found: list[int] = []
    i = 0
    while i < len(bases):
        codons = []
        steps = {1: [1, 2, 3], 6: [6, 5, 4]}.get(classes[i], [])
        j = i
        while steps and classes[j : j + 3] == steps:
            codons.append(bases[j : j + 3])
            j += 3
        if classes[i] == 6:
            codons = [[3 - base for base in codon[::-1]] for codon in codons[::-1]]
        if len(codons) >= shortest:
            found += [int(RESIDUE_OF[16 * x + 4 * y + z]) for x, y, z in codons] + [GAP]
        i = max(j, i + 1)
    return found


def _slot(residues: list[int]) -> int:
    """Slot of ten residues; none: -1."""
    if len(residues) < SPAN or GAP in residues or not anchored(residues):
        return -1
    return (seed_of(residues) * HASH & MASK64) >> 44


def split(proteins: list[int]) -> list[tuple[int, int]]:
    """Where each protein begins and ends."""
    ends = [k for k, residue in enumerate(proteins) if residue == GAP]
    if proteins and proteins[-1] != GAP:
        ends.append(len(proteins))
    return list(zip([0, *(end + 1 for end in ends)], ends, strict=False))


class Credit:
    """Reads proteins along a library; ``credit``, ``foretold`` and ``read`` are what came of it."""

    def __init__(
        self,
        library: tuple[list[int], list[int]],
        worth: list[int],
        proteins: tuple[list[int], list[int]],
        near: NDArray[np.bool_],
        gains: NDArray[np.float32],
        every: int,
        turn: int,
    ) -> None:
        self.library, self.owners = library
        self.worth, self.near = worth, near
        self.places: dict[int, list[int]] = defaultdict(list)
        for place in range(len(self.library) - 1, SPAN - 1, -1):
            slot = _slot(self.library[place - SPAN : place])
            if slot >= 0:
                self.places[slot].append(place)
        self.credit = np.zeros(len(worth), np.float32)
        self.foretold = np.zeros((gains.shape[1], 2), np.uint64)
        self.read = 0
        for number, (begin, end) in enumerate(split(proteins[0]), 1):
            if number % every == turn:
                genome = proteins[1][begin]
                self._read(proteins[0][begin:end], genome, gains[genome])

    def _read(self, protein: list[int], genome: int, gains: NDArray[np.float32]) -> None:
        place, past = -1, [0] * COMPARED  # the latest residue first
        for t, residue in enumerate(protein):
            if place >= 0:
                ended = place == len(self.library) or self.library[place] == GAP
                if ended or sum(past) < LEAST_AGREED or not any(past[:6]):
                    place = -1
            agreed = sum(past) if place >= 0 else -1
            if agreed < SURE:
                other, agreements = self._best(protein[:t], genome)
                if other >= 0 and sum(agreements) > agreed:
                    place, past = other, agreements
            if place >= 0:
                right = int(self.library[place] == residue)
                grade = 2 * sum(past) + past[0]
                self.credit[place // 16] += gains[grade, right]
                self.foretold[grade, right] += np.uint64(1)
                past = [right, *past[:-1]]
                place += 1
        self.read += len(protein)

    def _best(self, before: list[int], genome: int) -> tuple[int, list[int]]:
        found = [
            place
            for place in self.places.get(_slot(before[-SPAN:]), [])[:MOST_PASSED]
            if not self.near[self.owners[place], genome] and self.library[place] != GAP
        ]
        ranked = [(0, -1, [0] * COMPARED)]
        for place in found[:MOST_TRIED]:
            theirs = self.library[max(0, place - COMPARED) : place][::-1]
            theirs = theirs[: theirs.index(GAP)] if GAP in theirs else theirs
            past = [int(x == y) for x, y in zip(before[::-1], theirs, strict=False)]
            if sum(past) >= NEEDED:
                past += [0] * (COMPARED - len(past))
                ranked.append((256 * sum(past) + self.worth[place // 16], place, past))
        _, place, past = max(ranked, key=lambda one: one[0])
        return place, past
