"""New inputs beside relatives that the archive holds: which container they are appended to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.plan import ContainerPlan

if TYPE_CHECKING:
    from seqcoder.pangenome.sketches import SketchTable

Sketch = NDArray[np.uint64]
Ints = NDArray[np.int64]

MOST_RELATIVES = 12
"""Genomes of a container that those appended at a time are written against: what of it has to be
decoded. A walk has at most 6 parents; more relatives cost seconds and hardly make it smaller."""
_PARENTS = 6


@dataclass(frozen=True)
class Held:
    """Genomes an archive holds or has planned, in the order of its plan."""

    sources: tuple[GenomeSource, ...] = ()
    files: tuple[str, ...] = ()
    """Of each the container's file name."""
    groups: tuple[int, ...] = ()
    """Of each the number of its group."""
    room: Mapping[str, int] = field(default_factory=dict)
    """By container, bytes of input that it still takes."""
    sketches: Callable[[], Mapping[str, Sketch]] = dict
    """Reads the sketches that were saved, by genome name; some may be missing."""
    references: Mapping[str, str] = field(default_factory=dict)
    """By container, the one that it extends; of a reference, itself."""


@dataclass(frozen=True)
class Joined:
    """Inputs that are appended to a container, in order, and their relatives there."""

    file: str
    sources: tuple[GenomeSource, ...]
    relatives: tuple[str, ...]


def held(
    containers: Sequence[ContainerPlan],
    groups: Mapping[str, int],
    container_bytes: int,
    sketches: Callable[[], Mapping[str, Sketch]],
) -> Held:
    """Return what the containers planned so far hold; ``groups`` by genome name."""
    room: dict[str, int] = {}
    references: dict[str, str] = {}
    for container in containers:
        room[container.file] = room.get(container.file, container_bytes) - container.source_bytes
        if container.is_reference:
            room[container.file] = -1
            references[container.file] = container.file
        elif container.reference:
            references[container.file] = container.reference
    genomes = [(genome, container.file) for container in containers for genome in container.genomes]
    return Held(
        tuple(genome for genome, _ in genomes),
        tuple(file for _, file in genomes),
        tuple(groups[genome.name] for genome, _ in genomes),
        room,
        sketches,
        references,
    )


class Joining:
    """Gives new inputs to containers as long as these have room."""

    def __init__(self, held: Held) -> None:
        """Begin with the room that ``held`` tells of."""
        self._held = held
        self._room = dict(held.room)
        self._files: dict[int, list[str]] = {}
        self._places: dict[str, list[int]] = {}
        self._names = set(zip((s.name for s in held.sources), held.files, strict=True))
        for place, (file, group) in enumerate(zip(held.files, held.groups, strict=True)):
            self._places.setdefault(file, []).append(place)
            files = self._files.setdefault(group, [])
            if file not in files[-1:]:
                files.append(file)
        self.taken: dict[str, list[int]] = {}
        """By container, the inputs (as numbers of the caller) it gets."""

    def take(self, number: int, source: GenomeSource, group: int, nearest: str = "") -> bool:
        """Find a container of ``group`` with room for ``source``, ``nearest`` before others."""
        files = [nearest, *reversed(self._files.get(group, []))]
        for file in files:
            room = self._room.get(file, -1)
            # A container has each name once: what takes a genome's place goes to another.
            if room >= source.size and (source.name, file) not in self._names:
                self._room[file] -= source.size
                self.taken.setdefault(file, []).append(number)
                return True
        return False

    def members(self, file: str, groups: set[int]) -> list[int]:
        """Return the genomes held (as places in ``Held``) in ``file`` that are of ``groups``."""
        return [i for i in self._places.get(file, []) if self._held.groups[i] in groups]


def most_similar(table: SketchTable, new: Sequence[int], known: Sequence[int]) -> list[int]:
    """Return which of ``known`` genomes are most similar to ``new`` ones, in order of place.

    Both are places in ``table``. In turn each new genome names its next most similar, up to
    `MOST_RELATIVES` in all.
    """
    from seqcoder.pangenome.sketches import jaccards

    scores = jaccards(table, np.array(new, np.int64), np.array(known, np.int64))
    ranked = np.argsort(-scores, axis=1, kind="stable")[:, :_PARENTS]
    chosen: dict[int, None] = {}
    for rank in range(ranked.shape[1]):
        for row in range(ranked.shape[0]):
            if scores[row, ranked[row, rank]] > 0 and len(chosen) < MOST_RELATIVES:
                chosen[known[ranked[row, rank]]] = None
    return sorted(chosen)


def evenly(members: Sequence[int], count: int = MOST_RELATIVES) -> list[int]:
    """Return the first of ``members`` and others at even distances, ``count`` in all."""
    if len(members) <= count:
        return list(members)
    return [members[len(members) * i // count] for i in range(count)]
