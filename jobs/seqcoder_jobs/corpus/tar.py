"""Tar files as corpora: members listed and read in one pass, never unpacked to disk.

A compressed tar can only be read from the front, so each process keeps a few tars open where
the last member ended: members asked for in the tar's order, as plans have them, cost one pass.
"""

from __future__ import annotations

import lzma
import tarfile
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing
from typing import IO, BinaryIO, cast

import zstandard

from seqcoder.errors import InputError
from seqcoder.fasta.source import sniff
from seqcoder_jobs.corpus.locations import facts, one_line, open_binary

ERRORS = (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)
_MAX_OPEN = 4


class TarStream:
    """A tar file, plain or compressed (by its first bytes), read member by member."""

    def __init__(self, location: str) -> None:
        """Open it; raises InputError."""
        self.location = location
        self._raw = open_binary(location)
        try:
            self._tar = tarfile.open(  # noqa: SIM115 - closed in close()
                fileobj=self._decompressed(self._raw), mode="r|"
            )
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
        """Yield the regular files from here on; raises InputError where the tar is damaged."""
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
            if member.isreg():
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
        self._raw.close()


class _OpenTars:
    """The tars this process is in the middle of, least recently used first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: OrderedDict[tuple[str, int], TarStream] = OrderedDict()

    def read(self, location: str, mtime_ns: int, name: str) -> bytes:
        with self._lock:
            key = (location, mtime_ns)
            stream = self._streams.pop(key, None)
            data = None if stream is None else _find(stream, name)
            if data is None:
                if stream is not None:
                    stream.close()
                stream = TarStream(location)
                try:
                    data = _find(stream, name)
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


def _find(stream: TarStream, name: str) -> bytes | None:
    """Go on in a tar to a member called ``name``; None if there is none from here on."""
    for member in stream.members():
        if member.name == name:
            return stream.read(member)
    return None


_open_tars = _OpenTars()


def read_member(location: str, mtime_ns: int, name: str) -> bytes:
    """Return the bytes of a member of a tar file, as they are stored in it.

    ``mtime_ns`` is the tar's own when it was listed (0: not known).

    Raises:
        InputError: the tar cannot be read, has changed, or has no such member.
    """
    found = facts(location)
    if found is None or (mtime_ns and found.mtime_ns != mtime_ns):
        raise InputError(
            f"{location}::{name}: the tar file changed since the plan was made; restore it, or "
            "submit it to a new archive"
        )
    return _open_tars.read(location, found.mtime_ns, name)
