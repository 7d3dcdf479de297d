"""Which proteins a model carries: those that would have paid most for genomes of other families.

All proteins of the corpus are the first library. Every genome is then read with it as the
coder would read it (seeds, one alignment followed at a time), sources from the genome's
own family left out; each 16 residues of the library are credited with the bits they would
have saved, the blocks that earned least are dropped, and the rest is tried again, until
the library fits. So what is kept has proven itself on genomes whose family it had not
seen, which is how it will be used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.core import CREDIT_BLOCK as BLOCK
from seqcoder.core import CREDIT_GRADES as GRADES
from seqcoder.latent.library import CONTEXTS, GAP, build_library, trace

_BACKGROUND = 0.075  # chance that a residue is what it is anyhow
_SCHEDULE = (2.8125, 2.0, 1.375, 1.125, 1.0)  # sizes aimed at, of the one wanted
_CARRIED = 0.5  # of what was earned in the readings before


@dataclass(frozen=True)
class Candidate:
    """A library that may be chosen.

    ``residues`` (m,) uint8, the genomes they are from, ``owners`` (m,) int32, and what each
    block of 16 has ``earned`` so far, (m // 16 + 1,) float32 bits.
    """

    residues: NDArray[np.uint8]
    owners: NDArray[np.int32]
    earned: NDArray[np.float32]

    @property
    def worth(self) -> NDArray[np.uint8]:
        """What was earned on a scale of 256 grades: of places that agree alike one is read."""
        grades = np.clip(24 * np.log2(1 + np.maximum(self.earned, 0)), 0, 255)
        return np.asarray(grades, np.uint8)


def _gains(foretold: NDArray[np.float64]) -> NDArray[np.float32]:
    """Bits saved by a residue foretold, (grades, 2): if it is another, if it is that one.

    ``foretold`` (grades, 2) counts how often the one and the other was so.
    """
    right = foretold[:, 1] / foretold.sum(axis=1)
    chances = np.stack([(1 - right) / (1 - _BACKGROUND), right / _BACKGROUND], axis=1)
    return np.asarray(np.log2(chances), np.float32)


def _keep(candidate: Candidate, credit: NDArray[np.float32], size: int) -> Candidate:
    """Keep the best ``size`` residues in whole blocks; single blocks are dropped."""
    residues, owners = candidate.residues, candidate.owners
    earned = credit + np.float32(_CARRIED) * candidate.earned
    smooth = earned.copy()
    smooth[1:] += earned[:-1] / 2
    smooth[:-1] += earned[1:] / 2
    want = min(size // BLOCK, smooth.size)
    least = max(float(np.partition(smooth, smooth.size - want)[smooth.size - want]), 0.0)
    good = smooth > least
    good[1:-1] &= good[:-2] | good[2:]
    kept = np.repeat(good, BLOCK)[: residues.size]
    # one GAP after every stretch kept
    take = kept.copy()
    take[np.flatnonzero(kept[:-1] & ~kept[1:]) + 1] = True
    parts = np.where(kept, residues, GAP).astype(np.uint8)[take]
    double = (parts == GAP) & np.concatenate([[True], parts[:-1] == GAP])
    by_residue = np.repeat(earned, BLOCK)[: residues.size][take][~double]
    padded = np.concatenate([by_residue, np.zeros(-by_residue.size % BLOCK + BLOCK, np.float32)])
    blocks = padded.reshape(-1, BLOCK).mean(axis=1)[: (~double).sum() // BLOCK + 1]
    return Candidate(parts[~double], owners[take][~double], blocks.astype(np.float32))


def choose_residues(
    streams: list[NDArray[np.uint8]],
    near: NDArray[np.bool_],
    size: int,
    progress: Callable[[str], None] = print,
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """The library's residues, (m,) uint8, about ``size`` at most, and their owners.

    Owners, (m,) int32, are indices into ``streams``, the genomes' proteins, each uint8;
    ``near`` (g, g) bool says which genomes must not profit from which (itself, its family).
    A genome counts by the square root of the number of genomes near it, inversely.
    """
    proteins = np.concatenate(streams)
    genome = np.repeat(np.arange(len(streams), dtype=np.int32), [s.size for s in streams])
    weight = (1 / np.sqrt(near.sum(axis=1))).astype(np.float32)
    candidate = Candidate(proteins, genome, np.zeros(proteins.size // BLOCK + 1, np.float32))
    agreement = np.arange(GRADES) // 2 / 16
    right = 0.05 + 0.8 * agreement
    foretold = np.stack([1 - right, right], axis=1)  # a guess, until there are counts
    for turn, factor in enumerate(_SCHEDULE):
        gains = _gains(foretold)
        credit = np.zeros(candidate.earned.size, np.float32)
        counts = np.zeros((GRADES, 2), np.uint64)
        step = min(turn, 1) + 1  # all proteins, then every other one
        read = core.credit_blocks(
            candidate.residues, candidate.owners, candidate.worth, proteins, genome, near,
            gains * weight[:, None, None], step, turn % step, credit, counts,
        )  # fmt: skip
        saved = float((counts * gains).sum()) / max(1, read)
        progress(f"library of {candidate.residues.size} residues saves {saved:.4f} bits a residue")
        foretold = counts + np.array([7.0, 1.0])
        candidate = _keep(candidate, credit, int(size * factor))
    return candidate.residues, candidate.owners


def starting_counts(
    genomes: Iterable[tuple[int, NDArray[np.uint8], NDArray[np.uint8]]],
    near: NDArray[np.bool_],
    lib: NDArray[np.uint8],
    owner: NDArray[np.int32],
    most: int = 60,
) -> NDArray[np.uint8]:
    """What the contexts' counts start from: (2, 65536, 4) uint8, at most ``most`` a context.

    ``genomes`` are numbers, bases and classes; ``owner`` (m,) int32 says whose each residue of
    ``lib`` is. They are read with the library less the proteins of their own family; a context
    seen 200 times starts with its full share, one seen less with less.
    """
    seen = np.zeros((2, CONTEXTS, 4))
    for g, bases, classes in genomes:
        foreign = ~near[owner, g] | (lib == GAP)
        contexts, _ = trace(bases, classes, build_library(lib[foreign]))
        for q in range(2):
            said = contexts[q] > 0
            rows = contexts[q][said].astype(np.int64) * 4 + bases[said]
            seen[q] += np.bincount(rows, minlength=4 * CONTEXTS).reshape(-1, 4)
    total = seen.sum(axis=2, keepdims=True)
    share = (seen + 0.125) / (total + 0.5)
    counts = np.floor(share * np.minimum(total / 200, 1) * most + 0.5)
    return np.asarray(np.minimum(counts, 250), np.uint8)
