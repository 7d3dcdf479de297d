"""Who leads whom: few genomes after which the others of a container are coded.

Walks serve strains of a species. Species of a genus, and genera of a family, share proteins: a
coder that goes on after one of them, with its genes as library, is smaller than walks, and than
coding alone (docs/leaders.md). A leader itself is coded alone, so that a genome comes out after
decoding at most its leader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqcoder import core
from seqcoder.pangenome.minhash import Bases, Sketch, similarity, sketch
from seqcoder.pangenome.parents import MIN_SIMILARITY

PROTEIN_LENGTH = 10
"""Residues of a stretch that is hashed, in the thirteen letters of the library's seeds."""
SHORTEST_FRAME = 32
"""Codons of an open reading frame that counts."""
_PROTEIN_LIMIT = (1 << 64) // 100

LEAST_BASES = 1 << 18
"""Bases of a genome that may lead."""
STRAIN = 0.27
"""Jaccard index of 21-mers from which walks tell a genome better than a leader does."""
_BY_CHANCE = 0.01
"""Of stretches of residues, what unrelated genomes share at the most."""
_LEAST_GAIN = 0.05
_SURE = 0.12
_LEAST_OF_LEADER = 0.03
"""A leader is worth so much of its own size, or it leads nobody."""
_MOST_LEADERS = 64
_MOST_KNOWN = 512


@dataclass(frozen=True)
class Role:
    """What becomes of a genome: it leads others, or is coded after a leader, or neither.

    ``leader`` is the number of a genome, of before or given together with it; ``sure``: which
    surely saves a good part of this one. ``mark`` is the genome's sketch, made on the way.
    """

    number: int
    leader: int | None
    leads: bool
    sure: bool
    mark: Sketch


@dataclass(frozen=True, eq=False)
class _Known:
    """A genome that others are compared with."""

    number: int
    n_bases: int
    mark: Sketch
    proteins: Sketch
    walked: float
    """The share of it that walks save, by the Jaccard index of 21-mers (measured)."""


def protein_sketch(bases: Bases) -> Sketch:
    """Return hashes of stretches of residues of the open reading frames: rising, uint64.

    ``bases``: uint8, 0..3. About one in a hundred, the same ones in every genome that has them.
    """
    bases = np.ascontiguousarray(bases)
    types = np.zeros((len(bases) + 23) // 24, np.uint8)
    core.open_frame_types(bases, types)
    classes = np.empty(len(bases), np.uint8)
    core.decode_classes(types.view(np.int8), classes)
    residues = core.translate_genes(bases, classes, SHORTEST_FRAME)
    return np.unique(core.residue_hashes(residues, PROTEIN_LENGTH, _PROTEIN_LIMIT))


class Kinship:
    """Gives the genomes of a container their roles, some at a time, in order.

    Memory: 8 bytes for every 500 bases, and for every 400 bases once more, of the last
    `_MOST_KNOWN` genomes that are no strains of one before.
    """

    def __init__(self, most_bases: int, before: Sequence[Sketch] = ()) -> None:
        """``most_bases`` is the most a leader may have: its chunk is not cut.

        ``before``: sketches of genomes already there, along which others walk. They do not lead.
        """
        self._most_bases = most_bases
        self._before = before
        self._count = 0
        self._known: list[_Known] = []
        self._leads: dict[int, _Known] = {}

    def roles(self, genomes: Sequence[Bases]) -> list[Role]:
        """Return the roles of the next genomes (uint8, 0..3), which may follow earlier ones, too.

        Of those that come together, few lead, and so that the whole gains most: one more as long
        as that is worth a part of its own size (greedily, as facilities are placed).
        """
        first = self._count
        self._count += len(genomes)
        marks = [sketch(bases) for bases in genomes]
        fresh: list[_Known] = []
        for number, (bases, mark) in enumerate(zip(genomes, marks, strict=True), first):
            others = (*self._before, *(known.mark for known in (*self._known, *fresh)))
            near = max((similarity(mark, other) for other in others), default=0.0)
            if near < STRAIN and len(bases) >= core.SKETCH_LENGTH:
                walked = min(1.45 * near**0.5, 0.95) if near >= MIN_SIMILARITY else 0.0
                fresh.append(_Known(number, len(bases), mark, protein_sketch(bases), walked))
        chosen = self._choose(fresh)
        self._known = (self._known + fresh)[-_MOST_KNOWN:]
        roles = []
        for number, mark in enumerate(marks, first):
            leader, gain = chosen.get(number, (None, 0.0))
            roles.append(Role(number, leader, number in self._leads, gain >= _SURE, mark))
        return roles

    def _choose(self, fresh: Sequence[_Known]) -> dict[int, tuple[int, float]]:
        """Choose leaders among ``fresh``, and who of these is coded after which one, old or new.

        Returns for those that are, by number, the number of the leader and the gain. What a genome
        saves counts in bases: alone, walks save some of it.
        """
        old = list(self._leads.values())
        leaders = [*old, *(k for k in fresh if LEAST_BASES <= k.n_bases <= self._most_bases)]
        sizes = np.array([k.n_bases for k in fresh], np.float64)
        alone = sizes * np.array([k.walked for k in fresh])
        gains = np.zeros((len(fresh), len(leaders)))
        for row, mine in enumerate(fresh):
            for column, other in enumerate(leaders):
                if other is not mine:
                    gains[row, column] = _gain(mine, other)
        gains[gains < _LEAST_GAIN] = 0.0
        saved = np.maximum(sizes[:, None] * gains, alone[:, None])
        row_of = {k.number: row for row, k in enumerate(fresh)}
        chosen = list(range(len(old)))
        best = np.maximum(saved[:, chosen].max(axis=1, initial=0.0), alone)
        while len(chosen) < len(leaders):
            worth = np.full(len(leaders), -np.inf)
            for column in range(len(old), len(leaders)):
                if column not in chosen:
                    row = row_of[leaders[column].number]
                    with_it = np.maximum(best, saved[:, column])
                    with_it[row] = 0.0  # a leader is coded alone
                    worth[column] = (with_it - best).sum() - _LEAST_OF_LEADER * sizes[row]
            column = int(np.argmax(worth))
            if worth[column] <= 0:
                break
            chosen.append(column)
            row = row_of[leaders[column].number]
            saved[row] = 0.0
            best = np.maximum(best, saved[:, column])
            best[row] = 0.0
        self._leads = {leaders[c].number: leaders[c] for c in chosen[-_MOST_LEADERS:]}
        after = {}
        for row, mine in enumerate(fresh):
            column = max(chosen, key=lambda c: (saved[row, c], -c), default=-1)
            if column >= 0 and saved[row, column] > alone[row]:
                after[mine.number] = leaders[column].number, float(gains[row, column])
        return after


def _gain(mine: _Known, leader: _Known) -> float:
    """Return about what share of a genome is saved by coding it after a leader (measured)."""
    shared = core.count_shared(mine.proteins, leader.proteins) / max(len(mine.proteins), 1)
    near = similarity(mine.mark, leader.mark)
    return float(min(max(0.75 * (shared - _BY_CHANCE), 1.6 * near**0.5), 0.75))
