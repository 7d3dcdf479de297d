"""A Parquet file of the manifest, of which only what is asked for is read."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from seqcoder.errors import IntegrityError
from seqcoder.storage.folder import Folder
from seqcoder.storage.store import Store
from seqcoder_jobs.archive.layout import MANIFEST, TABLES

if TYPE_CHECKING:
    from seqcoder.storage.remote import RemoteFile


class TableFile:
    """An open file. Its pages have checksums, which are compared."""

    def __init__(self, file: pq.ParquetFile, remote: RemoteFile | None) -> None:
        self._file = file
        self._remote = remote

    @property
    def schema(self) -> pa.Schema:
        """The table's schema; its metadata say which containers the file covers."""
        return self._file.schema_arrow

    @property
    def groups(self) -> range:
        """The numbers of the row groups."""
        return range(self._file.num_row_groups)

    def statistics(self, group: int, column: str) -> tuple[Any, Any] | None:
        """Return the least and greatest value of a column in a row group, if they are known."""
        at = self.schema.get_field_index(column)
        known = self._file.metadata.row_group(group).column(at).statistics
        return (known.min, known.max) if known and known.has_min_max else None

    def read(
        self, columns: Sequence[str] | None = None, groups: Sequence[int] | None = None
    ) -> pa.Table:
        """Return columns (None: all) of row groups (None: all)."""
        chosen = self.groups if groups is None else groups
        if self._remote is not None:
            self._remote.fetch(self._ranges(columns, chosen))
        names = None if columns is None else list(columns)
        # A thread of Arrow's that lets go of Python's bytes while Python ends aborts the process.
        return self._file.read_row_groups(list(chosen), names, use_threads=False)

    def _ranges(
        self, columns: Sequence[str] | None, groups: Sequence[int]
    ) -> Iterator[tuple[int, int]]:
        for group in groups:
            facts = self._file.metadata.row_group(group)
            for at in range(facts.num_columns):
                column = facts.column(at)
                if columns is None or column.path_in_schema.partition(".")[0] in columns:
                    start = column.dictionary_page_offset or column.data_page_offset
                    start = min(start, column.data_page_offset)
                    yield start, start + column.total_compressed_size


@contextmanager
def open_table(store: Store, name: str) -> Iterator[TableFile]:
    """Open a file of the manifest.

    Raises MissingError; ChangedError: it was written anew meanwhile; IntegrityError: it is damaged.
    """
    remote = None
    if not isinstance(store, Folder):
        from seqcoder.storage.remote import RemoteFile

        remote = RemoteFile(store.locate(name))
    source: Any = store.path / name if isinstance(store, Folder) else None
    try:
        if remote is not None:
            source = io.BufferedReader(_Ranges(remote), 1)
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            yield TableFile(file, remote)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        if isinstance(error, FileNotFoundError):
            store.find(name)  # tells it
        reason = " ".join(str(error).split())
        made_anew = any(name.startswith(f"{MANIFEST}/{table}/") for table in TABLES)
        remedy = "remove it, and submit makes it anew" if made_anew else "take it from a good copy"
        raise IntegrityError(
            f"{store.locate(name)}: cannot be read as Parquet ({reason}); it is damaged: {remedy}"
        ) from None


class _Ranges(io.RawIOBase):
    """A remote file as Python has files."""

    def __init__(self, remote: RemoteFile) -> None:
        self._remote = remote
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._remote.size}[whence]
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        length = min(len(buffer), self._remote.size - self._at)
        data = self._remote.read(self._at, length) if length > 0 else b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
