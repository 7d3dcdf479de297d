"""The one interface to where bytes lie, a local folder or an object store, and how it is opened.

Names are relative to the folder or prefix that a store was opened at. Every operation ends, done or
with a StorageError of one line that names the location and the reason, within the bounds below.
What is put is there whole or not at all; an object that exists is never seen half-written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from seqcoder.errors import StorageError
from seqcoder.storage.url import is_url, split_url

RETRY_VARIABLE = "SEQCODER_RETRY_SECONDS"
RETRY_SECONDS = 120.0
"""How long a store may fail (5xx, throttling, cut connections) before a request gives up."""


@dataclass(frozen=True)
class Stored:
    """A file or object: its name, bytes, what changes whenever it does, and when that was."""

    name: str
    size: int
    identity: str
    mtime_ns: int = 0


class Store(Protocol):
    """A folder or a prefix of a bucket. Safe for threads; travels to other processes by its URL."""

    url: str

    def locate(self, name: str = "") -> str:
        """Return the path or URL of ``name``."""

    def list(self, folder: str = "") -> list[Stored]:
        """Return what lies below ``folder``, at any depth, by name; hidden files are left out."""

    def find(self, name: str) -> Stored:
        """Return what is known of an object; raises MissingError."""

    def get(self, name: str) -> tuple[bytes, Stored]:
        """Return an object and what is known of just that state of it; raises MissingError."""

    def get_range(self, name: str, start: int, stop: int) -> bytes:
        """Return bytes of an object, fewer at its end; raises MissingError."""

    def put(self, name: str, data: bytes) -> None:
        """Write an object, in place of another or not."""

    def put_new(self, name: str, data: bytes) -> bool:
        """Write an object if there is none of that name, or this very one; tells whether it is."""

    def replace(self, name: str, data: bytes, identity: str) -> str:
        """Write an object over the one of that identity; returns the new one, "" if another is."""

    def put_file(self, name: str, path: Path, sha256: str) -> None:
        """Write a local file as an object, read back and compared; nothing if it is there."""

    def delete(self, names: Iterable[str]) -> None:
        """Remove objects; those that are not there count as removed."""


def retry_seconds() -> float:
    """Return the bound on failing requests; raises StorageError if the variable is no number."""
    text = os.environ.get(RETRY_VARIABLE, "")
    try:
        return max(0.1, float(text)) if text else RETRY_SECONDS
    except ValueError:
        raise StorageError(f"{RETRY_VARIABLE}: {text!r} is no number of seconds") from None


def open_store(location: str | os.PathLike[str], **options: str) -> Store:
    """Open the store at a path or URL; nothing is asked of it yet.

    ``options`` are those of obstore for this kind of store (``region="eu-central-1"``,
    ``skip_signature="true"``), beside those in the URL and in the environment.

    Raises StorageError: the scheme is not known, or what it needs is not installed.
    """
    text = os.fspath(location)
    if not is_url(text):
        from seqcoder.storage.folder import Folder

        return Folder(Path(text))
    url = split_url(text)
    if url.scheme == "file":
        from seqcoder.storage.folder import Folder

        return Folder(Path("/" + url.path.lstrip("/")))
    if url.scheme in ("http", "https"):
        from seqcoder.storage.web import Web

        return Web(text)
    from seqcoder.storage.bucket import Bucket

    return Bucket(text, **options)


def open_parent(location: str, **options: str) -> tuple[Store, str]:
    """Return the store that an object lies in, and its name there."""
    if not is_url(location):
        path = Path(os.path.abspath(location))  # noqa: PTH100 - keep links as they are
        return open_store(path.parent), path.name
    url = split_url(location)
    parent, _, name = url.path.rpartition("/")
    if not name or not parent:
        raise StorageError(f"{location}: names no object")
    return open_store(url.at(parent), **options), name
