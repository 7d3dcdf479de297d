"""Where the genomes and records of an archive are, by its manifest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from seqcoder.reading.naming import all_named
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.success import check_present


@dataclass(frozen=True, slots=True)
class ArchivedGenome:
    """A genome and the container it is in."""

    name: str
    container: str


def archived_genomes(archive: Archive) -> list[ArchivedGenome]:
    """Return where every genome of the archive is, in the order of the containers.

    Raises:
        UsageError: there is no archive. IntegrityError: its plan or manifest is damaged.
    """
    archive.require()
    return archived_genomes_now(archive)


def archived_genomes_now(archive: Archive) -> list[ArchivedGenome]:
    """Return the same by the manifest alone; raises IntegrityError where it is damaged."""
    from seqcoder_jobs.archive.manifest.files import read_table

    check_present(archive.store)
    table = read_table(archive.store, "genomes", ["genome", "container", "ordinal"])
    rows = zip(
        *(table[name].to_pylist() for name in ("container", "ordinal", "genome")), strict=True
    )
    there = sorted(row for row in rows if row[0] is not None)
    names: dict[str, str] = {}  # of the equal names of containers one is kept
    return [ArchivedGenome(genome, names.setdefault(file, file)) for file, _, genome in there]


def find_genomes(
    archived: Sequence[ArchivedGenome], names: Iterable[str], where: str
) -> list[ArchivedGenome]:
    """Return the genomes called so: in full, by file name, stem or folder, or by a pattern.

    Raises:
        NoSuchNameError: there is none. UsageError: it could be several.
    """
    by_name = {genome.name: genome for genome in archived}
    return [by_name[name] for name in all_named(by_name, names, where, "seqcoder-ray")]


def same_files(archive: Archive, names: Collection[str]) -> dict[str, str]:
    """Return which of ``names`` are bit for bit the file of another genome, and that one's name."""
    from seqcoder_jobs.archive.manifest.files import read_table

    table = read_table(archive.store, "genomes", ["genome", "sha256"]).to_pylist()
    ours = [row for row in table if row["genome"] in names and row["sha256"]]
    wanted = {row["sha256"] for row in ours}
    first: dict[str, str] = {}
    for known in (False, True):  # those that were there before come first
        for row in table:
            if row["sha256"] in wanted and (row["genome"] in names) == known:
                first.setdefault(row["sha256"], row["genome"])
    pairs = ((row["genome"], first[row["sha256"]]) for row in ours)
    return {name: other for name, other in pairs if name != other}


def records_called(archive: Archive, names: Collection[str]) -> list[dict[str, Any]]:
    """Return genome, container, ordinal and record of the manifest's rows of these record names.

    Names are as the manifest has them, spelt. In the order of the manifest.
    """
    from seqcoder_jobs.archive.manifest.files import steadily

    return steadily(lambda: _records(archive, names))


def _records(archive: Archive, names: Collection[str]) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    from seqcoder_jobs.archive.manifest.changes import visible
    from seqcoder_jobs.archive.manifest.files import hidden_genomes, manifest_files
    from seqcoder_jobs.archive.manifest.table_file import open_table

    # Not with pyarrow.dataset, which imports pandas, where it is installed, for half a second.
    wanted = pa.array(sorted(names), pa.string())
    gone = hidden_genomes(archive.store)
    rows: list[dict[str, Any]] = []
    for part in manifest_files(archive.store, "records"):
        with open_table(archive.store, part.name) as file:
            for group in file.groups:
                bounds = file.statistics(group, "record")
                if bounds and not any(bounds[0] <= name <= bounds[1] for name in names):
                    continue
                table = file.read(["genome", "container", "ordinal", "record"], [group])
                found = table.filter(pc.is_in(table["record"], wanted))
                rows += visible(found, gone).to_pylist()
    return rows
