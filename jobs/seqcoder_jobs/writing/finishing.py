"""What a submit does at its end: metadata, the manifest compacted, the success mark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.saved_plan import SavedPlan
from seqcoder_jobs.corpus.listing import Problem

if TYPE_CHECKING:
    from seqcoder_jobs.archive.metadata import Metadata


def read_metadata_of(location: str | None) -> Metadata | None:
    """Read a table, if one is given; raises as ``read_metadata``."""
    if location is None:
        return None
    from seqcoder_jobs.archive.metadata import read_metadata

    return read_metadata(location)


def add_metadata(archive: Archive, metadata: Metadata | None, saved: SavedPlan) -> list[str]:
    """Keep metadata of the genomes planned; returns what is of none. Raises as ``matched``."""
    if metadata is None:
        return []
    from seqcoder_jobs.archive.metadata import save_metadata

    archive.mark_incomplete()
    names = {genome.name for container in saved.plan.containers for genome in container.genomes}
    return save_metadata(archive, metadata, names)


def finish(archive: Archive, saved: SavedPlan) -> tuple[Problem, ...]:
    """Compact the manifest and mark success, if all is there; returns the failures."""
    from seqcoder_jobs.archive.manifest.files import compact, covered_containers, read_table

    plan = saved.plan
    table = read_table(archive.store, "genomes", ["genome", "source", "status", "error"])
    names = {genome.name for container in plan.containers for genome in container.genomes}
    failures = tuple(
        Problem(row["source"], row["error"] or "")
        for row in table.to_pylist()
        if row["status"] == "failed" and row["genome"] in names
    )
    if {container.key for container in plan.containers} <= covered_containers(archive.store):
        archive.check_held()
        compact(archive.store, names)
        if not failures and not archive.is_marked:
            archive.mark_success(saved, container_facts(archive))
    return failures


def container_facts(archive: Archive) -> list[dict[str, Any]]:
    """Return name, bytes and SHA-256 of every container, from the manifest."""
    from seqcoder_jobs.archive.manifest.files import read_table

    table = read_table(archive.store, "containers", ["container", "bytes", "sha256"])
    return sorted(table.to_pylist(), key=lambda row: str(row["container"]))
