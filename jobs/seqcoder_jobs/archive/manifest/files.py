"""The files of the manifest: parts while a run goes on, one file a table at its end.

Every file says in its metadata which containers it covers, so that after a crash anywhere it is
clear what is there twice (a part and the compacted file that took it in) and what is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from seqcoder.errors import InputError, IntegrityError
from seqcoder.storage.atomic import atomic_file, sync_folder
from seqcoder.writing.container_report import FAILED
from seqcoder_jobs.archive.folder import TABLES
from seqcoder_jobs.archive.manifest.rows import Rows
from seqcoder_jobs.archive.manifest.schema import SCHEMAS, covered, metadata
from seqcoder_jobs.archive.success import check_file

COMPACTED = "all.parquet"
# What a row is about, and what is more in a later one: a container only grows.
_LATEST = {"genomes": ("genome", "attempt"), "containers": ("container", "bytes")}


@dataclass(frozen=True)
class ManifestFile:
    """A Parquet file of a table and the containers it covers."""

    path: Path
    covers: tuple[str, ...]


def part_name(container: str) -> str:
    """Return the file name for ``ContainerPlan.key``: ``part-000012.parquet``, ``+1`` appended."""
    return f"part-{container.replace('.sqc', '')}.parquet"


def manifest_files(manifest: Path, table: str) -> list[ManifestFile]:
    """Return the files of a table, the compacted one first, without those it has taken in.

    Raises:
        IntegrityError: a file is damaged or not a manifest of this schema.
    """
    files: list[ManifestFile] = []
    seen: set[str] = set()
    for path in sorted(
        (manifest / table).glob("*.parquet"), key=lambda p: (p.name != COMPACTED, p)
    ):
        try:
            covers = covered(pq.read_schema(path).metadata)
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise _damaged(path, error) from None
        if covers is None:
            raise IntegrityError(f"{path}: not a manifest of this version of seqcoder")
        if not covers or not set(covers) <= seen:
            seen.update(covers)
            files.append(ManifestFile(path, covers))
    return files


def read_table(manifest: Path, table: str, columns: list[str] | None = None) -> Any:
    """Return a table of the manifest as a ``pyarrow.Table``, nothing twice.

    Of the genomes only the latest attempt is given, of a container what it is since the last
    append; raises InputError.
    """
    schema = SCHEMAS[table]
    wanted = columns
    if columns is not None and table in _LATEST:
        wanted = list(dict.fromkeys([*columns, *_LATEST[table]]))
    parts = [_read(manifest, file.path, wanted) for file in manifest_files(manifest, table)]
    if not parts:
        empty = schema.empty_table()
        return empty if columns is None else empty.select(columns)
    whole = pa.concat_tables(parts).unify_dictionaries()
    if table in _LATEST:
        whole = _latest(whole, *_LATEST[table])
    whole = whole.replace_schema_metadata(None)
    return whole if columns is None else whole.select(columns)


def _read(manifest: Path, path: Path, columns: list[str] | None = None) -> Any:
    """Read a Parquet file whose digest, if the success mark has one, and page checksums hold."""
    check_file(manifest.parent, path)
    try:
        # Not pq.read_table: that imports pandas, where it is installed, for half a second.
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            return file.read(columns)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> IntegrityError:
    reason = " ".join(str(error).split())
    return IntegrityError(f"{path}: cannot be read as Parquet ({reason}); it is damaged")


def _latest(rows: Any, by: str, rises: str) -> Any:
    """Return of the rows that agree in column ``by`` the one highest, or last, in ``rises``."""
    names, values = rows[by].to_pylist(), rows[rises].to_pylist()
    latest: dict[str, int] = {}
    for i, (name, value) in enumerate(zip(names, values, strict=True)):
        if name not in latest or value >= values[latest[name]]:
            latest[name] = i
    if len(latest) == len(names):
        return rows
    return rows.take(pa.array(sorted(latest.values())))


def covered_containers(manifest: Path) -> set[str]:
    """Return the containers, by ``ContainerPlan.key``, that all tables cover."""
    return set.intersection(*(covered_by(manifest, table) for table in TABLES))


def covered_by(manifest: Path, table: str) -> set[str]:
    """Return the containers, by ``ContainerPlan.key``, that a table covers."""
    return {container for file in manifest_files(manifest, table) for container in file.covers}


def write_part(manifest: Path, container: str, rows: Rows) -> None:
    """Write the rows of one container, each table's part whole or not at all.

    The genomes' part comes last: with it the container counts as done.
    """
    for table in reversed(TABLES):
        data = pa.Table.from_pylist(rows[table], schema=SCHEMAS[table])
        _write(manifest / table / part_name(container), data, [container])


def compact(manifest: Path, planned: Collection[str]) -> None:
    """Make one file of each table. May be interrupted anywhere and called again.

    Failures of genomes that are no longer ``planned`` (their files were removed) fall away.
    """
    for table in TABLES:
        files = manifest_files(manifest, table)
        if [file.path.name for file in files] != [COMPACTED]:
            covers = [container for file in files for container in file.covers]
            data = read_table(manifest, table)
            if table == "genomes":
                rows = zip(data["genome"].to_pylist(), data["status"].to_pylist(), strict=True)
                keep = [status != FAILED or name in planned for name, status in rows]
                data = data.filter(pa.array(keep, pa.bool_()))
            _write(manifest / table / COMPACTED, data, list(dict.fromkeys(covers)))
        remove_taken_in(manifest, table)


def remove_taken_in(manifest: Path, table: str) -> None:
    """Remove files whose rows the compacted file holds, and what interrupted writers left."""
    folder = manifest / table
    keep = {file.path for file in manifest_files(manifest, table)}
    for path in [*folder.glob("*.parquet"), *folder.glob(".*.partial")]:
        if path not in keep:
            path.unlink(missing_ok=True)
    sync_folder(folder)


def _write(path: Path, data: Any, containers: Iterable[str]) -> None:
    table = data.replace_schema_metadata(metadata(list(containers)))
    try:
        with atomic_file(path) as out:
            pq.write_table(table, out, compression="zstd", write_page_checksum=True)
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}; mend that "
            "and repeat the command"
        ) from error


def failed_genomes(manifest: Path) -> dict[str, tuple[int, str]]:
    """Return the genomes that failed at their latest attempt: name to (attempt, error)."""
    table = read_table(manifest, "genomes", ["genome", "status", "attempt", "error"])
    return {
        row["genome"]: (row["attempt"], row["error"] or "")
        for row in table.to_pylist()
        if row["status"] == FAILED
    }


def forget(manifest: Path, containers: set[str]) -> None:
    """Take the rows of containers that were lost out of all tables; attempts that failed stay."""
    for table in TABLES:
        for file in manifest_files(manifest, table):
            covers = [key for key in file.covers if key.partition("+")[0] not in containers]
            if len(covers) == len(file.covers):
                continue
            data = _read(manifest, file.path)
            keep = [name not in containers for name in data["container"].to_pylist()]
            _write(file.path, data.filter(pa.array(keep, pa.bool_())), covers)
