"""Where containers are as files while they are written: where they stay, or in scratch.

Containers of a folder are written there. Those of an object store are written in a scratch folder
of this machine (``SEQCODER_SCRATCH``), checked, and put as objects whose names tell their SHA-256;
what they go on after is fetched there first.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from seqcoder.circumstances import system_reason
from seqcoder.container.parity import parity_path
from seqcoder.errors import InputError, IntegrityError, MissingError
from seqcoder.reading.reader import Container
from seqcoder.storage.atomic import atomic_file
from seqcoder.storage.checksum import file_sha256
from seqcoder.storage.container_name import container_of, object_name
from seqcoder.storage.opening import open_store
from seqcoder.storage.scratch import VARIABLE, no_scratch, scratch_folder, scratch_path
from seqcoder.storage.store import Stored
from seqcoder.storage.url import is_url

_PIECE_BYTES = 16 << 20


class Workplace(Protocol):
    """A folder in which containers have their names, and the way from and to where they stay."""

    folder: Path

    def bring(self, states: Mapping[str, str]) -> None:
        """Have containers in ``folder``, as they are by their SHA-256 (hex), by name.

        "": there is none of that name.
        """

    def keep(self, name: str, sha256: str, stays: bool) -> None:
        """Put a container that is whole, and its parity, where it stays.

        ``stays``: others will need it here.
        """

    def leave(self) -> None:
        """Remove what was only needed meanwhile."""

    def told(self) -> contextlib.AbstractContextManager[None]:
        """Say, where the folder cannot be written within the block, how to name another."""


class InPlace:
    """The folder that containers stay in."""

    def __init__(self, folder: Path) -> None:
        """``folder`` need not exist."""
        self.folder = folder

    def bring(self, states: Mapping[str, str]) -> None:
        """Do nothing: they are there."""

    def keep(self, name: str, sha256: str, stays: bool) -> None:
        """Do nothing: it is there."""

    def leave(self) -> None:
        """Do nothing."""

    def told(self) -> contextlib.AbstractContextManager[None]:
        """Do nothing: users named it."""
        return contextlib.nullcontext()


class Scratch:
    """A scratch folder for an object store's containers, the same for all processes of a user."""

    def __init__(self, url: str) -> None:
        """``url``: where the containers stay. The folder is made when something is brought."""
        self._store = open_store(url)
        self._url = url
        self.folder = scratch_path(url)

    def bring(self, states: Mapping[str, str]) -> None:
        """Fetch containers and what they extend, unless they are here.

        Raises InputError where there can be no scratch.
        """
        scratch_folder(self._url)
        for name, sha256 in states.items():
            if sha256:
                self.bring_reference(self.fetch(object_name(name, sha256), name, sha256))
            else:
                (self.folder / name).unlink(missing_ok=True)

    def fetch(self, stored_name: str, name: str, sha256: str) -> Path:
        """Fetch an object as the file ``name``; "" for a SHA-256 that is not known.

        Raises StorageError, and IntegrityError where it is not of that SHA-256.
        """
        scratch_folder(self._url)
        path = self.folder / name
        try:
            if sha256 and path.exists() and file_sha256(path) == sha256:
                return path
            size = self._store.find(stored_name).size
            with atomic_file(path) as out:
                for start in range(0, size, _PIECE_BYTES):
                    stop = min(size, start + _PIECE_BYTES)
                    out.write(self._store.get_range(stored_name, start, stop))
            if sha256 and file_sha256(path) != sha256:
                path.unlink()
                raise IntegrityError(
                    f"{self._store.locate(stored_name)}: does not match its SHA-256; it is damaged"
                )
        except OSError as error:
            raise no_scratch(path, system_reason(error)) from None
        return path

    def bring_reference(self, path: Path) -> None:
        """Fetch the container that the one at ``path`` extends, or a later state of it."""
        with Container(path) as container:
            extends = container.reader.index.extends
        if extends is None:
            return
        sha256 = extends.sha256.hex()
        with contextlib.suppress(MissingError):
            self.fetch(object_name(extends.name, sha256), extends.name, sha256)
            return
        for stored in self.states(extends.name)[-1:]:  # it was appended to since
            self.fetch(stored.name, extends.name, "")

    def states(self, name: str) -> list[Stored]:
        """Return the objects that are states of a container, the latest last."""
        found = [stored for stored in self._store.files() if container_of(stored.name) == name]
        return sorted(found, key=lambda stored: (stored.mtime_ns, stored.name))

    def keep(self, name: str, sha256: str, stays: bool) -> None:
        """Upload a container and its parity, read back and compared."""
        path, stored_name = self.folder / name, object_name(name, sha256)
        self._store.put_file(stored_name, path, sha256)
        parity = parity_path(path)
        if parity.exists():
            final = parity_path(Path(stored_name)).name
            self._store.put_file(final, parity, file_sha256(parity))
        if not stays:
            with contextlib.suppress(OSError):
                path.unlink()
                parity.unlink(missing_ok=True)

    def has_parity(self, name: str, sha256: str) -> bool:
        """Whether a container's parity is there."""
        try:
            self._store.find(parity_path(Path(object_name(name, sha256))).name)
        except MissingError:
            return False
        return True

    def leave(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Name the variable."""
        try:
            yield
        except InputError as error:
            if str(self.folder) not in str(error):
                raise
            raise InputError(f"{error} ({VARIABLE} names another scratch folder)") from None

    def let_go(self, name: str) -> None:
        """Remove a container and its parity, and the folder if nothing else is there."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        parity_path(path).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def open_workplace(location: str) -> InPlace | Scratch:
    """Return the workplace for containers that stay at a path or URL."""
    return Scratch(location) if is_url(location) else InPlace(Path(location))
