"""The pan-genome as it grows: genomes in, walks and novel bases out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqcoder import core
from seqcoder.errors import IntegrityError
from seqcoder.pangenome.minhash import Sketch, sketch
from seqcoder.pangenome.parents import Candidates
from seqcoder.pangenome.plain_walk import write_plain
from seqcoder.pangenome.relative_walk import BASE, NOVEL, PARENT, SELF, Forerunner, write_relative
from seqcoder.pangenome.walk import Bases, Ints, Walk
from seqcoder.pangenome.walk_reading import Reading, forerunners_of, relatives_of

UNKNOWN, LEAST_UNKNOWN = 4, 4096
UNIT = 256
"""Costs are in 1/256 bit."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What the path through a genome is chosen by, in bits."""

    novel_base: float
    new_item: float
    least_repeat: int
    """Shorter repeats within the genome are left to the base coder."""
    least_gain: float
    """A genome that walking saves a smaller share of is taken as novel, whole."""


AMONG_RELATIVES = Costs(1.9, 34, 300, 0.0)
AMONG_STRANGERS = Costs(1.5, 50, 10_000, 0.03)
"""Without parents, unless it is the first. What stands in for a base may cost more than the base
coder alone does, which learns from a genome that is not taken to pieces."""


@dataclass(frozen=True, slots=True)
class Added:
    """What a genome came to."""

    walk: Walk
    data: bytes
    """The walk serialised; read back by `read_walk`."""
    novel: Bases
    """uint8[n]: the bases it appended to base space, from ``novel_start``."""
    novel_start: int


@dataclass(frozen=True, slots=True)
class Before:
    """A container's base space and some of its genomes, to go on after.

    Of ``text`` (uint8[n], the base space) only ``spans`` are known, in order; elsewhere it holds
    `UNKNOWN`, which equals no base and no complement. Between two spans lie at least
    `LEAST_UNKNOWN` bases, more than an alignment gets across without a match.
    """

    text: Bases
    spans: tuple[tuple[int, int], ...]
    n_genomes: int
    relatives: tuple[int, ...]
    """Ordinals of the genomes that new ones may be written against."""
    reading: Reading
    """Their walks, and those of their forerunners."""


