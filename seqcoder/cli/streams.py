"""Standard output that is written whole or fails by name, standard error that never fails.

A raw descriptor takes fewer bytes than it is given: near a file size limit, on a full disk, into a
non-blocking pipe. With ``PYTHONUNBUFFERED`` Python's own standard output is such a raw one, and
drops what was not taken without a word. And what is still buffered when a program ends is written
by the interpreter, too late for an exit code.

A program may be started with its standard descriptors closed. Then the next file that it opens is
0, 1 or 2, and gets what is meant for those; and Python prints on standard output what it should
on standard error. Names of records and files are bytes, which come out as they went in, whatever
PYTHONIOENCODING and the locale say.
"""

from __future__ import annotations

import errno
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


_CLOSED = -1


def hold_descriptors() -> None:
    """Put something that can neither be read nor written where 0, 1 or 2 is closed."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is taken, which is this one.
            held = os.open("/", getattr(os, "O_PATH", os.O_RDONLY))
            os.set_inheritable(held, True)  # other programs are no better with a hole


class WholeWriter(io.RawIOBase):
    """Writes all it is given to a descriptor, waiting where that would block, or raises OSError.

    After an error it drops what it is given: the error has been told. The descriptor stays open
    when the writer is closed.
    """

    def __init__(self, descriptor: int, must: bool = True) -> None:
        """``descriptor`` is open for writing, or -1: closed. Without ``must`` nothing is raised."""
        self._descriptor = descriptor
        self._must = must
        self._failed = False

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor; OSError if it is closed."""
        if self._descriptor == _CLOSED:
            raise OSError(errno.EBADF, "is closed", NAME)
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._descriptor != _CLOSED and os.isatty(self._descriptor)

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
                if self._descriptor == _CLOSED:
                    raise OSError(errno.EBADF, "is closed; redirect it, for example to /dev/null")
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            except OSError as error:
                self._failed = True
                if not self._must:
                    continue
                if isinstance(error, BrokenPipeError):
                    raise ReaderGoneError from None
                error.filename = NAME
                raise
        return size


def check_stdout() -> None:
    """Raise OSError if standard output is closed: before work whose result could not be told."""
    sys.stdout.fileno()


def _wrapped(old: object, descriptor: int, must: bool) -> io.TextIOWrapper | None:
    """Return a text file in the place of ``old``, the descriptor's; None where it stays."""
    lines = not must
    if isinstance(old, io.TextIOWrapper):
        descriptor = old.fileno()
        lines = lines or old.line_buffering or old.write_through
    elif old is None:
        descriptor = _CLOSED
    else:
        return None  # of one's own, such as a notebook's
    return io.TextIOWrapper(
        io.BufferedWriter(WholeWriter(descriptor, must), _BUFFER),
        encoding="utf-8",
        errors="surrogateescape",
        line_buffering=lines,
    )


@contextmanager
def patient_stderr() -> Iterator[None]:
    """Have ``sys.stderr`` drop what it cannot write, a closed one all: the exit code tells."""
    old = sys.stderr
    sys.stderr = _wrapped(old, 2, False) or old
    try:
        yield
    finally:
        sys.stderr = old


@contextmanager
def whole_stdout() -> Iterator[None]:
    """Have ``sys.stdout`` write whole, and flush it at the end, while errors still count.

    Raises:
        OSError, ReaderGoneError: what is left could not be written.
    """
    old = sys.stdout
    sys.stdout = _wrapped(old, 1, True) or old
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
