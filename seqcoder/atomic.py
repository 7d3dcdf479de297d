"""Files that appear whole or not at all: temporary name, fsync, rename, fsync of the folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` durable, where the system allows it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def commit(temporary: Path, final: Path) -> None:
    """Give a finished, synced temporary file its final name, durably."""
    temporary.replace(final)
    sync_folder(final.parent)


@contextlib.contextmanager
def atomic_file(final: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside ``final``; it gets the name only if the block ends well.

    The temporary name is hidden, ends in ``.partial`` and holds the process number, so that
    two writers do not share one.
    """
    temporary = final.with_name(f".{final.name}.{os.getpid()}.partial")
    try:
        with temporary.open("wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        commit(temporary, final)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomically(final: Path, data: bytes) -> None:
    """Write ``data`` to ``final``, whole or not at all."""
    with atomic_file(final) as out:
        out.write(data)
