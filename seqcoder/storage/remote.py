"""Containers in an object store or behind a web server, read in ranges through fsspec."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from seqcoder.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def is_url(source: object) -> bool:
    """Whether ``source`` is a URL (``s3://``, ``https://``, ``memory://``) and no local path."""
    return isinstance(source, str) and "://" in source


class RangedFile(io.RawIOBase):
    """A file of any fsspec file system, each read one request for just those bytes."""

    def __init__(self, url: str, **options: Any) -> None:
        """Look a URL up; ``options`` are the file system's own (keys, region, ``anon=True``).

        Raises:
            InputError: fsspec or what it needs for this scheme is missing, or there is no such
                file, or no permission.
        """
        self.name = url
        try:
            from fsspec.core import url_to_fs

            self._system, self._path = url_to_fs(url, **options)
            self._size = int(self._system.info(self._path)["size"])
        except ImportError as error:
            raise InputError(
                f"{url}: {error}; reading URLs needs fsspec and the package of the file system, "
                "for example pip install fsspec s3fs"
            ) from None
        except (OSError, ValueError, TypeError) as error:
            reason = getattr(error, "strerror", None) or str(error) or "no such file"
            raise InputError(f"{url}: {' '.join(reason.split())}; is the URL right?") from None
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move; nothing is fetched."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fetch the bytes asked for, less at the end of the file."""
        view = memoryview(buffer).cast("B")
        stop = min(self._at + len(view), self._size)
        if stop <= self._at:
            return 0
        data: bytes = self._system.cat_file(self._path, start=self._at, end=stop)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
