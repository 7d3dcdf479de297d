"""Object stores through obstore: ``s3://``, ``gs://``, ``az://`` and what speaks like them.

Keys, region and endpoint come from the usual environment variables (``AWS_*``, ``GOOGLE_*``,
``AZURE_*``), from ``~/.aws`` and from the machine's role. A put whose answer was lost is told from
one that another made by reading back what is there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from seqcoder.errors import ChangedError, MissingError, StorageError, UsageError
from seqcoder.storage.checksum import file_sha256
from seqcoder.storage.cloud_options import client_settings, store_options
from seqcoder.storage.cloud_reasons import is_final, reason
from seqcoder.storage.counts import COUNTS
from seqcoder.storage.patience import Patience
from seqcoder.storage.store import Stored, retry_seconds
from seqcoder.storage.url import join_url, split_url

T = TypeVar("T")

PART_BYTES = 16 << 20
"""Of a multipart upload, and of one read back."""
_UPLOADS = 4
_RETRY_SECONDS = 5.0
_REFUSED = ("AlreadyExistsError", "PreconditionError")


_Facts = tuple[tuple[str, str], ...]


def _surroundings() -> _Facts:
    """Return the variables that a client depends on."""
    names = ("AWS_", "GOOGLE_", "AZURE_", "STORAGE_EMULATOR_HOST")
    return tuple(sorted((k, v) for k, v in os.environ.items() if k.startswith(names)))


@lru_cache(maxsize=64)
def _client(scheme: str, bucket: str, options: _Facts, seconds: float, surroundings: _Facts) -> Any:
    """Return obstore's store for a bucket, kept for the next call."""
    try:
        from obstore import store as stores
    except ImportError:
        raise StorageError(
            f"{scheme}://{bucket}: object stores need obstore; pip install 'seqcoder[remote]'"
        ) from None
    client, rest = client_settings(dict(options), seconds)
    # Few, so that what goes wrong is known here, where there is patience (``_again``).
    retry = {"max_retries": 2, "retry_timeout": timedelta(seconds=min(_RETRY_SECONDS, seconds))}
    from_url: Any = stores.from_url
    try:
        return from_url(f"{scheme}://{bucket}", client_options=client, retry_config=retry, **rest)
    except Exception as error:  # obstore's own kinds, ValueError, TypeError
        given = f" ({', '.join(rest)})" if rest else ""
        raise UsageError(f"{scheme}://{bucket}{given}: {reason(error)}") from None


