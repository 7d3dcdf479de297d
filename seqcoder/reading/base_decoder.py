"""Bases out of base space: decodes the chunks a range needs, in parallel, and keeps a few."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcoder import coder
from seqcoder.container.frames import Bases
from seqcoder.container.index import ChunkEntry
from seqcoder.container.reader import ContainerReader
from seqcoder.errors import IntegrityError, ModelError
from seqcoder.reading.chunk import decode_chunk
from seqcoder.reading.leaders import Leaders
from seqcoder.settings import DEFAULT_CACHE_BYTES, DEFAULT_MODEL
from seqcoder.storage.memory import check_memory

if TYPE_CHECKING:
    from seqcoder.latent import LatentModel

_LARGE = 1 << 24
"""Chunks of more bases are decoded one at a time: the memory of each is that of all threads."""


class BaseDecoder:
    """Random access to the base space of one container. Safe for several threads.

    A chunk is decoded up to the last base asked for, or *expected* to be (see ``expect``), and to
    its end when it is asked for more than that: so never more than twice while it is kept.

    Memory: at most ``cache_bytes`` of decoded bases are kept (one byte a base), beside what is
    being decoded: a chunk and its coder's tables for each of ``threads``.
    """

    def __init__(
        self,
        reader: ContainerReader,
        threads: int = 1,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
        before: Callable[[], BaseDecoder] | None = None,
    ) -> None:
        """``threads`` is how many chunks are decoded at a time.

        ``before`` gives the decoder of the reference, for bases before the container's own.
        """
        self._before = before
        self._own = reader.index.first_base
        self._reader = reader
        self._threads = threads
        self._cache_bytes = cache_bytes
        self._cache: OrderedDict[int, Bases] = OrderedDict()
        self._models: dict[bytes, LatentModel] = {}
        self.bases_decoded = 0
        """Bases decoded so far, those decoded again counted again: what reading has cost."""
        self.leaders = Leaders(reader, self.model, self.chunk)
        self._leading: set[int] = set()
        self._expected: dict[int, int] = {}
        self._begun: set[int] = set()
        self._prepared = False
        self._gates: dict[int, threading.Lock] = {}
        self._lock = threading.Lock()
        self._large = threading.Lock()

    def model(self, digest: bytes) -> LatentModel | None:
        """Return the model whose SHA-256 begins with ``digest``, None for no bytes.

        Raises ModelError, naming container and model, if it is missing.
        """
        if not digest:
            return None
        with self._lock:
            if digest not in self._models:
                from seqcoder.latent import load_model

                try:
                    self._models[digest] = load_model(DEFAULT_MODEL, digest.hex())
                except ModelError as error:
                    raise ModelError(f"{self._reader.source.name}: {error}") from None
            return self._models[digest]

    def prepare(self) -> None:
        """Load the models that chunks need, each in a thread of its own; the first call does.

        For a caller that has yet to find out which bases it wants. What is wrong with a model is
        said when a chunk is decoded.
        """
        if self._threads == 1 or self._prepared:
            return
        self._prepared = True
        for digest in {entry.row.model for entry in self._reader.index.chunks} - {b""}:
            from seqcoder.latent.ahead import load_ahead

            load_ahead(digest.hex())

    def chunk(self, entry: ChunkEntry, stop: int | None = None) -> Bases:
        """Return the first ``stop`` (default all) bases of a chunk, or more if at hand.

        uint8, 0..3, not to be written to: what is kept is for other readers too. Raises
        IntegrityError naming container, chunk and offset.
        """
        wanted = entry.row.n_bases if stop is None else min(stop, entry.row.n_bases)
        with self._lock:
            gate = self._gates.setdefault(entry.offset, threading.Lock())
        with gate:  # one that waits finds the chunk decoded
            bases = self._kept(entry, wanted)
            if bases is None:
                bases = self._decode(entry, self._worthwhile(entry, wanted))
                self._keep(entry, bases)
        return bases

    def _kept(self, entry: ChunkEntry, wanted: int) -> Bases | None:
        with self._lock:
            bases = self._cache.get(entry.offset)
            if bases is None or len(bases) < wanted:
                return None
            self._cache.move_to_end(entry.offset)
            return bases

    def _worthwhile(self, entry: ChunkEntry, wanted: int) -> int:
        """Return up to where a chunk is decoded when its first ``wanted`` bases are asked for."""
        if entry.offset in self._begun:
            return entry.row.n_bases
        self._begun.add(entry.offset)
        return max(wanted, self._expected.get(entry.offset, 0))

    def _decode(self, entry: ChunkEntry, stop: int) -> Bases:
        what = f"{self._reader.source.name}: chunk {entry.ordinal} at byte {entry.offset}"
        try:
            need = stop + coder.memory_bytes(entry.row.coding, entry.row.n_bases)
            leader = self.leader(entry)
            need += 0 if leader is None else leader.memory_bytes(entry.row.coding)
            check_memory(need, self._reader.memory, what)
            with self._large if entry.row.n_bases > _LARGE else nullcontext():
                bases = self._decode_after(entry, stop, leader)
        except IntegrityError as error:
            named = str(error).startswith(self._reader.source.name)
            raise IntegrityError(str(error) if named else f"{what}: {error}") from None
        bases.setflags(write=False)
        return bases

    def _decode_after(self, entry: ChunkEntry, stop: int, leader: coder.Leader | None) -> Bases:
        if entry.first_base in self._leading and stop == entry.row.n_bases:
            return self.leaders.decode(entry)
        row, latents, residual = self._reader.chunk_frames(entry)
        return decode_chunk(row, latents, residual, self.model(row.model), stop, leader)

    def leader(self, entry: ChunkEntry) -> coder.Leader | None:
        """Return what a chunk is coded after, None if it names no leader.

        The leader is decoded for it, unless it has been for another one just before. Raises
        IntegrityError: there is no such leader, or it is damaged.
        """
        led = entry.row.leader
        if led is None:
            return None
        if led.first_base < self._own and self._before is not None:
            return self._before().leader(entry)
        lead = self.leaders.find(led.first_base, before=entry.first_base)
        if coder.mixes(lead.row.coding):
            self._leading.add(lead.first_base)
            self._expected[lead.offset] = lead.row.n_bases
        return self.leaders.of(entry.row, lead)

    def _keep(self, entry: ChunkEntry, bases: Bases) -> None:
        with self._lock:
            self.bases_decoded += len(bases)
            self._cache[entry.offset] = bases
            while (
                sum(len(kept) for kept in self._cache.values()) > self._cache_bytes
                and len(self._cache) > 1
            ):
                self._cache.popitem(last=False)

    def expect(self, spans: NDArray[np.int64] | None = None) -> None:
        """Say what will be asked for: ``spans`` (int64[k, 2], ranges of base space), None: all."""
        if spans is None:
            spans = np.array([[0, self._reader.index.n_bases]])
        theirs, spans = self._divided(spans)
        if len(theirs) and self._before is not None:
            self._before().expect(theirs)
        for entry, last in self._needed(spans).items():
            self._expected[entry.offset] = max(last, self._expected.get(entry.offset, 0))
            if entry.row.leader is not None and entry.row.leader.state:
                self._leading.add(entry.row.leader.first_base)

    def forget(self) -> None:
        """Let decoded bases go; what is asked for again is decoded again."""
        with self._lock:
            self._cache.clear()
            self._begun.clear()
        self.leaders.forget()

    def fetch(self, start: int, stop: int) -> Bases:
        """Return bases ``start`` to ``stop`` of base space (uint8, 0..3)."""
        return self.along(np.array([[start, stop]]))(start, stop)

    def along(self, spans: NDArray[np.int64]) -> Callable[[int, int], Bases]:
        """Decode what ``spans`` (int64[k, 2], ranges of base space) need, each chunk once.

        Returns ``fetch(start, stop)`` for ranges within them. The chunks are decoded up to the
        last base needed, ``threads`` at a time, and held as long as ``fetch`` is, so that memory
        is the chunks that the spans touch, one byte a base.
        """
        theirs, spans = self._divided(spans)
        if not len(theirs) or self._before is None:
            return self._along(spans)
        before, own = self._before().along(theirs), self._along(spans)

        def fetch(start: int, stop: int) -> Bases:
            if start >= self._own:
                return own(start, stop)
            if stop <= self._own:
                return before(start, stop)
            return np.concatenate([before(start, self._own), own(self._own, stop)])

        return fetch

    def _divided(self, spans: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the parts of ``spans`` before the container's own base space, and those in it."""
        theirs, own = np.minimum(spans, self._own), np.maximum(spans, self._own)
        return theirs[theirs[:, 0] < theirs[:, 1]], own[own[:, 0] < own[:, 1]]

    def _along(self, spans: NDArray[np.int64]) -> Callable[[int, int], Bases]:
        needed = self._needed(spans)
        check_memory(sum(needed.values()), self._reader.memory, self._reader.source.name)
        self._reader.fetch(entry for entry in needed if entry.offset not in self._cache)
        if self._threads == 1 or len(needed) == 1:
            decoded = {entry: self.chunk(entry, last) for entry, last in needed.items()}
        else:
            from concurrent.futures import ThreadPoolExecutor  # 5 ms that one chunk does not need

            with ThreadPoolExecutor(self._threads) as pool:
                parts = pool.map(self.chunk, needed.keys(), needed.values())
                decoded = dict(zip(needed.keys(), parts, strict=True))

        def fetch(start: int, stop: int) -> Bases:
            pieces = [
                decoded[entry][max(0, start - entry.first_base) : stop - entry.first_base]
                for entry in self._reader.index.chunks_over(start, stop)
            ]
            if len(pieces) == 1:
                return pieces[0]
            return np.concatenate([np.empty(0, np.uint8), *pieces])

        return fetch

    def needed(self, spans: NDArray[np.int64]) -> dict[ChunkEntry, int]:
        """Return the chunks that are decoded for ``spans``, and up to which of its bases each is.

        The reference's and leaders are among them. Raises as ``fetch`` does.
        """
        theirs, own = self._divided(spans)
        needed = self._needed(own)
        if len(theirs) and self._before is not None:
            needed |= self._before().needed(theirs)
        for entry in list(needed):
            led = entry.row.leader
            if led is not None:
                home = self if led.first_base >= self._own else self._before and self._before()
                assert home
                lead = home.leaders.find(led.first_base, before=entry.first_base)
                needed[lead] = lead.row.n_bases
        return needed

    def _needed(self, spans: NDArray[np.int64]) -> dict[ChunkEntry, int]:
        """Return the chunks that ``spans`` touch, and up to which of its bases each is needed."""
        needed: dict[ChunkEntry, int] = {}
        for start, stop in spans.tolist():
            entries = self._reader.index.chunks_over(start, stop)
            if start < stop and (not entries or entries[-1].stop_base < stop):
                raise IntegrityError(
                    f"{self._reader.source.name}: bases {start} to {stop} are in no chunk"
                )
            for entry in entries:
                last = min(stop, entry.stop_base) - entry.first_base
                needed[entry] = max(last, needed.get(entry, 0))
        return needed
