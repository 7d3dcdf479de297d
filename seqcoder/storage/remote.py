"""An object read in ranges: its end with the first request, then few, large ones side by side."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from seqcoder.errors import MissingError
from seqcoder.storage.opening import open_parent

if TYPE_CHECKING:
    from seqcoder.storage.store import Stored

_END_BYTES = 128 << 10
"""Read when a container is opened: most often its whole index, and the genomes' sections."""
_GAP_BYTES = 256 << 10
"""Ranges with less between them are one request."""
_REQUEST_BYTES = 8 << 20
_SIDE_BY_SIDE = 8
_KEPT_BYTES = 256 << 20


class RemoteFile:
    """An object of a store. What was read is kept, up to 256 MiB of it. Safe for threads."""

    def __init__(self, url: str, **options: str) -> None:
        """Ask for its end, which tells its size; ``options`` as ``open_store``.

        Raises StorageError, MissingError.
        """
        self._store, self._name = open_parent(url, **options)
        self._lock = threading.Lock()
        self._kept: list[tuple[int, bytes]] = []
        try:
            end, stored = self._store.get_end(self._name, _END_BYTES)
        except MissingError as error:
            raise MissingError(
                f"{error}; is the URL right? ('seqcoder-ray' reads archives)"
            ) from None
        self.stored: Stored = stored
        self.size = stored.size
        self._keep(self.size - len(end), end)

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes that are in the object, fewer if it has shrunk."""
        kept = self._find(offset, offset + length)
        if kept is None:
            self.fetch([(offset, offset + length)])
            kept = self._find(offset, offset + length)
        return b"" if kept is None else kept

    def fetch(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Have these ranges at hand, with as few requests as make sense, side by side."""
        wanted = sorted((a, b) for a, b in ranges if a < b and self._find(a, b) is None)
        spans: list[list[int]] = []
        for start, stop in wanted:
            if spans and start - spans[-1][1] <= _GAP_BYTES:
                spans[-1][1] = max(spans[-1][1], stop)
            else:
                spans.append([start, stop])
        pieces = [
            (start, min(start + _REQUEST_BYTES, stop))
            for first, stop in spans
            for start in range(first, stop, _REQUEST_BYTES)
        ]
        if len(pieces) > 1:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(min(_SIDE_BY_SIDE, len(pieces))) as pool:
                data = dict(zip(pieces, pool.map(self._ask, pieces), strict=True))
        else:
            data = {piece: self._ask(piece) for piece in pieces}
        for start, stop in spans:
            parts = [got for (first, _), got in data.items() if start <= first < stop]
            self._keep(start, parts[0] if len(parts) == 1 else b"".join(parts))

    def _ask(self, piece: tuple[int, int]) -> bytes:
        return self._store.get_range(self._name, *piece, self.stored.identity)

    def _find(self, start: int, stop: int) -> bytes | None:
        with self._lock:
            for place, (first, data) in enumerate(self._kept):
                if first <= start and stop <= first + len(data):
                    self._kept.append(self._kept.pop(place))
                    return data[start - first : stop - first]
        return None

    def _keep(self, start: int, data: bytes) -> None:
        with self._lock:
            self._kept.append((start, data))
            while len(self._kept) > 1 and sum(len(d) for _, d in self._kept) > _KEPT_BYTES:
                self._kept.pop(0)

    def forget(self) -> None:
        """Let go what was read."""
        with self._lock:
            self._kept.clear()
