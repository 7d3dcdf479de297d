"""Tar files as corpora: members listed and read in one pass, never unpacked to disk.

A compressed tar can only be read from the front, so each process keeps a few tars open where
the last member ended: members asked for in the tar's order cost one pass. Containers of relatives
ask in another order; what they will ask for is announced, and kept when the pass comes by it.
"""

from __future__ import annotations

import atexit
import contextlib
import lzma
import os
import struct
import tarfile
import tempfile
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import IO, BinaryIO, cast

import zstandard

from seqcoder.errors import InputError
from seqcoder.fasta.decompression import sniff
from seqcoder_jobs.corpus.locations import facts, one_line, open_binary, unchanged

ERRORS = (
    *(tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError),
    # What tarfile makes of headers that contradict themselves.
    *(ValueError, KeyError, OverflowError, RecursionError, struct.error),
)
_MAX_OPEN = 4
_SHELF_MEMORY = 16 << 20


class TarStream:
    """A tar file, plain or compressed (by its first bytes), read member by member."""

    def __init__(self, location: str) -> None:
        """Open it; raises InputError."""
        self.location = location
        self._raw = open_binary(location)
        try:
            self._unpacked = self._decompressed(self._raw)
            self._tar = tarfile.open(fileobj=self._unpacked, mode="r|")  # noqa: SIM115
        except ERRORS as error:
            self._raw.close()
            raise InputError(f"{location}: not a readable tar file ({one_line(error)})") from None

    def _decompressed(self, raw: BinaryIO) -> IO[bytes]:
        with closing(open_binary(self.location)) as start:
            compression = sniff(start.read(10))
        if compression == "gzip":
            import gzip

            return cast(IO[bytes], gzip.GzipFile(fileobj=raw))
        if compression == "zstd":
            decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 31)
            return cast(IO[bytes], decompressor.stream_reader(raw, read_across_frames=True))
        if compression == "xz":
            return cast(IO[bytes], lzma.LZMAFile(raw))
        if compression == "bzip2":
            import bz2

            return cast(IO[bytes], bz2.BZ2File(raw))
        return raw

    def members(self) -> Iterator[tarfile.TarInfo]:
        """Yield all members from here on; raises InputError where the tar is damaged."""
        while True:
            try:
                member = self._tar.next()
            except ERRORS as error:
                raise InputError(
                    f"{self.location}: the tar file is cut short or damaged ({one_line(error)})"
                ) from None
            vars(self._tar)["members"].clear()  # tarfile keeps every header it has met
            if member is None:
                return
            yield member

    def read(self, member: tarfile.TarInfo) -> bytes:
        """Return the contents of the member met last; raises InputError."""
        try:
            file = self._tar.extractfile(member)
            assert file is not None
            data = file.read()
        except ERRORS as error:
            raise InputError(f"{self.location}::{member.name}: {one_line(error)}") from None
        if len(data) != member.size:
            raise InputError(f"{self.location}::{member.name}: the tar file is cut short")
        return data

    def close(self) -> None:
        """Close the file."""
        self._tar.close()
        if self._unpacked is not self._raw:
            self._unpacked.close()
        self._raw.close()


def tar_members(location: str) -> Iterator[tuple[str, int | None]]:
    """Yield name and size of the files in a tar, in its own order; raises InputError.

    Links and devices are among them, without a size.
    """
    with closing(TarStream(location)) as stream:
        for member in stream.members():
            if not member.isdir():
                yield member.name, member.size if member.isreg() else None


class _Shelf:
    """Members announced and met before they were asked for, in a temporary file beyond 16 MiB."""

    def __init__(self, names: Iterable[str]) -> None:
        self.wanted = set(names)
        self._file = tempfile.SpooledTemporaryFile(max_size=_SHELF_MEMORY)  # noqa: SIM115
        self._places: dict[str, tuple[int, int]] = {}

    def put(self, name: str, data: bytes) -> None:
        self._places[name] = (self._file.seek(0, os.SEEK_END), len(data))
        self._file.write(data)

    def take(self, name: str) -> bytes | None:
        """Return a member, once; the file goes with the last one."""
        self.wanted.discard(name)
        at, length = self._places.pop(name, (0, -1))
        if length < 0:
            return None
        self._file.seek(at)
        data = self._file.read(length)
        if not self._places:
            self._file.seek(0)
            self._file.truncate()
        return data

    def close(self) -> None:
        self._file.close()


class _OpenTars:
    """The tars this process is in the middle of, least recently used first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: OrderedDict[tuple[str, int], TarStream] = OrderedDict()
        self._shelves: dict[tuple[str, int], _Shelf] = {}

    def expect(self, location: str, mtime_ns: int, names: Iterable[str]) -> None:
        with self._lock:
            # One container at a time is written in a process: what an earlier one left is dropped.
            for key in [key for key in self._shelves if key[0] == location]:
                self._shelves.pop(key).close()
            self._shelves[location, mtime_ns] = _Shelf(names)

    def read(self, location: str, mtime_ns: int, name: str) -> bytes:
        with self._lock:
            key = (location, mtime_ns)
            shelf = self._shelves.get(key)
            if shelf is not None and (kept := shelf.take(name)) is not None:
                return kept
            stream = self._streams.pop(key, None)
            data = None if stream is None else _find(stream, name, shelf)
            if data is None:
                if stream is not None:
                    stream.close()
                stream = TarStream(location)
                try:
                    data = _find(stream, name, shelf)
                except InputError:
                    stream.close()
                    raise
            assert stream is not None
            if data is None:
                stream.close()
                raise InputError(f"{location}::{name}: no such member in the tar file")
            self._streams[key] = stream
            while len(self._streams) > _MAX_OPEN:
                self._streams.popitem(last=False)[1].close()
            return data

    def close(self) -> None:
        with self._lock:
            for stream in self._streams.values():
                stream.close()
            for shelf in self._shelves.values():
                shelf.close()


def _find(stream: TarStream, name: str, shelf: _Shelf | None) -> bytes | None:
    """Go on in a tar to a member called ``name``; None if there is none from here on."""
    for member in stream.members():
        if not member.isreg():
            continue
        if member.name == name:
            return stream.read(member)
        if shelf is not None and member.name in shelf.wanted:
            shelf.wanted.discard(member.name)
            shelf.put(member.name, stream.read(member))
    return None


_open_tars = _OpenTars()
atexit.register(_open_tars.close)


def expect_members(location: str, names: Iterable[str]) -> None:
    """Announce which members of a tar will be read next, in whatever order."""
    with contextlib.suppress(InputError):  # told when a member is read
        if (found := facts(location)) is not None:
            _open_tars.expect(location, found.mtime_ns, names)


def read_member(location: str, mtime_ns: int, name: str) -> bytes:
    """Return the bytes of a member of a tar file, as they are stored in it.

    ``mtime_ns`` is the tar's own when it was listed (0: not known).

    Raises:
        InputError: the tar cannot be read, has changed, or has no such member.
    """
    found = unchanged(location, mtime_ns, f"{location}::{name}")
    return _open_tars.read(location, found.mtime_ns, name)
