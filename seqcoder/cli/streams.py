"""Standard output that is written whole or fails by name.

A raw descriptor takes fewer bytes than it is given: near a file size limit, on a full disk, into a
non-blocking pipe. With ``PYTHONUNBUFFERED`` Python's own standard output is such a raw one, and
drops what was not taken without a word. And what is still buffered when a program ends is written
by the interpreter, too late for an exit code.
"""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

NAME = "standard output"
_BUFFER = 1 << 16


class ReaderGoneError(Exception):
    """Whoever read standard output has gone. No OSError: click would make exit code 1 of that."""


class WholeWriter(io.RawIOBase):
    """Writes all it is given to a descriptor, waiting where that would block, or raises OSError.

    After an error it drops what it is given: the error has been told. The descriptor stays open
    when the writer is closed.
    """

    def __init__(self, descriptor: int) -> None:
        """``descriptor`` is open for writing."""
        self._descriptor = descriptor
        self._failed = False

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._descriptor)

    def write(self, data: Any) -> int:
        """Write all of ``data``; returns its length in bytes.

        Raises:
            OSError: it cannot be written whole; the error names standard output.
            ReaderGoneError: nobody reads it any more.
        """
        left = memoryview(data).cast("B")
        size = len(left)
        while left and not self._failed:
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            except BrokenPipeError:
                self._failed = True
                raise ReaderGoneError from None
            except OSError as error:
                self._failed = True
                error.filename = NAME
                raise
        return size


@contextmanager
def whole_stdout() -> Iterator[None]:
    """Have ``sys.stdout`` write whole, and flush it at the end, while errors still count.

    Raises:
        OSError, ReaderGoneError: what is left could not be written.
    """
    old = sys.stdout
    if not isinstance(old, io.TextIOWrapper):  # closed
        yield
        return
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(WholeWriter(old.fileno()), _BUFFER),
        encoding=old.encoding,
        # Names of records are bytes, which come out as they went in, whatever the locale.
        errors="surrogateescape",
        line_buffering=old.line_buffering or old.write_through,
    )
    try:
        yield
    except BaseException:
        with suppress(OSError, ReaderGoneError):  # what is told is why it ends
            sys.stdout.flush()
        raise
    else:
        sys.stdout.flush()
    finally:
        sys.stdout = old
