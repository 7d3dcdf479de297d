"""Containers and manifest brought into line after a crash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from seqcoder.container.parity import is_available, parity_path
from seqcoder.errors import SeqcoderError
from seqcoder.reading.reader import Container
from seqcoder.storage.container_name import object_name
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.plan import ContainerPlan
from seqcoder.writing.planned import protect
from seqcoder.writing.workplace import Scratch
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import CONTAINERS
from seqcoder_jobs.archive.saved_plan import SavedPlan
from seqcoder_jobs.writing.finishing import settle


def recover(archive: Archive, saved: SavedPlan) -> None:
    """Bring containers and manifest into line after a crash.

    A container without its rows (killed between the two) gets them from its own index; rows of
    a container that has been lost are dropped, so that it is made again. Genomes whose places
    others have taken by then are noted as such.
    """
    from seqcoder_jobs.archive.manifest.files import covered_containers, forget, write_part
    from seqcoder_jobs.archive.manifest.rebuild import rebuild_report
    from seqcoder_jobs.archive.manifest.rows import container_rows

    store = archive.store
    covered = covered_containers(store)
    there = {stored.name.partition("/")[2] for stored in store.files(CONTAINERS)}
    written = archive.container_digests()
    lost = {
        name
        for name, sha256 in written.items()
        if (name if archive.folder else object_name(name, sha256)) not in there
    }
    if lost:
        archive.mark_incomplete()
        forget(store, lost)
        covered = {key for key in covered if key.partition("+")[0] not in lost}
        written = {name: sha256 for name, sha256 in written.items() if name not in lost}
    place = archive.workplace()
    for container in saved.plan.containers:
        if container.is_reference and is_available():
            _protect(place, container.file, written)
        if container.key in covered:
            continue
        for path in _found(place, container, written):
            report = rebuild_report(path, container.genomes)
            if archive.folder is None:
                place.keep(container.file, report.sha256, stays=container.is_reference)
            attempts = _attempts(archive, container.genomes)
            before = written_containers(archive).get(container.file) if container.part else None
            rows = container_rows(container.file, report, attempts, before)
            archive.mark_incomplete()
            write_part(store, container.key, rows)
            written[container.file] = report.sha256
    settle(archive)


def _found(place: Any, container: ContainerPlan, written: dict[str, str]) -> Iterator[Path]:
    """Yield the file of a container that is whole and has no rows, if there is one."""
    path: Path = place.folder / container.file
    if isinstance(place, Scratch):
        states = place.states(container.file)
        now = object_name(container.file, written.get(container.file, ""))
        for state in reversed([s for s in states if s.name != now]):
            try:
                path = place.fetch(state.name, container.file, "")
                place.bring_reference(path)
                found = _is_written(path, container)
            except SeqcoderError:  # an object that others left: it is made again
                continue
            if found:
                yield path
                return
    elif path.exists() and _is_written(path, container):
        yield path


def _protect(place: Any, name: str, written: dict[str, str]) -> None:
    """Write the parity file of a reference, where a crash came before it."""
    path = place.folder / name
    if isinstance(place, Scratch):
        if name not in written or place.has_parity(name, written[name]):
            return
        place.bring({name: written[name]})
    elif not path.exists() or parity_path(path).exists():
        return
    protect(path)
    place.keep(name, written.get(name, ""), stays=True)


def _is_written(path: Path, container: ContainerPlan) -> bool:
    """Whether a container's file holds this part of it; a file without any is the first part."""
    if not container.part:
        return True
    with Container(path) as opened:
        return any(genome.name in opened for genome in container.genomes)


def written_containers(archive: Archive) -> dict[str, dict[str, Any]]:
    """Return the manifest's rows of containers by name."""
    from seqcoder_jobs.archive.manifest.files import read_table

    return {row["container"]: row for row in read_table(archive.store, "containers").to_pylist()}


def _attempts(archive: Archive, genomes: Iterable[GenomeSource]) -> dict[str, int]:
    from seqcoder_jobs.archive.manifest.files import next_attempts

    known = next_attempts(archive.store)
    return {genome.name: known.get(genome.name, 1) for genome in genomes}
