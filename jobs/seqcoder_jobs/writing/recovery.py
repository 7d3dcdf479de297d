"""Containers and manifest brought into line after a crash."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seqcoder.container.parity import parity_path
from seqcoder.reading.reader import Container
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.plan import ContainerPlan
from seqcoder.writing.planned import protect
from seqcoder_jobs.archive.folder import Archive, SavedPlan


def recover(archive: Archive, saved: SavedPlan) -> None:
    """Bring containers and manifest into line after a crash.

    A container without its rows (killed between the two) gets them from its own index; rows of
    a container that has been lost are dropped, so that it is made again.
    """
    from seqcoder_jobs.archive.manifest.files import (
        covered_containers,
        forget,
        read_table,
        write_part,
    )
    from seqcoder_jobs.archive.manifest.rebuild import rebuild_report
    from seqcoder_jobs.archive.manifest.rows import container_rows

    covered = covered_containers(archive.manifest)
    written = set(
        read_table(archive.manifest, "containers", ["container"])["container"].to_pylist()
    )
    lost = {name for name in written if not (archive.containers / name).exists()}
    if lost:
        archive.mark_incomplete()
        forget(archive.manifest, lost)
        covered -= lost
    for container in saved.plan.containers:
        path = archive.containers / container.file
        if container.is_reference and path.exists() and not parity_path(path).exists():
            protect(path)
        if container.key not in covered and path.exists() and _is_written(path, container):
            report = rebuild_report(path, container.genomes)
            attempts = _attempts(archive, container.genomes)
            before = written_containers(archive).get(container.file) if container.part else None
            rows = container_rows(container.file, report, attempts, before)
            archive.mark_incomplete()
            write_part(archive.manifest, container.key, rows)


def _is_written(path: Path, container: ContainerPlan) -> bool:
    """Whether a container's file holds this part of it; a file without any is the first part."""
    if not container.part:
        return True
    with Container(path) as opened:
        return any(genome.name in opened for genome in container.genomes)


def written_containers(archive: Archive) -> dict[str, dict[str, Any]]:
    """Return the manifest's rows of containers by name."""
    from seqcoder_jobs.archive.manifest.files import read_table

    return {row["container"]: row for row in read_table(archive.manifest, "containers").to_pylist()}


def _attempts(archive: Archive, genomes: Iterable[GenomeSource]) -> dict[str, int]:
    from seqcoder_jobs.archive.manifest.files import failed_genomes

    failed = failed_genomes(archive.manifest)
    return {genome.name: 1 + failed.get(genome.name, (0, ""))[0] for genome in genomes}
