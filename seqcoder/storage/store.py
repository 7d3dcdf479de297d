"""The one interface to where bytes lie, a local folder or an object store.

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

from seqcoder.errors import UsageError

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

    def files(self, folder: str = "") -> list[Stored]:
        """Return what lies below ``folder``, at any depth, by name; hidden files are left out."""

    def find(self, name: str) -> Stored:
        """Return what is known of an object; raises MissingError."""

    def get(self, name: str) -> tuple[bytes, Stored]:
        """Return an object and what is known of just that state of it; raises MissingError."""

    def get_end(self, name: str, most: int) -> tuple[bytes, Stored]:
        """Return the last bytes of an object, ``most`` at most, and what is known of it."""

    def get_range(self, name: str, start: int, stop: int, identity: str = "") -> bytes:
        """Return bytes of an object, fewer at its end; raises MissingError.

        With ``identity`` they are of that state of it, or ChangedError is raised.
        """

    def sha256(self, name: str) -> str:
        """Return the SHA-256 of an object (hex), all of which is read; raises MissingError."""

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
    """Return the bound on failing requests; raises UsageError if the variable is no such number."""
    text = os.environ.get(RETRY_VARIABLE, "") or str(RETRY_SECONDS)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise UsageError(f"{RETRY_VARIABLE}: {text!r} is no number of seconds")
    return seconds
