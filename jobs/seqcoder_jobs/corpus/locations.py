"""Local paths and URLs (``s3://``, ``https://``): facts, contents, listings."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from seqcoder.errors import InputError, MissingError
from seqcoder.storage.opening import open_parent, open_store
from seqcoder.storage.remote_stream import open_stream
from seqcoder.storage.url import is_url, split_url
from seqcoder.writing.genome_source import changed_message


@dataclass(frozen=True)
class FileFacts:
    """A file found: its location, size in bytes, modification time (ns, 0 if not known)."""

    location: str
    size: int
    mtime_ns: int


def open_binary(location: str) -> BinaryIO:
    """Open a path or URL for reading; raises InputError."""
    if is_url(location):
        return open_stream(location)
    try:
        return Path(location).open("rb")
    except OSError as error:
        raise InputError(f"{location}: {reason(error)}") from None


def read_url(location: str) -> tuple[bytes, FileFacts]:
    """Return an object and the facts of just that state of it; raises StorageError."""
    store, name = open_parent(location)
    data, found = store.get(name)
    return data, FileFacts(location, found.size, found.mtime_ns)


def facts(location: str) -> FileFacts | None:
    """Return size and time of a regular file, None for a folder; raises InputError."""
    if is_url(location):
        return _url_facts(location)
    try:
        status = Path(location).stat()
    except (OSError, ValueError) as error:
        raise InputError(f"{location}: {reason(error)}") from None
    if stat.S_ISDIR(status.st_mode):
        return None
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{location}: neither a file nor a folder")
    return FileFacts(location, status.st_size, status.st_mtime_ns)


def _url_facts(location: str) -> FileFacts | None:
    """As ``facts``; a store knows no folders, only names that begin alike."""
    path = split_url(location).path
    if "/" in path.strip("/") and not path.endswith("/"):
        store, name = open_parent(location)
        try:
            found = store.find(name)
            return FileFacts(location, found.size, found.mtime_ns)
        except MissingError:
            pass
    if split_url(location).scheme in ("http", "https") or not open_store(location).files():
        raise InputError(f"{location}: no such file or folder")
    return None


def unchanged(location: str, mtime_ns: int, label: str) -> FileFacts:
    """Return the facts of a file whose time was ``mtime_ns`` when it was listed (0: not known).

    Raises:
        InputError: it is not there, or another by now; the message begins with ``label``.
    """
    found = facts(location)
    if found is None or (mtime_ns and found.mtime_ns != mtime_ns):
        raise InputError(changed_message(label))
    return found


def walk_url(location: str) -> Iterator[FileFacts]:
    """Yield all files below a folder of an object store, sorted; raises StorageError."""
    url = split_url(location)
    root = url.path.rstrip("/")
    for found in open_store(location).files():
        yield FileFacts(url.at(f"{root}/{found.name}"), found.size, found.mtime_ns)


def absolute(location: str) -> str:
    """Return a location that means the same in any working directory; ``file://`` is a path."""
    if location[:7].lower() == "file://":
        location = location[7:]
    return location if is_url(location) else os.path.abspath(location)  # noqa: PTH100 - keep links


def reason(error: Exception) -> str:
    """Return why a file cannot be read, in words."""
    return str(getattr(error, "strerror", None) or one_line(error))


def one_line(error: object) -> str:
    """Return an error's text as one line."""
    return " ".join(str(error).split()) or type(error).__name__
