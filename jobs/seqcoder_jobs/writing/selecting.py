"""Some genomes of an archive into another one: as inputs that lie in its containers."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from seqcoder.errors import UsageError
from seqcoder.writing.genome_source import GenomeSource
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.writing.planning import GivenParameters

if TYPE_CHECKING:
    from seqcoder_jobs.archive.metadata_table import Metadata


def sources_of(source: Archive, target: Archive, names: Collection[str]) -> list[GenomeSource]:
    """Return genomes of ``source`` that ``target`` does not hold, as inputs, in its order.

    Raises UsageError where ``target`` holds or plans another file of such a name.
    """
    from seqcoder_jobs.archive.manifest.files import read_table

    there: dict[str, str] = {}
    planned: set[tuple[str, str]] = set()
    if target.exists:
        table = read_table(target.store, "genomes", ["genome", "sha256"])
        there = dict(zip(table["genome"].to_pylist(), table["sha256"].to_pylist(), strict=True))
        containers = target.load().plan.containers
        planned = {(genome.name, genome.member) for c in containers for genome in c.genomes}
    inputs = source.load().inputs
    columns = ["genome", "container", "raw_bytes", "sha256"]
    rows = read_table(source.store, "genomes", columns).to_pylist()
    rows = [row for row in rows if row["genome"] in names and row["container"]]
    chosen = []
    for row in sorted(rows, key=lambda row: inputs.get(row["genome"], (len(inputs), 0))[0]):
        name = row["genome"]
        held = there.get(name)
        if held and held != row["sha256"]:
            raise UsageError(f"{target}: holds another file called {name}; name another place")
        if not held and (name, name) not in planned:  # what is planned and not done is gone on with
            place = source.container(row["container"])
            chosen.append(GenomeSource(name, place, name, row["raw_bytes"]))
    return chosen


def parameters_of(archive: Archive) -> GivenParameters:
    """Return the parameters that an archive was begun with, as if they were given."""
    saved = archive.load()
    settings = saved.plan.settings
    return GivenParameters(
        settings.level,
        settings.chunk_bases,
        saved.container_bytes,
        settings.model,
        None if settings.model else False,
        settings.group,
        settings.solid,
    )


def metadata_of(archive: Archive, names: Collection[str]) -> Metadata | None:
    """Return what an archive knows of the genomes named, None where it knows nothing."""
    from seqcoder_jobs.archive.metadata import load_metadata
    from seqcoder_jobs.archive.metadata_table import GENOME, Metadata

    table = load_metadata(archive)
    known = [] if table is None else table[GENOME].to_pylist()
    keep = [i for i, name in enumerate(known) if name in names]
    return Metadata(str(archive), GENOME, table.take(keep)) if keep else None
