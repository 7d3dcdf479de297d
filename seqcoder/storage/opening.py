"""Opening the store at a path or URL: the one place that asks which kind it is."""

from __future__ import annotations

import os
from pathlib import Path

from seqcoder.errors import UsageError
from seqcoder.storage.store import Store
from seqcoder.storage.url import is_url, split_url

_BUCKETS = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl")
_KNOWN = "s3://, gs://, az:// (abfs://), https://, file://"


def open_store(location: str | os.PathLike[str], **options: str) -> Store:
    """Open the store at a path or URL; nothing is asked of it yet.

    ``options`` are those of obstore for this kind of store (``region="eu-central-1"``,
    ``skip_signature="true"``), beside those in the URL and in the environment.

    Raises UsageError: the scheme or an option is not known; StorageError: what it needs is not
    installed.
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
    if url.scheme not in _BUCKETS:
        raise UsageError(f"{text}: no store is called {url.scheme}://; these are: {_KNOWN}")
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
        raise UsageError(f"{location}: names no object")
    return open_store(url.at(parent), **options), name
