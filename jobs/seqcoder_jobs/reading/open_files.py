"""Files that stay readable, few of them open at a time."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from seqcoder.circumstances import system_reason
from seqcoder.errors import IntegrityError, UsageError
from seqcoder_jobs.archive.layout import MADE_AGAIN


class OpenFiles:
    """At most so many files open: those read last. Safe for several threads, which take turns."""

    def __init__(self, most: int, what: str) -> None:
        """``what`` they are of is named in errors."""
        self._most = most
        self._what = what
        self._lock = threading.Lock()
        self._open: OrderedDict[SharedFile, BinaryIO] = OrderedDict()
        self._closed = False

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def read(self, file: SharedFile, offset: int, length: int) -> bytes:
        """Return bytes of a file, opened if it is not; raises as ``SharedFile.read``."""
        with self._lock:
            if self._closed:
                raise UsageError(f"{self._what}: is closed; open it again to read more")
            if file not in self._open:
                self._open[file] = file.opened()
            self._open.move_to_end(file)
            handle = self._open[file]
            while len(self._open) > self._most:
                other, its = self._open.popitem(last=False)
                its.close()
                other.let_go()
            handle.seek(offset)
            return handle.read(length)

    def close(self) -> None:
        """Close all, for good."""
        with self._lock:
            self._closed = True
            while self._open:
                file, handle = self._open.popitem()
                handle.close()
                file.let_go()


class SharedFile:
    """A file opened when it is read, and closed when others are: what ``RangeSource`` reads."""

    def __init__(self, path: Path, files: OpenFiles) -> None:
        """Note what file it is; raises IntegrityError if it is not there."""
        self.name = str(path)
        self.let_go: Callable[[], None] = lambda: None
        """Called when it is closed: what is kept of it can go too."""
        self._files = files
        self._at = 0
        try:
            self._facts = _facts(os.stat(path))  # noqa: PTH116 - as os.fstat below
        except OSError as error:
            raise IntegrityError(f"{path}: {system_reason(error)}; {MADE_AGAIN}") from None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; returns the place. Nothing is opened."""
        self._at = (
            offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._facts[1]}[whence]
        )
        return self._at

    def read(self, length: int) -> bytes:
        """Return bytes from the present place.

        Raises:
            UsageError: all files have been closed. IntegrityError: it is another file by now.
        """
        data = self._files.read(self, self._at, length)
        self._at += len(data)
        return data

    def opened(self) -> BinaryIO:
        """Open it; raises IntegrityError if it is not the file it was."""
        try:
            handle = Path(self.name).open("rb")  # noqa: SIM115 - closed by OpenFiles
        except OSError as error:
            raise IntegrityError(
                f"{self.name}: {system_reason(error)}; open the archive again"
            ) from None
        if _facts(os.fstat(handle.fileno())) != self._facts:
            handle.close()
            raise IntegrityError(
                f"{self.name}: changed since it was opened; take the genome from the archive again"
            )
        return handle

    def close(self) -> None:
        """Do nothing: OpenFiles closes it."""


def _facts(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns
