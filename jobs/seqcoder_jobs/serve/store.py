"""Open containers and tracks already made, within bounds of memory. Safe for several threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import PurePosixPath

from seqcoder.errors import IntegrityError, NotFoundError
from seqcoder.executor import thread_count
from seqcoder.reader import Container, Genome
from seqcoder.track import (
    ChunkCost,
    Track,
    Use,
    base_space_use,
    chunk_costs,
    chunks_of,
    genome_track,
)
from seqcoder_jobs.archive import Archive
from seqcoder_jobs.serve.catalogue import Row

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
        self._open: OrderedDict[str, Container] = OrderedDict()
        self._users: dict[str, int] = {}
        self._making = threading.Lock()
        self._costs: OrderedDict[tuple[str, int], ChunkCost] = OrderedDict()
        self._uses: OrderedDict[str, Use] = OrderedDict()
        self._tracks: OrderedDict[str, Track] = OrderedDict()
        self.decoding = threading.BoundedSemaphore(_DECODING_AT_ONCE)

    @contextmanager
    def genome(self, row: Row) -> Iterator[Genome]:
        """Give the genome of a manifest row, its container open meanwhile.

        Raises:
            NotFoundError: it failed or is not done yet. IntegrityError: the container is damaged.
        """
        name = row["container"]
        if name is None:
            raise NotFoundError(f"{row['genome']}: {row['error'] or 'is not in the archive yet'}")
        if PurePosixPath(name).name != name:
            raise IntegrityError(f"{self._archive}: its manifest names a container {name!r}")
        container = self._take(name)
        try:
            yield container[row["genome"]]
        finally:
            self._give_back(name)

    def _take(self, name: str) -> Container:
        with self._lock:
            if name not in self._open:
                path = self._archive.containers / name
                if not path.is_file():
                    raise IntegrityError(f"{path}: is missing; submit again writes it anew")
                self._open[name] = Container(path, threads=self._threads)
            self._open.move_to_end(name)
            self._users[name] = self._users.get(name, 0) + 1
            return self._open[name]

    def _give_back(self, name: str) -> None:
        with self._lock:
            self._users[name] -= 1
            for other in list(self._open):
                if len(self._open) > _MOST_OPEN and not self._users.get(other):
                    self._open.pop(other).close()

    def close(self) -> None:
        """Close all containers."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()

    def track(self, row: Row) -> Track:
        """Return the track of a genome, made now or before; one is made at a time."""
        name = row["genome"]
        with self.genome(row) as genome, self._making:
            if name not in self._tracks:
                self._tracks[name] = self._make(row["container"], genome)
                _shrink(self._tracks, _TRACK_BYTES, _track_bytes)
            self._tracks.move_to_end(name)
            return self._tracks[name]

    def _make(self, container: str, genome: Genome) -> Track:
        if genome.stored or not genome.row.n_bases:
            raise NotFoundError(f"{genome.name}: has no bases to draw")
        entries = chunks_of(genome)
        missing = [e for e in entries if (container, e.ordinal) not in self._costs]
        with self.decoding:
            made = chunk_costs(genome.container, missing, self._threads)
        self._costs |= {(container, ordinal): cost for ordinal, cost in made.items()}
        costs = {e.ordinal: self._costs[container, e.ordinal] for e in entries}
        for ordinal in costs:
            self._costs.move_to_end((container, ordinal))
        _shrink(self._costs, _COST_BYTES, lambda cost: cost.nbytes)
        if container not in self._uses:
            self._uses[container] = base_space_use(genome.container)
            _shrink(self._uses, _MOST_OPEN, lambda use: 1)
        return genome_track(genome, costs, self._uses[container])


def _track_bytes(track: Track) -> int:
    values = (getattr(track, field.name) for field in fields(track))
    return sum(getattr(value, "nbytes", 0) for value in values)


def _shrink(kept, most: int, size) -> None:  # type: ignore[no-untyped-def]
    total = sum(map(size, kept.values()))
    while total > most and len(kept) > 1:
        total -= size(kept.popitem(last=False)[1])
