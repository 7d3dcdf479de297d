"""An object as a file that Python's own readers of tar and zip files take."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO, cast

from seqcoder.storage.opening import open_parent

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_LEAST_BYTES = 64 << 10
_MOST_BYTES = 8 << 20


class _RemoteStream(io.RawIOBase):
    """What is read in a row comes in ever larger pieces, what is read here and there in small."""

    def __init__(self, url: str) -> None:
        self.name = url
        self._store, self._key = open_parent(url)
        self._size = self._store.find(self._key).size
        self._at = self._start = 0
        self._piece = b""
        self._ahead = _LEAST_BYTES

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        behind = self._start + len(self._piece)
        if not self._start <= self._at < behind:
            self._ahead = min(2 * self._ahead, _MOST_BYTES) if self._at == behind else _LEAST_BYTES
            stop = min(self._size, self._at + max(self._ahead, len(view)))
            self._start = self._at
            self._piece = self._store.get_range(self._key, self._at, stop)
        first = self._at - self._start
        data = self._piece[first : first + len(view)]
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


def open_stream(url: str) -> BinaryIO:
    """Open an object for reading, here and there or in a row; raises StorageError."""
    return cast(BinaryIO, io.BufferedReader(_RemoteStream(url), _LEAST_BYTES))