class PanGenome:
    """Takes the genomes of a container in order; each becomes a walk plus novel bases.

    Memory: about 2 bytes for each base of base space (the bases, and a k-mer table of 4 bytes
    for every 4 to 8 bases), 16 bytes for each substitution and 32 for each interval of the
    walks so far, 8 bytes for every 500 bases of every genome and up to 2 kB (sketches), 2 bytes
    for each base of the range of base space that the last genome is from; while a genome is being
    added, about 6 bytes a base of it and its parents.
    """

    def __init__(self, before: Before | None = None):
        """Begin, or go on after ``before``."""
        self._text = np.zeros(1 << 16, dtype=np.uint8)
        self._n = 0
        self._bits = 12
        self._table = np.zeros(1 << self._bits, dtype=np.uint32)
        self._seeds = np.empty(0, dtype=np.uint32)
        self._spans: list[tuple[int, int]] = []
        self._candidates = Candidates()
        self._known: dict[int, Forerunner] = {}
        self._sets: dict[int, frozenset[int]] = {}
        self._n_genomes = 0
        self._alleles = core.Alleles()
        if before is not None:
            self._append(before.text, before.spans)
            self._n_genomes = before.n_genomes
            self._known |= before.reading.known
            self._sets |= before.reading.sets
            for ordinal in before.relatives:
                walk = before.reading.walk(ordinal)
                self._candidates.add(ordinal, sketch(walk.apply(self.fetch)))

    @property
    def n_bases(self) -> int:
        """Size of base space so far."""
        return self._n

    @property
    def marks(self) -> list[Sketch]:
        """The sketches of the genomes that new ones may be written against."""
        return self._candidates.marks

    @property
    def novel(self) -> Bases:
        """The base space so far: uint8[n_bases], not to be written to nor kept."""
        return self._text[: self._n]

    def fetch(self, start: int, stop: int) -> Bases:
        """Return base space [start, stop)."""
        return self._text[start:stop]

    def append(self, bases: Bases) -> int:
        """Append ``bases`` (uint8, 0..3) of a genome added later; returns where they begin."""
        start = self._n
        self._append(bases)
        return start

    def add(
        self,
        bases: Bases,
        mark: Sketch | None = None,
        *,
        whole: bool = False,
        there: int | None = None,
    ) -> Added:
        """Parse ``bases`` (uint8, 0..3) against everything so far and append what is novel.

        ``mark`` is their sketch, if it is known; ``whole``: all of them are novel; ``there``: they
        lie in base space already, from there on.

        The walk read back from the bytes is compared with ``bases`` before this returns; raises
        IntegrityError where they differ, and then nothing more can be added.
        """
        bases = np.require(bases, dtype=np.uint8, requirements=["C", "W"])
        start = self._n
        mark = sketch(bases) if mark is None else mark
        parents: list[int] = []
        if there is not None:
            items, novel = _in_a_row(BASE, there, len(bases)), bases[:0]
        elif whole and len(bases):
            items, novel = _in_a_row(NOVEL, 0, len(bases)), bases
        else:
            parents = self._candidates.parents(mark, self._sets)
            items, novel = self._parse(bases, parents)
        self._append(novel)
        at = self._n_genomes
        forerunners = forerunners_of(parents, self._sets)
        relatives = relatives_of(at, parents, forerunners, self._known)
        data, columns = write_relative(items, bases, self.novel, start, relatives, self._alleles)
        walk = columns.walk
        plain = write_plain(walk) if len(walk.starts) < 64 else None
        if plain is not None and len(plain) <= len(data):
            data, parents = plain, []
        walk.check(len(bases), self._n)
        if not np.array_equal(self._sequence(columns), bases) or not self._is_known(walk):
            raise IntegrityError(
                f"a genome of {len(bases)} bases does not come back from its walk; nothing was "
                "written. Please report this"
            )
        self._sets[at] = forerunners_of(parents, self._sets)
        self._known[at] = columns
        self._candidates.add(at, mark)
        self._n_genomes += 1
        return Added(walk, data, novel, start)

    def _sequence(self, walk: Forerunner) -> Bases:
        """Return a genome's bases."""
        out = np.empty(walk.n_bases, dtype=np.uint8)
        core.follow_walk(walk.rows, walk.subs, self._text, out)
        return out

    def _is_known(self, walk: Walk) -> bool:
        """Whether a walk keeps to the parts of base space that are known."""
        spans = np.array(self._spans, dtype=np.int64).reshape(-1, 2)
        at = np.searchsorted(spans[:, 0], walk.starts, side="right") - 1
        inside = (at >= 0) & (walk.starts + walk.lengths <= spans[at, 1]) if len(spans) else at >= 0
        return bool(inside.all())

    def _reserve(self, size: int) -> None:
        if size > len(self._text):
            text = np.zeros(max(size, len(self._text) * 5 // 4), dtype=np.uint8)
            text[: self._n] = self._text[: self._n]
            self._text = text

    def _append(self, novel: Bases, spans: Sequence[tuple[int, int]] | None = None) -> None:
        """Add ``novel`` to base space and to its index; ``spans`` of it are known, default all."""
        if not len(novel):
            return
        self._reserve(self._n + len(novel))
        old = self._n
        self._text[old : old + len(novel)] = novel
        self._n += len(novel)
        for start, stop in [(0, len(novel))] if spans is None else spans:
            if self._spans and self._spans[-1][1] == old + start:
                self._spans[-1] = (self._spans[-1][0], old + stop)
            else:
                self._spans.append((old + start, old + stop))
        while (1 << self._bits) * core.SEED_STEP < 2 * self._n:
            self._bits += 1
        if len(self._table) != 1 << self._bits:
            self._table = np.zeros(1 << self._bits, dtype=np.uint32)
            old = 0
        for start, stop in self._spans:
            if stop > old:
                first = max(start, old - core.SEED_LENGTH)
                core.insert_seeds(self._text, first, stop, core.SEED_STEP, self._table, True)

    def _parse(self, bases: Bases, parents: list[int]) -> tuple[Ints, Bases]:
        """Return the items the genome is made of, and the novel bases."""
        walks = [self._known[parent] for parent in parents]
        edges = np.cumsum([0, self._n, *(walk.n_bases for walk in walks)]).astype(np.int64)
        begin = int(edges[-1])
        end = begin + len(bases)
        self._reserve(end)
        text = self._text
        for walk, at in zip(walks, edges[1:-1].tolist(), strict=True):
            core.follow_walk(walk.rows, walk.subs, self.novel, text[at : at + walk.n_bases])
        text[begin:end] = bases
        bits = max(10, (2 * (end - self._n) // core.SPARSE_STEP).bit_length())
        if len(self._seeds) < 1 << bits:
            self._seeds = np.empty(1 << bits, dtype=np.uint32)
        table = self._seeds[: 1 << bits]
        table.fill(0)
        for at in reversed(range(1, len(edges) - 1)):  # the nearest parent last: it prevails
            core.insert_seeds(
                text, int(edges[at]), int(edges[at + 1]), core.SPARSE_STEP, table, True
            )
        segments = core.find_segments(text, edges, end, self._table, table)
        costs = AMONG_STRANGERS if self._n and not parents else AMONG_RELATIVES
        segments = segments[_worthwhile(segments, begin, costs.least_repeat)]
        segments = segments[np.argsort(segments[:, 0], kind="stable")]
        novel = int(costs.novel_base * UNIT)
        path, cost = core.choose_path(text, begin, end, segments, novel, int(costs.new_item * UNIT))
        if cost > (1 - costs.least_gain) * novel * len(bases):
            path = np.array([[-1, begin]], dtype=np.int64)
        return _itemise(text, edges, end, segments, path)


def _in_a_row(kind: int, source: int, length: int) -> Ints:
    return np.array([[kind, 0, source, length]], dtype=np.int64)


def _worthwhile(segments: Ints, begin: int, least: int) -> npt.NDArray[np.bool_]:
    """Leave out short repeats within the genome: the base coder follows those for less.

    Measured (docs/pangenome.md): a repeat in the same chunk costs the coder little more than
    a walk's item, so only those of ``least`` bases are worth an interval.
    """
    source = segments[:, 2] * segments[:, 0] + segments[:, 3]
    worth: npt.NDArray[np.bool_] = source < begin
    worth |= segments[:, 1] - segments[:, 0] >= least
    return worth


def _itemise(text: Bases, edges: Ints, end: int, segments: Ints, path: Ints) -> tuple[Ints, Bases]:
    """Turn a path of segments into items and novel bases."""
    stops = np.append(path[1:, 1], end)
    keep = stops > path[:, 1]
    segment, first, stop = path[keep, 0], path[keep, 1], stops[keep]
    copied = segment >= 0
    novel = [
        text[a:b] for a, b in zip(first[~copied].tolist(), stop[~copied].tolist(), strict=True)
    ]
    items = np.zeros((len(segment), 4), dtype=np.int64)
    items[:, 0] = NOVEL
    items[:, 3] = stop - first
    sign, off = segments[segment[copied], 2], segments[segment[copied], 3]
    low = np.where(sign > 0, first[copied] + off, off - stop[copied] + 1)
    space = np.searchsorted(edges, low, side="right") - 1
    kind = np.where(space == 0, BASE, PARENT + space - 1)
    kind[space == len(edges) - 1] = SELF
    items[copied, :3] = np.stack([kind, (sign < 0).astype(np.int64), low - edges[space]], axis=1)
    return items, np.concatenate([text[:0], *novel])
