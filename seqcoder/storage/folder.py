"""A local folder behind the interface of object stores."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from seqcoder.errors import ChangedError, MissingError, StorageError
from seqcoder.storage.atomic import atomic_file, sync_folder, write_atomically
from seqcoder.storage.checksum import file_sha256
from seqcoder.storage.store import Stored


class Folder:
    """A folder. Writers of one name are kept apart by the archive's lock, not here."""

    def __init__(self, path: Path) -> None:
        """``path`` need not exist yet."""
        self.path = path
        self.url = str(path)

    def locate(self, name: str = "") -> str:
        """Return the path of ``name``."""
        return str(self.path / name) if name else self.url

    def files(self, folder: str = "") -> list[Stored]:
        """Return the files below ``folder``; none where there is none."""
        found = []
        top = self.path / folder
        for root, folders, files in os.walk(top):
            # In order, as of a bucket: what is told of other files (`changes`) is seen before them.
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in files:
                if name.startswith("."):
                    continue
                path = Path(root, name)
                try:
                    found.append(_stored(path.relative_to(self.path).as_posix(), path.stat()))
                except FileNotFoundError:  # removed meanwhile
                    continue
                except OSError as error:
                    raise _told(path, error) from None
        return sorted(found, key=lambda stored: stored.name)

    def find(self, name: str) -> Stored:
        """Return what is known of a file."""
        path = self.path / name
        try:
            status = path.stat()
        except OSError as error:
            raise _told(path, error) from None
        if path.is_dir():
            raise MissingError(f"{path}: is a folder")
        return _stored(name, status)

    def get(self, name: str) -> tuple[bytes, Stored]:
        """Return a file's bytes."""
        path = self.path / name
        try:
            with path.open("rb") as file:
                return file.read(), _stored(name, os.fstat(file.fileno()))
        except OSError as error:
            raise _told(path, error) from None

    def get_end(self, name: str, most: int) -> tuple[bytes, Stored]:
        """Return the last bytes of a file, ``most`` at most."""
        stored = self.find(name)
        start = max(0, stored.size - most)
        return self.get_range(name, start, stored.size, stored.identity), stored

    def get_range(self, name: str, start: int, stop: int, identity: str = "") -> bytes:
        """Return bytes of a file."""
        path = self.path / name
        try:
            with path.open("rb") as file:
                if identity and _stored(name, os.fstat(file.fileno())).identity != identity:
                    raise ChangedError(f"{path}: changed since it was opened; open it again")
                file.seek(start)
                return file.read(max(0, stop - start))
        except OSError as error:
            raise _told(path, error) from None

    def sha256(self, name: str) -> str:
        """Return the SHA-256 of a file."""
        try:
            return file_sha256(self.path / name)
        except OSError as error:
            raise _told(self.path / name, error) from None

    def put(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all."""
        path = self.path / name
        try:
            self._folder_of(path)
            write_atomically(path, data)
        except OSError as error:
            raise _told(path, error) from None

    def put_new(self, name: str, data: bytes) -> bool:
        """Write a file if there is none of that name, or this very one."""
        try:
            return self.get(name)[0] == data
        except MissingError:
            self.put(name, data)
            return True

    def replace(self, name: str, data: bytes, identity: str) -> str:
        """Write a file over the one of ``identity``."""
        try:
            if self.find(name).identity != identity:
                return ""
        except MissingError:
            return ""
        self.put(name, data)
        return self.find(name).identity

    def put_file(self, name: str, path: Path, sha256: str) -> None:
        """Copy a file, read back and compared; nothing if it is there."""
        final = self.path / name
        try:
            if final.is_file() and file_sha256(final) == sha256:
                return
            self._folder_of(final)
            with path.open("rb") as file, atomic_file(final) as out:
                shutil.copyfileobj(file, out, 1 << 20)
            if file_sha256(final) != sha256:
                raise StorageError(f"{final}: is not what was copied from {path}")
        except OSError as error:
            raise _told(final, error) from None

    def delete(self, names: Iterable[str]) -> None:
        """Remove files."""
        folders = set()
        for name in names:
            path = self.path / name
            try:
                path.unlink()
                folders.add(path.parent)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _told(path, error) from None
        for folder in folders:
            sync_folder(folder)

    def _folder_of(self, path: Path) -> None:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            sync_folder(path.parent.parent)


def _stored(name: str, status: os.stat_result) -> Stored:
    identity = f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"
    return Stored(name, status.st_size, identity, status.st_mtime_ns)


def _told(path: Path, error: OSError) -> StorageError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return MissingError(f"{path}: no such file")
    return StorageError(f"{error.filename or path}: {error.strerror or error}")
