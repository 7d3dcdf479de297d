"""The lock of an output: at most one writer of a container at a time, whatever its settings.

The lock is the kernel's (``flock``) on a hidden file beside the container, whose name depends on
the container's alone. It goes with its process, however that ends; the file goes when the lock is
given back, and after a crash when the next writer gives it back.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from seqcoder.errors import UsageError
from seqcoder.storage.atomic import open_no_link, short_name

_SUFFIX = ".lock.partial"


def lock_path(out: Path) -> Path:
    """Return the lock file of the container ``out``."""
    return out.with_name(f".{short_name(out.name)}{_SUFFIX}")


@contextlib.contextmanager
def hold_output(out: Path) -> Iterator[None]:
    """Be the only writer of ``out`` within the block. Its folder is made if it is not there.

    On a file system without locks it does nothing: there the archive's own lock has to do.

    Raises:
        UsageError: another process is writing ``out``.
        OSError: the lock file cannot be made.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    path = lock_path(out)
    try:
        descriptor = _lock(path)
    except BlockingIOError:
        raise UsageError(f"{out}: another process is writing it; wait for that one") from None
    try:
        yield
    finally:
        _give_back(path, descriptor)


def is_held(out: Path) -> bool:
    """Tell whether some process is writing ``out``, so far as this node can see."""
    try:
        with lock_path(out).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # no such file, or no locks here
    return False


def remove_stale_locks(folder: Path) -> None:
    """Remove the lock files that killed processes left in ``folder``; those in use stay."""
    for path in folder.glob(f".*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            _give_back(path, _lock(path))


def _give_back(path: Path, descriptor: int) -> None:
    """Remove the lock file while it is locked, so that it is ours and not the next writer's."""
    try:
        path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _lock(path: Path) -> int:
    """Return a descriptor that holds the lock file ``path``; BlockingIOError if another does."""
    while True:
        descriptor = open_no_link(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise
        except OSError:
            return descriptor
        if _is_at(path, descriptor):
            return descriptor
        # Its holder removed it between our opening and locking it: the next one locks another.
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        there = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(descriptor))
