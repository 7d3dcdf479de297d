"""Ranged reads of a container, whatever it lies in."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from seqcoder.circumstances import system_reason
from seqcoder.errors import InputError, IntegrityError, MissingError
from seqcoder.storage.url import is_url, split_url

if TYPE_CHECKING:
    from seqcoder.storage.remote import RemoteFile


class RangeSource:
    """Random-access bytes: a path, a URL, a seekable binary file, or bytes. Safe for threads.

    ``bytes_read`` counts what was asked for, so that tests (and users of object stores)
    can see how little of a container a region needs.
    """

    def __init__(self, source: str | os.PathLike[str] | bytes | BinaryIO, **options: str) -> None:
        """Open ``source``; raises InputError if it cannot be read.

        ``options`` are those of the store that a URL leads to.
        """
        self.bytes_read = 0
        self._kept = (0, b"")
        self._lock = threading.Lock()
        self._data = b""
        self._file: BinaryIO | None = None
        self._remote: RemoteFile | None = None
        if isinstance(source, str) and is_url(source):
            url = split_url(source)
            if url.scheme != "file":
                from seqcoder.storage.remote import RemoteFile

                self._remote = RemoteFile(source, **options)
                self.name, self.size = source, self._remote.size
                return
            source = "/" + url.path.lstrip("/")
        if isinstance(source, bytes):
            self.name, self._data, self.size = "container in memory", source, len(source)
            return
        if isinstance(source, str | os.PathLike):
            self.name = os.fspath(source)
            try:
                self._file = Path(self.name).open("rb")  # noqa: SIM115 - closed in close()
            except OSError as error:
                if Path(self.name).is_dir():
                    raise InputError(f"{self.name}: {_folder_remedy(self.name)}") from None
                kind = MissingError if isinstance(error, FileNotFoundError) else InputError
                raise kind(f"{self.name}: {system_reason(error, 'is the path right?')}") from None
        else:
            self.name, self._file = str(getattr(source, "name", "container")), source
        try:
            if isinstance(source, str | os.PathLike):
                self._check_is_file(self._file)
            self.size = self._file.seek(0, os.SEEK_END)
        except OSError as error:
            if error.errno not in (None, errno.ESPIPE):
                raise InputError(f"{self.name}: {system_reason(error)}") from None
            raise InputError(
                f"{self.name}: is a pipe or device, that cannot be sought in; give a pipe as -"
            ) from None

    def _check_is_file(self, file: BinaryIO) -> None:
        """Raise OSError where a path leads to a device: some can be sought in and have no end."""
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE))

    def read(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset``; IntegrityError if the file ends before."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise IntegrityError(
                f"{self.name}: bytes {offset} to {offset + length} wanted, the file has "
                f"{self.size}; it is cut short or damaged"
            )
        start, kept = self._kept
        if start <= offset and offset + length <= start + len(kept):
            return kept[offset - start : offset - start + length]
        if self._remote is not None:
            data = self._remote.read(offset, length)
        elif self._file is None:
            data = self._data[offset : offset + length]
        else:
            try:
                with self._lock:
                    self._file.seek(offset)
                    data = self._file.read(length)
            except OSError as error:
                raise InputError(
                    f"{self.name}: bytes {offset} to {offset + length}: {system_reason(error)}"
                ) from None
        if len(data) != length:
            raise IntegrityError(f"{self.name}: the file shrank while it was read")
        self.bytes_read += length
        return data

    @property
    def remote(self) -> bool:
        """Whether each read is a request, so that it pays to say beforehand what is needed."""
        return self._remote is not None

    def fetch(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Say which ranges (start, stop) will be read: where each read is a request, few do."""
        if self._remote is not None:
            self._remote.fetch(ranges)

    def forget(self) -> None:
        """Let go what is kept of the file."""
        self._kept = (0, b"")
        if self._remote is not None:
            self._remote.forget()

    def keep(self, offset: int, data: bytes) -> None:
        """Keep what has been read at ``offset``, so that it need not be read again."""
        self._kept = offset, data

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()


def _folder_remedy(folder: str) -> str:
    root = folder.rstrip("/")
    if Path(root, "plan.json").is_file() or Path(root, "containers").is_dir():
        return (
            f"is a folder; an archive's containers are {root}/containers/*.sqc, and seqcoder-ray "
            "reads it as a whole, in Python seqcoder_jobs.open_archive opens archives"
        )
    return "is a folder; name a container in it"
