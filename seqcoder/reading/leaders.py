"""What chunks are coded after: the state a leader's coder was left in, and the leader's genes.

Made once for all chunks that follow a leader, and kept as long as memory allows: each of these
goes on with a copy.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from seqcoder import coder, core
from seqcoder.container.frames import Bases
from seqcoder.container.index import ChunkEntry
from seqcoder.container.reader import ContainerReader
from seqcoder.container.rows import ChunkRow
from seqcoder.errors import IntegrityError
from seqcoder.reading.chunk import classes_of, decode_leader
from seqcoder.storage.memory import check_memory

if TYPE_CHECKING:
    from seqcoder.latent import LatentModel

MOST_KEPT = 2
"""Leaders kept: of each a state (55 MB at level 2 for a genome of 5 Mb) and an index (15 MB)."""


@dataclass
class _Kept:
    """What has been made of a leader so far."""

    states: dict[tuple[int, bytes], core.MixingState] = field(default_factory=dict)
    """By coding and model of what goes on from it."""
    genes: core.Library | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Leaders:
    """The leaders of a container's chunks. Safe for several threads: a leader is made by one."""

    def __init__(
        self,
        reader: ContainerReader,
        model: Callable[[bytes], LatentModel | None],
        chunk: Callable[[ChunkEntry], Bases],
    ) -> None:
        """``model`` finds a model by its digest, ``chunk`` gives the bases of a chunk."""
        self._reader = reader
        self._model = model
        self._chunk = chunk
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, first_base: int, before: int) -> ChunkEntry:
        """Return the chunk at ``first_base`` that leads one at ``before``; IntegrityError."""
        entries = self._reader.index.chunks_over(first_base, first_base + 1)
        wrong = not entries or entries[0].first_base != first_base or first_base >= before
        if wrong or entries[0].row.leader:
            raise IntegrityError(
                f"coded after the chunk at base {first_base}: there is no such one"
            )
        return entries[0]

    def of(self, row: ChunkRow, entry: ChunkEntry) -> coder.Leader:
        """Return what a chunk is coded after, ``entry`` being its leader.

        Raises IntegrityError: the leader is damaged, or what is asked of it cannot be.
        """
        led = row.leader
        assert led is not None
        if not coder.mixes(row.coding):
            raise IntegrityError("it has a leader, under a coding that takes none")
        kept = self._at(entry)
        with kept.lock:
            if led.state and (row.coding, row.model) not in kept.states:
                kept.states[row.coding, row.model] = self._learn(entry, row)
            if led.genes and kept.genes is None:
                kept.genes = self._genes(entry)
            state = kept.states[row.coding, row.model] if led.state else None
            return coder.Leader(state, kept.genes if led.genes else None)

    def _at(self, entry: ChunkEntry) -> _Kept:
        with self._lock:
            kept = self._kept.setdefault(entry.first_base, _Kept())
            self._kept.move_to_end(entry.first_base)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return kept

    def decode(self, entry: ChunkEntry) -> Bases:
        """Decode a whole chunk that leads others, and keep the state it leaves for them."""
        row, latents, residual = self._reader.chunk_frames(entry)
        model = self._model(row.model)
        bases, state = decode_leader(row, latents, residual, model)
        self._at(entry).states[row.coding, row.model] = state
        return bases

    def _learn(self, entry: ChunkEntry, row: ChunkRow) -> core.MixingState:
        """Return the state of a coder like that of ``row`` behind the bases of ``entry``."""
        check_memory(
            coder.memory_bytes(row.coding, entry.row.n_bases),
            self._reader.memory,
            f"{self._reader.source.name}: {entry.label}",
        )
        bases = self._chunk(entry)
        kept = self._at(entry).states.get((row.coding, row.model))
        if kept is not None:  # decoding has left it
            return kept
        model = self._model(row.model)
        if model is None:
            return coder.learn(bases, row.coding)
        own, latents, _ = self._reader.chunk_frames(entry)
        classes, _ = classes_of(own, latents, self._model(own.model))
        if classes is None:
            classes = np.zeros(len(bases), np.uint8)
        return coder.learn(bases, row.coding, classes, model.library)

    def _genes(self, entry: ChunkEntry) -> core.Library:
        own, latents, _ = self._reader.chunk_frames(entry)
        classes, _ = classes_of(own, latents, self._model(own.model))
        if classes is None:
            raise IntegrityError(f"coded after the genes of {entry.label}, which has no latents")
        return coder.index_genes(self._chunk(entry), classes)

    def forget(self) -> None:
        """Let all go."""
        with self._lock:
            self._kept.clear()
