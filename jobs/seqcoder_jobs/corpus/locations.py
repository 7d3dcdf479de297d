"""Local paths and URIs (``s3://``, ``gs://``, ``file://``): facts, contents, listings."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from seqcoder.errors import InputError
from seqcoder.writing.genome_source import changed_message


@dataclass(frozen=True)
class Uri:
    """A URI taken apart: ``path`` is the bucket and key (or file path), not percent-encoded."""

    scheme: str
    path: str
    query: str

    def at(self, path: str) -> str:
        """Return the URI of another ``path`` on the same file system."""
        return f"{self.scheme}://{path}" + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True)
class FileFacts:
    """A file found: its location, size in bytes, modification time (ns, 0 if not known)."""

    location: str
    size: int
    mtime_ns: int


def is_uri(location: str) -> bool:
    """Whether ``location`` is a URI and not a local path."""
    scheme, separator, _ = location.partition("://")
    return bool(separator) and scheme.isalnum()


def split_uri(location: str) -> Uri:
    """Take a URI apart; what follows the last ``?`` with a ``=`` are file system options."""
    scheme, _, rest = location.partition("://")
    path, separator, query = rest.rpartition("?")
    if not separator or "=" not in query:
        path, query = rest, ""
    return Uri(scheme.lower(), path, query)


@lru_cache(maxsize=32)
def _filesystem(scheme: str, root: str, query: str) -> Any:
    from pyarrow import fs

    if scheme == "file":
        return fs.LocalFileSystem()
    uri = f"{scheme}://{quote(root, safe='@:.-_')}" + (f"?{query}" if query else "")
    return fs.FileSystem.from_uri(uri)[0]


def filesystem(uri: Uri) -> Any:
    """Return the ``pyarrow.fs`` file system of a URI (kept for the next call).

    Raises:
        InputError: pyarrow is not installed, knows no such scheme, or the store refuses.
    """
    root = uri.path.partition("/")[0]
    try:
        return _filesystem(uri.scheme, root, uri.query)
    except ImportError:
        raise InputError(
            f"{uri.scheme}://{root}: reading URIs needs pyarrow; pip install 'seqcoder[ray]'"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{uri.scheme}://{root}: {one_line(error)}") from None


def open_binary(location: str) -> BinaryIO:
    """Open a path or URI for reading from its start; raises InputError."""
    try:
        if not is_uri(location):
            return Path(location).open("rb")
        uri = split_uri(location)
        stream = filesystem(uri).open_input_stream(uri.path, compression=None)
        return cast(BinaryIO, stream)
    except OSError as error:
        raise InputError(f"{location}: {reason(error)}") from None


def open_random(location: str) -> BinaryIO:
    """Open a URI for reading at any place; raises InputError."""
    uri = split_uri(location)
    try:
        return cast(BinaryIO, filesystem(uri).open_input_file(uri.path))
    except OSError as error:
        raise InputError(f"{location}: {reason(error)}") from None


def facts(location: str) -> FileFacts | None:
    """Return size and time of a regular file, None for a folder; raises InputError."""
    if not is_uri(location):
        try:
            status = Path(location).stat()
        except (OSError, ValueError) as error:
            raise InputError(f"{location}: {reason(error)}") from None
        if stat.S_ISDIR(status.st_mode):
            return None
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{location}: neither a file nor a folder")
        return FileFacts(location, status.st_size, status.st_mtime_ns)
    from pyarrow import fs

    uri = split_uri(location)
    try:
        info = filesystem(uri).get_file_info(uri.path.rstrip("/"))
    except OSError as error:
        raise InputError(f"{location}: {reason(error)}") from None
    if info.type == fs.FileType.Directory:
        return None
    if info.type != fs.FileType.File:
        raise InputError(f"{location}: no such file or folder")
    return FileFacts(location, info.size or 0, info.mtime_ns or 0)


def unchanged(location: str, mtime_ns: int, label: str) -> FileFacts:
    """Return the facts of a file whose time was ``mtime_ns`` when it was listed (0: not known).

    Raises:
        InputError: it is not there, or another by now; the message begins with ``label``.
    """
    found = facts(location)
    if found is None or (mtime_ns and found.mtime_ns != mtime_ns):
        raise InputError(changed_message(label))
    return found


def walk_uri(location: str) -> Iterator[FileFacts]:
    """Yield all files below a folder of an object store, sorted; raises InputError."""
    from pyarrow import fs

    uri = split_uri(location)
    try:
        found = filesystem(uri).get_file_info(fs.FileSelector(uri.path.rstrip("/"), recursive=True))
    except OSError as error:
        raise InputError(f"{location}: {reason(error)}") from None
    for info in sorted(found, key=lambda info: str(info.path)):
        if info.type == fs.FileType.File:
            yield FileFacts(uri.at(info.path), info.size or 0, info.mtime_ns or 0)


def absolute(location: str) -> str:
    """Return a location that means the same in any working directory."""
    return location if is_uri(location) else os.path.abspath(location)  # noqa: PTH100 - keep links


def reason(error: Exception) -> str:
    """Return why a file cannot be read, in words."""
    return str(getattr(error, "strerror", None) or one_line(error))


def one_line(error: object) -> str:
    """Return an error's text as one line."""
    return " ".join(str(error).split()) or type(error).__name__
