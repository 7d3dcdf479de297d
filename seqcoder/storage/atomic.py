"""Files that appear whole or not at all: temporary name, fsync, rename, fsync of the folder."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_LONGEST = 200


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` durable, where the system knows that of folders.

    Raises:
        OSError: it knows and could not; what was renamed may not outlive a power cut.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return  # one may write a folder and not read it
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise OSError(error.errno, os.strerror(error.errno or 0), str(folder)) from None
    finally:
        os.close(descriptor)


def is_special(path: Path) -> bool:
    """Whether ``path`` is there and no file: a device, a pipe, what /dev/stdout stands for.

    Such are written to and never replaced: root may replace /dev/null, and breaks the system.
    """
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):  # /dev/stdout, and /dev/fd/63 as a shell's >(command) has it
            return path.parent.resolve().parts[1:2] in (("dev",), ("proc",))
    except (OSError, RuntimeError):  # not there; a loop of links
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def is_same_file(path: Path, other: Path) -> bool:
    """Whether two names lead to one file."""
    try:
        return path.samefile(other)
    except OSError:
        return False


def commit(temporary: Path, final: Path) -> None:
    """Give a finished, synced temporary file its final name, durably.

    Raises:
        OSError: it could not be; among others, ``final`` is no file (``is_special``).
    """
    if is_special(final):
        raise OSError(errno.EEXIST, "a device or pipe, which no file may replace", str(final))
    temporary.replace(final)
    sync_folder(final.parent)


def short_name(name: str) -> str:
    """Return ``name``, or where it is long a shorter one that stands for it and no other.

    A name may have 255 bytes, and so may the temporary one made of it.
    """
    data = os.fsencode(name)
    if len(data) <= _LONGEST:
        return name
    return f"{os.fsdecode(data[:_LONGEST])}~{hashlib.sha256(data).hexdigest()[:8]}"


def open_no_link(path: str | Path, flags: int) -> int:
    """Open a temporary file, and nothing that a planted symbolic link of its name leads to."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


@contextlib.contextmanager
def atomic_file(final: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside ``final``; it gets the name only if the block ends well.

    The temporary name is hidden, ends in ``.partial`` and holds the process number, so that
    two writers do not share one.

    Raises:
        OSError: it cannot be written; the error names ``final``.
    """
    temporary = final.with_name(f".{short_name(final.name)}.{os.getpid()}.partial")
    try:
        with open(temporary, "wb", opener=open_no_link) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        commit(temporary, final)
    except BaseException as error:
        with contextlib.suppress(OSError):  # where nothing can be written, nothing can be removed
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:
            raise OSError(error.errno, os.strerror(error.errno), str(final)) from None
        raise


def write_atomically(final: Path, data: bytes) -> None:
    """Write ``data`` to ``final``, whole or not at all."""
    with atomic_file(final) as out:
        out.write(data)
