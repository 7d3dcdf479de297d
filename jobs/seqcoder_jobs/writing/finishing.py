"""What a submit does at its end: metadata, the manifest compacted, the success mark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqcoder.container.parity import SUFFIX as PARITY
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import CONTAINERS
from seqcoder_jobs.archive.saved_plan import SavedPlan
from seqcoder_jobs.corpus.listing import Problem
from seqcoder_jobs.writing.sketches import forget_sketches

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
        drop_superseded(archive, saved)
        compact(archive.store, names)
        if not failures and not archive.is_marked:
            archive.mark_success(saved, container_facts(archive))
    return failures


def container_facts(archive: Archive) -> list[dict[str, Any]]:
    """Return name, bytes and SHA-256 of every container, from the manifest."""
    from seqcoder_jobs.archive.manifest.files import read_table

    table = read_table(archive.store, "containers", ["container", "bytes", "sha256"])
    return sorted(table.to_pylist(), key=lambda row: str(row["container"]))


_COLUMNS = ["genome", "container", "sha256", "source"]


def drop_superseded(archive: Archive, saved: SavedPlan) -> None:
    """Let go of containers that a purge planned anew: their rows first, then their bytes."""
    from seqcoder_jobs.archive.manifest.changes import (
        PURGED,
        add_changes,
        hidden_genomes,
        replaced_containers,
    )
    from seqcoder_jobs.archive.manifest.files import forget, read_table

    planned = {container.file for container in saved.plan.containers}
    digests = archive.container_digests()
    files = sorted((replaced_containers(archive.store) & set(digests)) - planned)
    if not files:
        return
    table = read_table(archive.store, "genomes", _COLUMNS, hidden=True).to_pylist()
    hidden = hidden_genomes(archive.store)
    there = [row for row in table if row["container"] in files]
    gone = [row for row in there if (row["genome"], row["container"]) in hidden]
    if len(gone) < len(there):
        return  # something is nowhere else: that must not be, and nothing goes before it is
    if gone:
        add_changes(archive.store, PURGED, gone, "")
    archive.check_held()
    forget_sketches(archive.store, {row["genome"] for row in gone})
    names = [f"{CONTAINERS}/{archive.container_name(file)}" for file in files]
    forget(archive.store, set(files))
    archive.refresh()
    archive.store.delete([*names, *(name + PARITY for name in names)])
