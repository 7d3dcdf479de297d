"""Getting genomes, records and regions out of an archive, found by name in its manifest."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from seqcoder.api import check_free, output_path, write_below
from seqcoder.errors import NotFoundError, SeqcoderError, UsageError
from seqcoder.export import file_name, write_genomes
from seqcoder.reader import Container, Genome
from seqcoder.region import Region, find_region
from seqcoder_jobs.archive import Archive
from seqcoder_jobs.success import check_present


@dataclass(frozen=True)
class Place:
    """A genome and the container it is in."""

    genome: str
    container: str


@dataclass(frozen=True)
class Restore:
    """Genomes of one container, to be restored below a folder; ``threads`` 0: all cores."""

    container: str
    genomes: tuple[str, ...]
    folder: str
    force: bool
    threads: int
    format: str = "fa"


def all_places(archive: Archive) -> list[Place]:
    """Return where every genome of the archive is."""
    from seqcoder_jobs.manifest.files import read_table

    archive.load()
    check_present(archive.folder)
    table = read_table(archive.manifest, "genomes", ["genome", "container", "ordinal"])
    rows = [row for row in table.to_pylist() if row["container"] is not None]
    rows.sort(key=lambda row: (row["container"], row["ordinal"]))
    return [Place(row["genome"], row["container"]) for row in rows]


def find_genome(places: Sequence[Place], name: str, where: str) -> Place:
    """Return the place of the genome called ``name``, in full or by its only file name or stem.

    The name of its folder will do where it is alone there, as accessions of NCBI packages are.

    Raises:
        NotFoundError: there is none. UsageError: it could be several.
    """
    for place in places:
        if place.genome == name:
            return place
    like = [
        place for place in places if name in ((path := PurePosixPath(place.genome)).name, path.stem)
    ]
    like = like or [place for place in places if name == PurePosixPath(place.genome).parent.name]
    if len(like) == 1:
        return like[0]
    if like:
        names = ", ".join(place.genome for place in like[:5])
        raise UsageError(f"{where}: {name!r} could be {names}; say which")
    raise NotFoundError(f"{where}: no genome {name!r}; 'seqcoder-ray list' names them")


class OpenContainers:
    """Opens containers of an archive as they are needed, each once."""

    def __init__(self, archive: Archive, threads: int = 0) -> None:
        """``threads``: chunks decoded at a time, 0: all cores."""
        self._archive = archive
        self._threads = threads
        self._open: dict[str, Container] = {}

    def genome(self, place: Place) -> Genome:
        """Return an open genome."""
        if place.container not in self._open:
            path = self._archive.containers / place.container
            self._open[place.container] = Container(path, threads=self._threads)
        return self._open[place.container][place.genome]

    def __enter__(self) -> OpenContainers:
        return self

    def __exit__(self, *_: object) -> None:
        for container in self._open.values():
            container.close()


def find_regions(
    archive: Archive, queries: Sequence[str], within: Sequence[Place], opened: OpenContainers
) -> list[Region]:
    """Find records and regions by the manifest's record table, ``within`` genomes if any.

    Raises:
        NotFoundError, UsageError: as ``seqcoder.region.find_region``.
    """
    names = {name for query in queries for name in _record_names(query)}
    by_record: dict[str, list[Place]] = {}
    for row in _records_called(archive, names):
        place = Place(row["genome"], row["container"])
        if not within or place in within:
            by_record.setdefault(row["record"], []).append(place)
    regions = []
    for query in queries:
        places = [place for name in _record_names(query) for place in by_record.get(name, [])]
        genomes = [opened.genome(place) for place in dict.fromkeys(places)]
        regions.append(find_region(query, genomes, str(archive)))
    return regions


def _record_names(query: str) -> list[str]:
    """Return what a query's record may be called: all of it, or what is before its last colon."""
    before = query.rpartition(":")[0]
    return [query, before] if before else [query]


def _records_called(archive: Archive, names: set[str]) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    from seqcoder_jobs.manifest.files import manifest_files

    files = [str(file.path) for file in manifest_files(archive.manifest, "records")]
    if not files:
        return []
    # Row groups whose statistics exclude the names are not read.
    found = ds.dataset(files).to_table(
        columns=["genome", "container", "record"],
        filter=pc.field("record").isin(pa.array(sorted(names), pa.string())),
    )
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def restores(
    archive: Archive,
    places: Sequence[Place],
    folder: str,
    *,
    force: bool,
    threads: int,
    format: str = "fa",
) -> list[Restore]:
    """Return the work of restoring genomes below ``folder``, container by container."""
    by_container: dict[str, list[str]] = {}
    for place in places:
        by_container.setdefault(place.container, []).append(place.genome)
    return [
        Restore(str(archive.containers / name), tuple(genomes), folder, force, threads, format)
        for name, genomes in by_container.items()
    ]


def restore_genomes(work: Restore) -> list[tuple[str, str, int]]:
    """Restore genomes, each whole and checked or not at all; what fails is told, not raised.

    Returns (genome, error, exit code) for those that failed. Runs anywhere the files are seen.
    """
    failures: list[tuple[str, str, int]] = []
    try:
        container = Container(work.container, threads=work.threads)
    except SeqcoderError as error:
        return [(name, str(error), error.exit_code) for name in work.genomes]
    places: set[tuple[int, int]] = set()
    with contextlib.closing(container):
        for name in work.genomes:
            try:
                _restore_one(container[name], work, places)
            except SeqcoderError as error:
                failures.append((name, str(error), error.exit_code))
            except OSError as error:
                reason = f"{error.filename or work.folder}: {error.strerror or error}"
                failures.append((name, reason, 1))
    return failures


def _restore_one(genome: Genome, work: Restore, places: set[tuple[int, int]]) -> None:
    target = output_path(Path(work.folder), file_name(genome.name, work.format))
    check_free(target, work.force, places)
    packed = io.BytesIO()
    write_genomes(packed, [genome], None, work.format, genome.name)
    write_below(target, packed.getvalue(), places)
