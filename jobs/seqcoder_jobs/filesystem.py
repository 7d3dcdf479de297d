"""``sqc://`` for fsspec: a container or an archive as a folder of FASTA files.

``fsspec.open("sqc://ecoli.fa::/data/archive")`` reads a genome's file; what stands behind ``::``
is an archive's folder or a container (``.sqc``), where fsspec finds it. Beside each ``NAME``
there is ``NAME.fai``, which is not listed.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import fsspec
from fsspec.archive import AbstractArchiveFileSystem

from seqcoder.errors import NotFoundError
from seqcoder.reading.file_range import FileRanges
from seqcoder.reading.genome import Genome
from seqcoder.reading.opening import open as open_container
from seqcoder.storage.url import is_url

_BUFFER = 64 << 10
_FAI = ".fai"


class SqcFileSystem(AbstractArchiveFileSystem):  # type: ignore[misc]
    """The genomes of a container or an archive, to be read only."""

    root_marker = ""
    protocol = "sqc"
    cachable = False

    def __init__(
        self,
        fo: str | os.PathLike[str] = "",
        target_protocol: str | None = None,
        target_options: Mapping[str, Any] | None = None,
        threads: int = 0,
        **kwargs: Any,
    ) -> None:
        """``fo``: path or URL of a container (``.sqc``) or an archive; ``threads`` 0: all cores.

        With ``target_protocol``, as fsspec gives it for what stands behind ``::``, it is read
        by that filesystem with ``target_options``; without, as ``seqcoder.open`` reads it.

        Raises:
            InputError, UsageError: there is neither. IntegrityError: its index is damaged.
        """
        self.genomes: Mapping[str, Genome] = {}
        super().__init__(**kwargs)
        self.fo = os.fspath(fo)
        if not self.fo:
            raise ValueError("sqc:// needs an archive: sqc://NAME::ARCHIVE, or fo=ARCHIVE")
        local = target_protocol in (None, "file", "local")
        elsewhere = not local or is_url(self.fo)
        if os.path.isdir(self.fo) or (elsewhere and not self.fo.endswith(".sqc")):  # noqa: PTH112
            from seqcoder_jobs.reading.archive_reader import open_archive

            place = self.fo if local else f"{target_protocol}://{self.fo}"
            self.genomes = open_archive(place, threads=threads)
        elif local:
            self.genomes = open_container(self.fo, threads=threads)
        else:
            options = dict(target_options or {})
            file = fsspec.open(self.fo, protocol=target_protocol, **options).open()
            self.genomes = open_container(file, threads=threads)
        self.dir_cache: dict[str, dict[str, Any]] = {}

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        stripped: str = super()._strip_protocol(path)
        return stripped.lstrip("/")

    def close(self) -> None:
        """Close the archive; open files cannot be read any more."""
        if self.genomes:
            self.genomes.close()  # type: ignore[attr-defined]

    def __del__(self) -> None:
        self.close()

    def _get_dirs(self) -> None:
        if not self.dir_cache:
            folders = self._all_dirnames(set(self.genomes))
            self.dir_cache = {
                folder: {"name": folder, "size": 0, "type": "directory"} for folder in folders
            } | {name: self._file(name, size) for name, size in self._sizes()}

    def _sizes(self) -> Iterable[tuple[str, int]]:
        from seqcoder.reading.reader import Container

        if isinstance(self.genomes, Container):
            return [(name, genome.row.size) for name, genome in self.genomes.items()]
        sizes: dict[str, int] = self.genomes.sizes()  # type: ignore[attr-defined]
        return sizes.items()

    def _file(self, name: str, size: int) -> dict[str, Any]:
        return {"name": name, "size": size, "type": "file", "mtime": 0.0}

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """Return name, size and type of a file or folder; raises FileNotFoundError."""
        path = self._strip_protocol(path)
        if path in self.genomes:
            return self._file(path, self.genomes[path].row.size)
        if (fai := self._fai(path)) is not None:
            return self._file(path, len(fai))
        found: dict[str, Any] = super().info(path.rstrip("/"), **kwargs)
        return found

    def _fai(self, path: str) -> bytes | None:
        genome = path.removesuffix(_FAI)
        if genome == path or genome not in self.genomes:
            return None
        return FileRanges(self.genomes[genome]).fai()

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        """Return what is in a folder; raises FileNotFoundError."""
        found: list[Any] = super().ls(self._strip_protocol(path), detail, **kwargs)
        return found

    def modified(self, path: str) -> datetime:
        """Return one time for all: what is in an archive does not change."""
        self.info(path)
        return datetime.fromtimestamp(0, UTC)

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        cache_options: Any = None,
        **kwargs: Any,
    ) -> Any:
        if mode != "rb":
            raise OSError(f"{path}: an archive is read only; mode {mode!r} cannot be had")
        path = self._strip_protocol(path)
        try:
            ranges = FileRanges(self.genomes[path])
        except NotFoundError:
            if (fai := self._fai(path)) is not None:
                return io.BytesIO(fai)
            if self.isdir(path):
                raise IsADirectoryError(path) from None
            raise FileNotFoundError(path) from None
        return io.BufferedReader(_GenomeFile(ranges, self), block_size or _BUFFER)

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any
    ) -> bytes:
        """Return a file, compared with its SHA-256, or a range of it."""
        with self.open(path) as file:
            size = file.seek(0, os.SEEK_END)
            begin, stop, _ = slice(start, end).indices(size)
            file.seek(begin)
            data: bytes = file.read(max(stop - begin, 0))
            return data


class _GenomeFile(io.RawIOBase):
    def __init__(self, ranges: FileRanges, fs: SqcFileSystem) -> None:
        self._ranges = ranges
        self._fs = fs  # which closes the archive when nothing needs it any more
        self._at = 0
        self.name = ranges.genome.name

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._ranges.size}[whence]
        if base + offset < 0:
            raise ValueError(f"{self.name}: negative place {base + offset}")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        data = self._ranges.read(self._at, self._at + len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def readall(self) -> bytes:
        data = self._ranges.read(self._at, self._ranges.size)
        self._at += len(data)
        return data
