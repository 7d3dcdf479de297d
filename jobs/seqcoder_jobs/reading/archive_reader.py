"""Reading an archive from Python: ``seqcoder_jobs.open_archive(folder)``.

An :class:`OpenArchive` is a mapping of the names of all its genomes to ``seqcoder.Genome``::

    with seqcoder_jobs.open_archive("archive") as archive:
        archive["ecoli.fa"]["NC_000913.3"][1000:1060]
        for record in archive.records_called("NC_000913.3"):
            print(record.genome.name, len(record))

Which genome is in which container is read from the manifest when it is opened. Containers are
opened as they are needed, and of those at most ``most_open`` are held with an open file and
decoded bases. A genome stays readable whatever is read after it: its container's file is then
opened again, as long as the archive itself is open.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from seqcoder.errors import (
    InputError,
    IntegrityError,
    MissingError,
    NoSuchNameError,
    SeqcoderError,
    UsageError,
)
from seqcoder.reading.genome import Genome
from seqcoder.reading.reader import Container, References
from seqcoder.reading.record import Record
from seqcoder.storage.names import spell
from seqcoder.storage.range_source import RangeSource
from seqcoder.storage.url import is_url
from seqcoder.wording import count_of
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import MADE_AGAIN
from seqcoder_jobs.archive.lookup import ArchivedGenome, archived_genomes_now, records_called
from seqcoder_jobs.reading.open_files import OpenFiles, SharedFile

MOST_OPEN = 32
_AHEAD = 16
_CACHE_BYTES = 32 << 20
"""Each keeps up to so much of decoded bases, and half as much of walks."""


def open_archive(
    folder: str | os.PathLike[str], *, threads: int = 0, most_open: int = MOST_OPEN
) -> OpenArchive:
    """Open an archive for reading; what is appended later is seen when it is opened anew.

    Args:
        folder: the archive, as ``seqcoder-ray submit -o`` made it, finished or not: its folder or
            URL.
        threads: chunks decoded at a time, 0: all cores.
        most_open: containers held open at a time, each with up to 32 MiB of decoded bases.

    Raises:
        UsageError: there is no archive, or ``most_open`` is below 1.
        IntegrityError: its manifest is damaged.
    """
    archive = Archive(folder)
    archive.require()
    return OpenArchive(archive, archived_genomes_now(archive), threads=threads, most_open=most_open)


class OpenArchive(Mapping[str, Genome]):
    """All genomes of an archive by name, in the order of its containers. Safe for threads."""

    def __init__(
        self,
        archive: Archive,
        archived: Iterable[ArchivedGenome],
        *,
        threads: int = 0,
        most_open: int = MOST_OPEN,
    ) -> None:
        """``archived``: of the genomes wanted; the rest as ``open_archive``."""
        if most_open < 1:
            raise UsageError(f"most_open {most_open}: one container at least must be open")
        self.archive = archive
        self._container_of = {genome.name: genome.container for genome in archived}
        self._threads = threads
        self._most_open = most_open
        self._files = OpenFiles(most_open, str(archive))
        self._containers: OrderedDict[str, Container] = OrderedDict()
        self._references = References(self._open_source)
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> Genome:
        """Return a genome.

        Raises:
            NotFoundError: there is none of this name, or it failed, or is not compressed yet.
            IntegrityError: its container is missing or damaged. UsageError: this is closed.
        """
        if name not in self._container_of:
            raise NoSuchNameError(str(self.archive), "genome", name, program="seqcoder-ray")
        container = self._container(self._container_of[name])
        if name not in container:
            raise IntegrityError(
                f"{container.path}: has no genome {name!r}, which the manifest says it has; "
                "'seqcoder-ray verify' tells what else is wrong"
            )
        return container[name]

    def each(self, names: Iterable[str]) -> Iterator[Genome]:
        """Yield genomes in the order named; raises as ``[]``.

        Containers of an object store are opened some at a time, side by side: each takes requests.
        """
        wanted = list(names)
        ahead = min(_AHEAD, self._most_open) if self.archive.folder is None else len(wanted)
        for first in range(0, len(wanted), max(ahead, 1)):
            some = wanted[first : first + ahead]
            if self.archive.folder is None:
                self._open_side_by_side(some)
            for name in some:
                yield self[name]

    def _open_side_by_side(self, names: Iterable[str]) -> None:
        files = dict.fromkeys(self._container_of[name] for name in names if name in self)
        missing = [file for file in files if file not in self._containers]
        if len(missing) > 1:
            self.archive.container_name(missing[0])  # the manifest is read once, before
            with ThreadPoolExecutor(len(missing)) as pool:
                tasks = {file: pool.submit(self._open, file) for file in missing}
            for file, task in tasks.items():
                with suppress(SeqcoderError), self._lock:  # told when the genome is read
                    self._keep(file, task.result())

    def _container(self, name: str) -> Container:
        with self._lock:
            if name not in self._containers:
                self._keep(name, self._open(name))
            self._containers.move_to_end(name)
            return self._containers[name]

    def _keep(self, name: str, container: Container) -> None:
        self._containers[name] = container
        while len(self._containers) > self._most_open:
            self._containers.popitem(last=False)

    def _open(self, name: str) -> Container:
        if PurePosixPath(name).name != name:
            raise IntegrityError(
                f"{self.archive}: its manifest names a container {name!r}; it is damaged"
            )
        file = None
        if self.archive.folder is not None:
            file = SharedFile(Path(self.archive.container(name)), self._files)
        container = Container(
            self._remote(name) if file is None else cast(BinaryIO, file),
            threads=self._threads,
            cache_bytes=_CACHE_BYTES,
            references=self._references,
        )
        if file is not None:
            file.let_go = container.forget
        return container

    def _remote(self, name: str) -> RangeSource:
        """Open an object, found anew where the state that was read of is there no more."""
        try:
            return RangeSource(self.archive.container(name))
        except MissingError:
            self.archive.refresh()
        where = self.archive.container(name)
        try:
            return RangeSource(where)
        except MissingError:
            raise IntegrityError(f"{where}: is missing; {MADE_AGAIN}") from None

    def _open_source(self, place: str) -> RangeSource:
        """Open a reference, as one of the archive's files."""
        if is_url(place):
            return RangeSource(place)
        if not Path(place).is_file():
            raise InputError(f"{place}: no such file")
        file = SharedFile(Path(place), self._files)
        file.let_go = lambda: self._references.forget(place)
        return RangeSource(cast(BinaryIO, file))

    def __contains__(self, name: object) -> bool:
        return name in self._container_of

    def __iter__(self) -> Iterator[str]:
        return iter(self._container_of)

    def __len__(self) -> int:
        return len(self._container_of)

    def __repr__(self) -> str:
        return f"<OpenArchive {self.archive}: {count_of(len(self), 'genome')}>"

    def sizes(self) -> dict[str, int]:
        """Return how large each genome's file is, by the manifest; IntegrityError: damaged."""
        from seqcoder_jobs.archive.manifest.files import read_table

        table = read_table(self.archive.store, "genomes", ["genome", "raw_bytes"])
        rows = zip(table["genome"].to_pylist(), table["raw_bytes"].to_pylist(), strict=True)
        return {name: size for name, size in rows if name in self}

    def where(self, expression: str) -> list[str]:
        """Return the genomes for which an SQL expression over manifest and metadata holds.

        ``archive.where("species = 'Escherichia coli' and year >= 2024")``. Raises UsageError where
        it is none.
        """
        from seqcoder_jobs.archive.where import genomes_where

        return [name for name in genomes_where(self.archive, expression) if name in self]

    def records_called(self, name: str) -> Iterator[Record]:
        """Yield all records called ``name``, in any genome, as the manifest has them.

        Raises:
            IntegrityError: manifest or container is damaged.
        """
        for row in records_called(self.archive, {spell(name)}):
            if self.holds(row):
                yield Record(self[row["genome"]], row["ordinal"])

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Whether a row (genome, container) is of a genome here, where it is read from.

        While a container is written anew, its rows are there twice.
        """
        return bool(self._container_of.get(row["genome"]) == row["container"])

    def close(self) -> None:
        """Close all files; what was taken from here cannot be read any more."""
        self._files.close()
        self._references.close()
        self._containers.clear()

    def __enter__(self) -> OpenArchive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
