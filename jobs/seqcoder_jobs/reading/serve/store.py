"""Open containers and tracks already made, within bounds of memory. Safe for several threads."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import PurePosixPath

from seqcoder.errors import IntegrityError, MissingError, NotFoundError
from seqcoder.reading.genome import Genome
from seqcoder.reading.reader import Container
from seqcoder.reading.track import (
    ChunkCost,
    Track,
    Use,
    base_space_use,
    chunk_costs,
    chunks_of,
    genome_track,
)
from seqcoder.settings import thread_count
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import CONTAINERS, MADE_AGAIN
from seqcoder_jobs.reading.serve.catalogue import Row

Version = tuple[str, str]
"""A container as it is between two appends: its name, and what tells that state."""

_MOST_OPEN = 16
_COST_BYTES = 256 << 20
_TRACK_BYTES = 128 << 20
_DECODING_AT_ONCE = 2


class Store:
    """Genomes of an archive, opened and decoded as pages need them."""

    def __init__(self, archive: Archive, threads: int = 0) -> None:
        """``threads``: chunks decoded at a time, 0: all cores."""
        self._archive = archive
        self._threads = thread_count(threads)
        self._lock = threading.Lock()
        self._open: OrderedDict[Version, Container] = OrderedDict()
        self._users: Counter[Version] = Counter()
        self._making = threading.Lock()
        self._costs: OrderedDict[tuple[Version, int], ChunkCost] = OrderedDict()
        self._uses: OrderedDict[Version, Use] = OrderedDict()
        self._tracks: OrderedDict[tuple[Version, str], Track] = OrderedDict()
        self.decoding = threading.BoundedSemaphore(_DECODING_AT_ONCE)

    @contextmanager
    def genome(self, row: Row) -> Iterator[Genome]:
        """Give the genome of a manifest row, its container open meanwhile.

        Raises:
            NotFoundError: it failed or is not done yet. IntegrityError: the container is damaged.
        """
        with self._versioned(row) as (_, genome):
            yield genome

    @contextmanager
    def _versioned(self, row: Row) -> Iterator[tuple[Version, Genome]]:
        name = row["container"]
        if name is None:
            raise NotFoundError(f"{row['genome']}: {row['error'] or 'is not in the archive yet'}")
        if PurePosixPath(name).name != name:
            raise IntegrityError(f"{self._archive}: its manifest names a container {name!r}")
        version, container = self._take(name)
        try:
            yield version, container[row["genome"]]
        finally:
            self._give_back(version)

    def _take(self, name: str) -> tuple[Version, Container]:
        archive = self._archive
        with self._lock:
            there = f"{CONTAINERS}/{archive.container_name(name)}"
            # Should an append come between this and opening, what is kept as the old version has
            # the new genomes too; the next to ask sees the new one. Objects do not change.
            try:
                state = archive.store.find(there).identity if archive.folder else there
            except MissingError as error:
                raise IntegrityError(f"{error}; {MADE_AGAIN}") from None
            version = (name, state)
            if version not in self._open:
                where = archive.store.locate(there)
                self._open[version] = Container(where, threads=self._threads)
            self._open.move_to_end(version)
            self._users[version] += 1
            return version, self._open[version]

    def _give_back(self, version: Version) -> None:
        with self._lock:
            self._users[version] -= 1
            self._users += Counter()  # without those that are at 0
            for other in list(self._open):
                if len(self._open) > _MOST_OPEN and not self._users[other]:
                    self._open.pop(other).close()

    def close(self) -> None:
        """Close all containers."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()

    def track(self, row: Row) -> Track:
        """Return the track of a genome, made now or before; one is made at a time."""
        with self._versioned(row) as (version, genome), self._making:
            key = (version, genome.name)
            if key not in self._tracks:
                self._tracks[key] = self._make(version, genome)
                _shrink(self._tracks, _TRACK_BYTES, _track_bytes)
            self._tracks.move_to_end(key)
            return self._tracks[key]

    def _make(self, version: Version, genome: Genome) -> Track:
        if genome.stored or not genome.row.n_bases:
            raise NotFoundError(f"{genome.name}: has no bases to draw")
        entries = chunks_of(genome)
        missing = [e for e in entries if (version, e.first_base) not in self._costs]
        with self.decoding:
            made = chunk_costs(genome.container, missing, self._threads)
        self._costs |= {(version, first): cost for first, cost in made.items()}
        costs = {e.first_base: self._costs[version, e.first_base] for e in entries}
        for first in costs:
            self._costs.move_to_end((version, first))
        _shrink(self._costs, _COST_BYTES, lambda cost: cost.nbytes)
        if version not in self._uses:
            self._uses[version] = base_space_use(genome.container)
            _shrink(self._uses, _MOST_OPEN, lambda use: 1)
        return genome_track(genome, costs, self._uses[version])


def _track_bytes(track: Track) -> int:
    values = (getattr(track, field.name) for field in fields(track))
    return sum(getattr(value, "nbytes", 0) for value in values)


def _shrink(kept, most: int, size) -> None:  # type: ignore[no-untyped-def]
    total = sum(map(size, kept.values()))
    while total > most and len(kept) > 1:
        total -= size(kept.popitem(last=False)[1])
