"""Zip files as corpora: members listed and read at their places, never unpacked to disk."""

from __future__ import annotations

import atexit
import lzma
import stat
import struct
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterator

from seqcoder.errors import InputError
from seqcoder.fasta.decompression import DEFAULT_MAX_BYTES
from seqcoder.storage.url import is_url
from seqcoder_jobs.corpus.locations import one_line, open_binary, unchanged

# RuntimeError: encrypted; NotImplementedError: a compression zipfile does not know.
_ERRORS = (
    *(zipfile.BadZipFile, OSError, EOFError, zlib.error, RuntimeError, NotImplementedError),
    # What zipfile makes of directories and members that contradict themselves.
    *(lzma.LZMAError, ValueError, OverflowError, struct.error),
)
_MAX_OPEN = 4


def zip_members(location: str) -> Iterator[tuple[str, int | None]]:
    """Yield name and size of the files in a zip file, in its own order; raises InputError.

    Symbolic links are among them, without a size.
    """
    with _open(location) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                link = stat.S_ISLNK(member.external_attr >> 16)
                yield member.filename, None if link else member.file_size


def read_zip_member(location: str, mtime_ns: int, name: str) -> bytes:
    """Return the bytes of a member of a zip file, checked against its CRC.

    ``mtime_ns`` is the zip's own when it was listed (0: not known).

    Raises:
        InputError: the zip cannot be read, has changed, is damaged, or has no such member.
    """
    found = unchanged(location, mtime_ns, f"{location}::{name}")
    return _open_zips.read(location, found.mtime_ns, name)


def _open(location: str) -> zipfile.ZipFile:
    try:
        # A path is opened, and closed again, by zipfile itself.
        return zipfile.ZipFile(open_binary(location) if is_url(location) else location)
    except _ERRORS as error:
        raise InputError(f"{location}: not a readable zip file ({one_line(error)})") from None


class _Zip:
    """An open zip file and its members by name; of two of one name it is the first."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.members = {info.filename: info for info in reversed(archive.infolist())}


class _OpenZips:
    """The zips this process reads from, least recently used first: directories are read once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._zips: OrderedDict[tuple[str, int], _Zip] = OrderedDict()

    def read(self, location: str, mtime_ns: int, name: str) -> bytes:
        with self._lock:
            key = (location, mtime_ns)
            opened = self._zips.pop(key, None) or _Zip(_open(location))
            self._zips[key] = opened
            while len(self._zips) > _MAX_OPEN:
                self._zips.popitem(last=False)[1].archive.close()
            info = opened.members.get(name)
            if info is None:
                raise InputError(f"{location}::{name}: no such member in the zip file")
            try:
                with opened.archive.open(info) as member:
                    data = member.read(DEFAULT_MAX_BYTES + 1)
            except _ERRORS as error:
                if info.flag_bits & 1:
                    raise InputError(
                        f"{location}::{name}: is encrypted; unpack it and give the file"
                    ) from None
                raise InputError(
                    f"{location}::{name}: damaged ({one_line(error)}); fetch the file again"
                ) from None
        if len(data) > DEFAULT_MAX_BYTES:
            raise InputError(f"{location}::{name}: more than {DEFAULT_MAX_BYTES} bytes unpacked")
        return data

    def close(self) -> None:
        with self._lock:
            while self._zips:
                self._zips.popitem()[1].archive.close()


_open_zips = _OpenZips()
atexit.register(_open_zips.close)
