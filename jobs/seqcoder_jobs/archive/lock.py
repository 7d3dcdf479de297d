"""The lock of an archive, against two writers: a file lock, and a sign of life beside it.

A file lock (``flock``) goes with its process, however that ends. But on some network file systems
it holds on one node only, or not at all. So the holder also writes its name into the file and
touches it every few seconds, and one who finds the name of a process on another node there
watches whether it still does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from seqcoder.circumstances import system_reason
from seqcoder.errors import InputError, UsageError

# A reader that asks whether the archive is locked holds the lock itself for a moment.
_ASKING_SECONDS = 0.5
_TOUCH_SECONDS = 5.0
_WATCH_SECONDS = 20.0
# What was not touched for so long is not worth watching, however wrong the clocks are.
_LONG_AGO_SECONDS = 3600.0


@contextlib.contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock file ``path`` within the block.

    Raises:
        UsageError: another process holds it; says which. InputError: it cannot be written.
    """
    try:
        file = path.open("a+")
    except OSError as error:
        raise InputError(f"{path}: {system_reason(error, 'may you write this archive?')}") from None
    with file:
        locks = _lock(file, path)
        _check_holder(path, locks)
        try:
            file.truncate(0)
            file.write(_name() + "\n")
            file.flush()
        except OSError as error:
            raise InputError(f"{path}: {system_reason(error)}") from None
        over = threading.Event()
        alive = threading.Thread(target=_touch, args=(path, over), daemon=True)
        alive.start()
        try:
            yield
        finally:
            over.set()
            alive.join()
            with contextlib.suppress(OSError):
                file.truncate(0)


def is_held(path: Path) -> bool:
    """Tell whether a process holds the lock, so far as this node can see."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _name() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"


def _lock(file: TextIO, path: Path) -> bool:
    """Lock the file; returns whether the file system has locks."""
    until = time.monotonic() + _ASKING_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > until:
                raise _held(path, _holder(path)) from None
            time.sleep(0.05)
        except OSError:
            return False


def _holder(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _held(path: Path, holder: str) -> UsageError:
    return UsageError(
        f"{path.parent}: another run is writing this archive ({holder or 'unknown process'}); "
        "wait for it or stop it"
    )


def _check_holder(path: Path, locks: bool) -> None:
    """Look whether the process named in the file lives, where its lock would not tell."""
    holder = _holder(path)
    process, _, host = holder.removeprefix("process ").partition(" on ")
    if not host:
        return
    if host == socket.gethostname():
        if not locks and process.isdigit() and Path(f"/proc/{process}").exists():
            raise _held(path, holder)
        return
    seen = _touched(path)
    if time.time() - seen > _LONG_AGO_SECONDS:
        return
    until = time.monotonic() + _WATCH_SECONDS
    while time.monotonic() < until:
        if _touched(path) != seen or _holder(path) != holder:
            raise _held(path, _holder(path))
        time.sleep(_WATCH_SECONDS / 40)


def _touched(path: Path) -> float:
    try:
        with path.open("rb") as file:  # opened, as network file systems keep old times otherwise
            return os.fstat(file.fileno()).st_mtime
    except OSError:
        return 0.0


def _touch(path: Path, over: threading.Event) -> None:
    while not over.wait(_TOUCH_SECONDS):
        with contextlib.suppress(OSError):
            os.utime(path)
