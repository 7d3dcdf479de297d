"""Bases out of base space: decodes the chunks a range needs, in parallel, and keeps a few."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from seqcoder.chunk import Bases, decode_chunk
from seqcoder.container.index import ChunkEntry
from seqcoder.container.reader import ContainerReader
from seqcoder.errors import IntegrityError, ModelError
from seqcoder.settings import DEFAULT_MODEL

if TYPE_CHECKING:
    from seqcoder.latent import LatentModel

DEFAULT_CACHE_BYTES = 128 << 20


class BaseDecoder:
    """Random access to the base space of one container. Safe for several threads.

    Memory: at most ``cache_bytes`` of decoded bases are kept (one byte a base), beside what is
    being decoded: a chunk and its coder's tables for each of ``threads``.
    """

    def __init__(
        self, reader: ContainerReader, threads: int = 1, cache_bytes: int = DEFAULT_CACHE_BYTES
    ) -> None:
        """``threads`` is how many chunks are decoded at a time."""
        self._reader = reader
        self._threads = threads
        self._cache_bytes = cache_bytes
        self._cache: OrderedDict[int, Bases] = OrderedDict()
        self._models: dict[int, LatentModel] = {}
        self._lock = threading.Lock()

    def model(self, number: int) -> LatentModel | None:
        """Return model ``number`` (from 1) of the container, None for 0.

        Raises ModelError, naming container and model, if it is missing or another.
        """
        if number == 0:
            return None
        if number > len(self._reader.index.models):
            raise IntegrityError(f"{self._reader.source.name}: no model {number} is named")
        with self._lock:
            if number not in self._models:
                from seqcoder.latent import load_model

                # The index has the first bytes of the digest only, which is enough to find it.
                digest = self._reader.index.models[number - 1].hex()
                try:
                    self._models[number] = load_model(DEFAULT_MODEL, digest)
                except ModelError as error:
                    raise ModelError(f"{self._reader.source.name}: {error}") from None
            return self._models[number]

    def chunk(self, entry: ChunkEntry, stop: int | None = None) -> Bases:
        """Return the first ``stop`` (default all) bases of a chunk, or more if at hand.

        Raises IntegrityError naming container, chunk and offset.
        """
        wanted = entry.row.n_bases if stop is None else min(stop, entry.row.n_bases)
        with self._lock:
            bases = self._cache.get(entry.ordinal)
            if bases is not None and len(bases) >= wanted:
                self._cache.move_to_end(entry.ordinal)
                return bases
        row, latents, residual = self._reader.chunk_frames(entry)
        try:
            bases = decode_chunk(row, latents, residual, self.model(row.model), stop=wanted)
        except IntegrityError as error:
            raise IntegrityError(
                f"{self._reader.source.name}: chunk {entry.ordinal} at byte {entry.offset}: {error}"
            ) from None
        with self._lock:
            self._cache[entry.ordinal] = bases
            while (
                sum(len(kept) for kept in self._cache.values()) > self._cache_bytes
                and len(self._cache) > 1
            ):
                self._cache.popitem(last=False)
        return bases

    def pieces(self, start: int, stop: int) -> Iterator[Bases]:
        """Yield bases ``start`` to ``stop`` of base space, chunk by chunk, decoding ahead."""
        entries = self._reader.index.chunks_over(start, stop)
        if not entries and start < stop:
            raise IntegrityError(
                f"{self._reader.source.name}: bases {start} to {stop} are in no chunk"
            )

        def cut(entry: ChunkEntry) -> Bases:
            last = min(stop, entry.stop_base) - entry.first_base
            return self.chunk(entry, last)[max(0, start - entry.first_base) : last]

        if self._threads == 1 or len(entries) == 1:
            yield from map(cut, entries)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            for at in range(0, len(entries), self._threads):
                yield from pool.map(cut, entries[at : at + self._threads])

    def fetch(self, start: int, stop: int) -> Bases:
        """Return bases ``start`` to ``stop`` of base space (uint8, 0..3)."""
        pieces = list(self.pieces(start, stop))
        return pieces[0] if len(pieces) == 1 else np.concatenate([np.empty(0, np.uint8), *pieces])