class Bucket:
    """A prefix of a bucket."""

    def __init__(self, url: str, **options: str) -> None:
        """``options`` as obstore has them; see ``open_store``."""
        parts = split_url(url)
        bucket, _, key = parts.path.partition("/")
        if not bucket:
            raise UsageError(f"{url}: names no bucket, as {parts.scheme}://bucket/folder does")
        self.url = parts.at("/".join([bucket, *filter(None, key.split("/"))]))
        self._prefix = "".join(f"{part}/" for part in key.split("/") if part)
        self._google = parts.scheme == "gs"
        self._seconds = retry_seconds()
        self._root = f"{parts.scheme}://{bucket}"
        known = store_options(parts.scheme, parts.options | options)
        facts = tuple(sorted(known.items()))
        self._store = _client(parts.scheme, bucket, facts, self._seconds, _surroundings())

    def locate(self, name: str = "") -> str:
        """Return the URL of ``name``."""
        return join_url(self.url, name)

    @contextmanager
    def _asking(self, name: str, kind: str, sent: int = 0) -> Iterator[None]:
        """Count a request, and tell what goes wrong in one line."""
        try:
            with COUNTS.request(kind, sent):
                yield
        except FileNotFoundError as error:
            if is_final(error):  # no such bucket
                raise StorageError(f"{self.locate(name)}: {reason(error)}") from None
            raise MissingError(f"{self.locate(name)}: no such object") from None
        except StorageError:
            raise
        except Exception as error:
            raise StorageError(f"{self.locate(name)}: {reason(error)}") from error

    def files(self, folder: str = "") -> list[Stored]:
        """Return what lies below ``folder``; a request for each 1,000 objects."""
        found = self._again(folder, lambda: self._list(folder))
        visible = [s for s in found if not any(p.startswith(".") for p in s.name.split("/"))]
        return sorted(visible, key=lambda stored: stored.name)

    def _list(self, folder: str) -> list[Stored]:
        import obstore

        prefix = self._prefix + (folder.rstrip("/") + "/" if folder else "")
        found = []
        with self._asking(folder, "LIST"):
            for batch in obstore.list(self._store, prefix or None, chunk_size=1000):
                found += [self._stored(meta) for meta in batch]
        return found

    def _stored(self, meta: Any) -> Stored:
        mtime = int(meta["last_modified"].timestamp() * 1e9)
        return Stored(
            meta["path"].removeprefix(self._prefix), meta["size"], self._identity(meta), mtime
        )

    def _identity(self, meta: Any) -> str:
        """Return Google's generation, others' entity tag; some listings leave its quotes out."""
        found = meta.get("version") if self._google else meta.get("e_tag")
        return (found or "").strip('"')

    def find(self, name: str) -> Stored:
        """Return what is known of an object; one request."""
        import obstore

        def ask() -> Stored:
            with self._asking(name, "HEAD"):
                return self._stored(obstore.head(self._store, self._prefix + name))

        return self._again(name, ask)

    def get(self, name: str) -> tuple[bytes, Stored]:
        """Return an object; one request."""
        return self._again(name, lambda: self._get(name, None))

    def get_end(self, name: str, most: int) -> tuple[bytes, Stored]:
        """Return the last bytes of an object, ``most`` at most, and what is known of it."""
        try:
            return self._again(name, lambda: self._get(name, {"range": {"suffix": most}}))
        except StorageError as error:
            cause = type(error.__cause__).__name__
            if cause != "NotSupportedError":
                raise
        stored = self.find(name)  # Azure has no such ranges
        return self.get_range(name, max(0, stored.size - most), stored.size), stored

    def _get(self, name: str, options: Any) -> tuple[bytes, Stored]:
        import obstore

        with self._asking(name, "GET"):
            result = obstore.get(self._store, self._prefix + name, options=options)
            stored, data = self._stored(result.meta), bytes(result.bytes())
        COUNTS.received(len(data))
        return data, stored

    def get_range(self, name: str, start: int, stop: int, identity: str = "") -> bytes:
        """Return bytes of an object; one request."""
        if stop <= start:
            return b""
        options: dict[str, Any] = {"range": (start, stop)}
        if identity:
            options |= {"version": identity} if self._google else {"if_match": f'"{identity}"'}
        try:
            return self._again(name, lambda: self._get(name, options))[0]
        except StorageError as error:
            if type(error.__cause__).__name__ != "PreconditionError":
                raise
        raise ChangedError(f"{self.locate(name)}: changed since it was opened; open it again")

    def sha256(self, name: str) -> str:
        """Return the SHA-256 of an object, read in parts; a request for each and one more."""
        stored = self.find(name)
        digest = hashlib.sha256()
        for start in range(0, stored.size, PART_BYTES):
            stop = min(stored.size, start + PART_BYTES)
            digest.update(self.get_range(name, start, stop, stored.identity))
        return digest.hexdigest()

    def _again(self, name: str, ask: Callable[[], T]) -> T:
        """Ask until it is answered, as long as that may help."""
        with Patience(self.locate(name), self._root, self._seconds) as patience:
            while True:
                try:
                    return ask()
                except MissingError:
                    raise
                except StorageError as error:
                    if is_final(error.__cause__):
                        raise
                    patience.wait(error)

    def put(self, name: str, data: bytes) -> None:
        """Write an object; repeated as long as it may help: the last one put stays."""
        self._again(name, lambda: self._put(name, data, "overwrite"))

    def _put(self, name: str, data: bytes, mode: Any) -> str:
        import obstore

        with self._asking(name, "PUT", len(data)):
            done = obstore.put(
                self._store, self._prefix + name, data, mode=mode, use_multipart=False
            )
        return self._identity(done)

    def put_new(self, name: str, data: bytes) -> bool:
        """Write an object if there is none; data that hold a write id tell ours from others'."""
        return bool(self._conditional(name, data, ""))

    def replace(self, name: str, data: bytes, identity: str) -> str:
        """Write an object over that of ``identity``; returns the new identity, "" if it is gone."""
        return self._conditional(name, data, identity)

    def _conditional(self, name: str, data: bytes, over: str) -> str:
        """Put over the object of an identity, "" none; returns the new one, "" where it is not so.

        An answer may be lost after the put: then, and where a repetition of it is refused, what
        is there tells whether it was ours.
        """
        mode: Any = "create"
        if over:
            mode = {"version": over} if self._google else {"e_tag": f'"{over}"'}
        with Patience(self.locate(name), self._root, self._seconds) as patience:
            while True:
                try:
                    return self._put(name, data, mode)
                except StorageError as error:
                    cause = error.__cause__
                    refused = isinstance(error, MissingError) or type(cause).__name__ in _REFUSED
                    if not refused and is_final(cause):
                        raise
                    failure = error
                try:
                    there, stored = self.get(name)
                except MissingError:
                    there, stored = b"", None
                if stored and there == data:
                    return stored.identity
                if refused or (stored.identity if stored else "") != over:
                    return ""
                patience.wait(failure)

    def put_file(self, name: str, path: Path, sha256: str) -> None:
        """Write a file in parts, read back and compared."""
        size = path.stat().st_size
        if self._holds(name, size, sha256):
            return
        with Patience(self.locate(name), self._root, self._seconds) as patience:
            while True:
                failure = StorageError(
                    f"{self.locate(name)}: what is there after the upload is not what was sent"
                )
                try:
                    self._upload(name, path, size)
                except StorageError as error:
                    if is_final(error.__cause__):
                        raise
                    failure = error
                if self._holds(name, size, sha256):
                    return
                if file_sha256(path) != sha256:
                    raise StorageError(
                        f"{path}: changed while it was uploaded to {self.locate(name)}"
                    )
                patience.wait(failure)

    def _upload(self, name: str, path: Path, size: int) -> None:
        import obstore

        parts = max(1, -(-size // PART_BYTES))
        with self._asking(name, "PUT", size):
            obstore.put(
                self._store,
                self._prefix + name,
                path,
                chunk_size=PART_BYTES,
                max_concurrency=_UPLOADS,
            )
        COUNTS.requests["PUT"] += parts + 1 if parts > 1 else 0

    def _holds(self, name: str, size: int, sha256: str) -> bool:
        """Whether an object is there with these bytes, which are read for it."""
        try:
            return self.find(name).size == size and self.sha256(name) == sha256
        except (MissingError, ChangedError):
            return False

    def delete(self, names: Iterable[str]) -> None:
        """Remove objects, one request each."""
        import obstore

        for name in names:

            def ask(name: str = name) -> None:
                with self._asking(name, "DELETE"):
                    obstore.delete(self._store, self._prefix + name)

            try:
                self._again(name, ask)
            except MissingError:
                continue
