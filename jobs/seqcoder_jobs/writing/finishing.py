"""What a submit does at its end: metadata, the manifest compacted, the success mark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqcoder.container.parity import SUFFIX as PARITY
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import CONTAINERS, METADATA
from seqcoder_jobs.archive.saved_plan import SavedPlan
from seqcoder_jobs.archive.static_index import write_index
from seqcoder_jobs.corpus.listing import Problem
from seqcoder_jobs.writing.sketches import forget_sketches

if TYPE_CHECKING:
    from seqcoder_jobs.archive.metadata import Kept
    from seqcoder_jobs.archive.metadata_table import Metadata


def read_metadata_of(given: str | Metadata | None) -> Metadata | None:
    """Read a table, if one is given by its path or URL; raises as ``read_metadata``."""
    if not isinstance(given, str):
        return given
    from seqcoder_jobs.archive.metadata_table import read_metadata

    return read_metadata(given)


def add_metadata(archive: Archive, metadata: Metadata | None, saved: SavedPlan) -> Kept | None:
    """Keep metadata of the genomes planned, None if there are none; raises as ``matched``."""
    if metadata is None:
        return None
    from seqcoder_jobs.archive.manifest.files import hidden_genomes
    from seqcoder_jobs.archive.metadata import save_metadata

    archive.mark_incomplete()
    settle(archive)  # first: what is known of a name now is not of those who had it
    hidden = hidden_genomes(archive.store)
    planned = [(genome.name, c.file) for c in saved.plan.containers for genome in c.genomes]
    names = {name for name, file in planned if (name, file) not in hidden}
    return save_metadata(archive, metadata, names)


def finish(archive: Archive, saved: SavedPlan) -> tuple[Problem, ...]:
    """Compact the manifest and mark success, if all is there; returns the failures."""
    from seqcoder_jobs.archive.manifest.files import compact, covered_containers, read_table

    plan = saved.plan
    settle(archive)
    if archive.has(METADATA):
        from seqcoder_jobs.archive.metadata import tidy_metadata

        tidy_metadata(archive)
    columns = ["genome", "container", "source", "status", "error"]
    table = read_table(archive.store, "genomes", columns, hidden=True).to_pylist()
    held = {(row["genome"], row["container"]) for row in table}
    files = {genome.name: c.file for c in plan.containers for genome in c.genomes}  # the last ones
    missing = {name for name, file in files.items() if (name, file) not in held}
    failures = tuple(
        Problem(row["source"], row["error"] or "")
        for row in table
        if row["status"] == "failed" and row["genome"] in missing
    )
    if {container.key for container in plan.containers} <= covered_containers(archive.store):
        archive.check_held()
        dropped = drop_superseded(archive, saved)
        write_index(archive)
        archive.store.delete(dropped)
        compact(archive.store, missing)
        if not failures and not archive.is_marked:
            archive.mark_success(saved, container_facts(archive))
    return failures


def settle(archive: Archive) -> None:
    """Note the genomes whose places others have taken by now."""
    from seqcoder_jobs.archive.manifest.changes import DONE, add_changes, read_changes, unsettled
    from seqcoder_jobs.archive.manifest.files import hidden_genomes

    left = unsettled(read_changes(archive.store))
    hidden = hidden_genomes(archive.store) if left else set()
    for action, done in DONE.items():
        rows = [
            r for r in left if r["action"] == action and (r["genome"], r["container"]) in hidden
        ]
        if rows:
            archive.mark_incomplete()
            add_changes(archive.store, done, rows, "")


def container_facts(archive: Archive) -> list[dict[str, Any]]:
    """Return name, bytes and SHA-256 of every container, from the manifest."""
    from seqcoder_jobs.archive.manifest.files import read_table

    table = read_table(archive.store, "containers", ["container", "bytes", "sha256"])
    return sorted(table.to_pylist(), key=lambda row: str(row["container"]))


_COLUMNS = ["genome", "container", "sha256", "source"]


def drop_superseded(archive: Archive, saved: SavedPlan) -> list[str]:
    """Let go of the rows of containers that a purge planned anew; returns their files, to go."""
    from seqcoder_jobs.archive.manifest.changes import (
        PURGED,
        add_changes,
        rewritten_containers,
    )
    from seqcoder_jobs.archive.manifest.files import forget, hidden_genomes, read_table

    planned = {container.file for container in saved.plan.containers}
    digests = archive.container_digests()
    files = sorted((rewritten_containers(archive.store) & set(digests)) - planned)
    if not files:
        return []
    table = read_table(archive.store, "genomes", _COLUMNS, hidden=True).to_pylist()
    hidden = hidden_genomes(archive.store)
    there = [row for row in table if row["container"] in files]
    gone = [row for row in there if (row["genome"], row["container"]) in hidden]
    elsewhere = {row["genome"] for row in table if row["container"] not in (None, *files)}
    stay = {row["genome"] for row in there if (row["genome"], row["container"]) not in hidden}
    if not stay <= elsewhere:
        return []  # something is nowhere else: that must not be, and nothing goes before it is
    if gone:
        add_changes(archive.store, PURGED, gone, "")
    archive.check_held()
    left = {genome.name for container in saved.plan.containers for genome in container.genomes}
    forget_sketches(archive.store, {row["genome"] for row in gone} - left)
    names = [f"{CONTAINERS}/{archive.container_name(file)}" for file in files]
    forget(archive.store, set(files))
    archive.refresh()
    return [*names, *(name + PARITY for name in names)]
