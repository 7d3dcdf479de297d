"""Files behind a web server, read in ranges. There is no list of them, and nothing is written."""

from __future__ import annotations

import email.utils
import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from seqcoder.errors import ChangedError, MissingError, StorageError
from seqcoder.storage.counts import COUNTS
from seqcoder.storage.patience import Patience
from seqcoder.storage.store import Stored, retry_seconds
from seqcoder.storage.url import join_url

_REQUEST_SECONDS = 60.0


class Web:
    """What lies below a URL. Redirects are followed, once for each file."""

    def __init__(self, url: str) -> None:
        """``url`` may have a query, as signed ones do: it is sent with every request."""
        self.url = url
        self._seconds = retry_seconds()
        self._moved: dict[str, str] = {}

    def locate(self, name: str = "") -> str:
        """Return the URL of ``name``."""
        return join_url(self.url, name)

    def files(self, folder: str = "") -> list[Stored]:
        """Raise StorageError: web servers do not tell."""
        raise StorageError(
            f"{self.locate(folder)}: a web server does not list its files; name one of them, or "
            "give an archive's folder or its bucket (s3://, gs://, az://)"
        )

    def find(self, name: str) -> Stored:
        """Return what is known of a file."""
        return self._ask(name, 0, 1)[1]  # HEAD is not allowed by signed URLs

    def get(self, name: str) -> tuple[bytes, Stored]:
        """Return a file."""
        return self._ask(name)

    def get_end(self, name: str, most: int) -> tuple[bytes, Stored]:
        """Return the last bytes of a file, ``most`` at most."""
        return self._ask(name, -most)

    def get_range(self, name: str, start: int, stop: int, identity: str = "") -> bytes:
        """Return bytes of a file."""
        if start >= stop:
            return b""
        data, stored = self._ask(name, start, stop)
        if identity not in ("", stored.identity):
            raise ChangedError(f"{self.locate(name)}: changed since it was opened; open it again")
        return data

    def sha256(self, name: str) -> str:
        """Return the SHA-256 of a file."""
        return hashlib.sha256(self.get(name)[0]).hexdigest()

    def _ask(self, name: str, start: int = 0, stop: int | None = None) -> tuple[bytes, Stored]:
        """Ask for a range, until it is answered or the time is up."""
        with Patience(self.locate(name), self.url, self._seconds) as patience:
            while True:
                try:
                    with COUNTS.request("GET"):
                        return self._answer(name, start, stop)
                except urllib.error.HTTPError as error:
                    if error.code in (404, 410):
                        raise MissingError(f"{self.locate(name)}: no such file") from None
                    why = f"HTTP status {error.code} ({error.reason})"
                    final = error.code < 500 and error.code not in (408, 429)
                except (OSError, http.client.HTTPException) as error:
                    cause = getattr(error, "reason", None) or error
                    why = " ".join(str(cause).split()) or type(cause).__name__
                    final = False
                except ValueError as error:
                    why, final = str(error), True
                failure = StorageError(f"{self.locate(name)}: {why}; is the URL right?")
                if final:
                    raise failure
                patience.wait(failure)

    def _answer(self, name: str, start: int, stop: int | None) -> tuple[bytes, Stored]:
        url = self._moved.get(name, self.locate(name))
        ranged = start != 0 or stop is not None
        headers = {"User-Agent": "seqcoder", "Accept-Encoding": "identity"}
        if ranged:
            end = "" if start < 0 or stop is None else str(stop - 1)
            headers["Range"] = f"bytes={start}" if start < 0 else f"bytes={start}-{end}"
        request = urllib.request.Request(url, headers=headers)
        timeout = min(_REQUEST_SECONDS, self._seconds)
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            data = answer.read()
            size = len(data)
            if answer.status == 206:
                size = int(answer.headers.get("Content-Range", "").rpartition("/")[2])
            elif ranged:  # a server without ranges sends all of it
                data = data[start:stop]
            self._moved[name] = answer.url
            date = email.utils.parsedate_tz(answer.headers.get("Last-Modified", ""))
            mtime_ns = int(email.utils.mktime_tz(date) * 1_000_000_000) if date else 0
            identity = f"{size} {answer.headers.get('ETag', '')} {mtime_ns}"
        COUNTS.received(len(data))
        return data, Stored(name, size, identity, mtime_ns)

    def _refuse(self, name: str) -> NoReturn:
        raise StorageError(f"{self.locate(name)}: nothing is written to a web server")

    def put(self, name: str, data: bytes) -> None:
        """Refuse."""
        self._refuse(name)

    def put_new(self, name: str, data: bytes) -> bool:
        """Refuse."""
        self._refuse(name)

    def replace(self, name: str, data: bytes, identity: str) -> str:
        """Refuse."""
        self._refuse(name)

    def put_file(self, name: str, path: Path, sha256: str) -> None:
        """Refuse."""
        self._refuse(name)

    def delete(self, names: Iterable[str]) -> None:
        """Refuse."""
        self._refuse(next(iter(names), ""))
