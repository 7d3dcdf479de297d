"""The files of the manifest: parts while a run goes on, one file a table at its end.

Every file says in its metadata which containers it covers, so that after a crash anywhere it is
clear what is there twice (a part and the compacted file that took it in) and what is missing.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from seqcoder.errors import ChangedError, InputError, IntegrityError, MissingError, StorageError
from seqcoder.storage.folder import Folder
from seqcoder.storage.store import Store, Stored
from seqcoder.writing.status import FAILED, STORED_STATUS
from seqcoder_jobs.archive.layout import MANIFEST, TABLES
from seqcoder_jobs.archive.manifest.changes import (
    Place,
    out_of_sight,
    place,
    read_changes,
    unsettled,
    visible,
)
from seqcoder_jobs.archive.manifest.schema import SCHEMAS, covered, metadata
from seqcoder_jobs.archive.manifest.table_file import TableFile, open_table
from seqcoder_jobs.archive.success import check_file

if TYPE_CHECKING:
    from seqcoder_jobs.archive.manifest.rows import Rows

T = TypeVar("T")

COMPACTED = "all.parquet"
_OF_GENOMES = ("genomes", "records")
_TRIES = 5


@dataclass(frozen=True)
class ManifestFile:
    """A Parquet file of a table, by its name in the archive, and the containers it covers."""

    name: str
    covers: tuple[str, ...]
    identity: str


def part_name(container: str) -> str:
    """Return the file name for ``ContainerPlan.key``: ``part-000012.parquet``, ``+1`` appended."""
    return f"part-{container.replace('.sqc', '')}.parquet"


def steadily(read: Callable[[], T]) -> T:
    """Read what a run may write meanwhile: again, where a file went or changed under the reader."""
    for _ in range(_TRIES):
        try:
            return read()
        except (MissingError, ChangedError):
            continue
    return read()


def manifest_files(store: Store, table: str) -> list[ManifestFile]:
    """Return the files of a table, the compacted one first, without those it has taken in.

    Raises:
        IntegrityError: a file is damaged or not a manifest of this schema.
    """
    return steadily(
        lambda: [facts for facts, _ in _open_files(store, table, store.files(MANIFEST))]
    )


def _open_files(
    store: Store, table: str, there: Iterable[Stored]
) -> Iterator[tuple[ManifestFile, TableFile]]:
    """Yield the files of a table, each open until the next; ``there``: those of the manifest."""
    seen: set[str] = set()
    folder = f"{MANIFEST}/{table}/"
    ours = [s for s in there if s.name.startswith(folder) and s.name.endswith(".parquet")]
    for stored in sorted(ours, key=lambda s: (not s.name.endswith(f"/{COMPACTED}"), s.name)):
        where = store.locate(stored.name)
        with open_table(store, stored.name) as file:
            covers = covered(file.schema.metadata)
            if covers is None:
                raise IntegrityError(f"{where}: not a manifest of this version of seqcoder")
            if not covers or not set(covers) <= seen:
                seen.update(covers)
                yield ManifestFile(stored.name, covers, stored.identity), file


def read_table(
    store: Store, table: str, columns: list[str] | None = None, *, hidden: bool = False
) -> Any:
    """Return a table of the manifest as a ``pyarrow.Table``, nothing twice.

    Of a genome one row is given, where it is or, if it is nowhere, its latest failure; of a
    container what it is since the last append; raises InputError. Genomes that were removed or
    replaced are left out, and so are their records. With ``hidden`` they are given too: a row for
    each container a genome is in, and one for its latest failure.
    """
    return steadily(lambda: _table(store, table, columns, hidden, store.files(MANIFEST)))


def _table(
    store: Store,
    table: str,
    columns: list[str] | None,
    hidden: bool,
    there: Collection[Stored],
) -> Any:
    schema = SCHEMAS[table]
    needed = {
        "genomes": ["genome", "container", "attempt"],
        "records": ["genome", "container"],
        "containers": ["container", "bytes"],
    }
    wanted = columns
    if columns is not None:
        wanted = list(dict.fromkeys([*columns, *needed.get(table, [])]))
    gone = set() if hidden or table not in _OF_GENOMES else _hidden(store, there)
    parts = []
    for facts, file in _open_files(store, table, there):
        check_file(store, facts.name)
        parts.append(file.read(wanted))
    if not parts:
        empty = schema.empty_table()
        return empty if columns is None else empty.select(columns)
    whole = pa.concat_tables(parts).unify_dictionaries()
    whole = visible(whole.replace_schema_metadata(None), gone)
    if table == "genomes":
        names, files, attempts = (whole[name].to_pylist() for name in needed[table])
        keys = list(zip(names, files, strict=True)) if hidden else names
        ranks = [(file is not None, n) for file, n in zip(files, attempts, strict=True)]
        whole = _latest(whole, keys, ranks)
    elif table == "containers":  # a container only grows
        whole = _latest(whole, *(whole[name].to_pylist() for name in needed[table]))
    return whole if columns is None else whole.select(columns)


def _latest(rows: Any, keys: Sequence[Any], ranks: Sequence[Any]) -> Any:
    """Return of the rows of equal keys the one of the highest rank, of these the last."""
    latest: dict[Any, int] = {}
    for i, (key, rank) in enumerate(zip(keys, ranks, strict=True)):
        if key not in latest or rank >= ranks[latest[key]]:
            latest[key] = i
    if len(latest) == len(keys):
        return rows
    return rows.take(pa.array(sorted(latest.values())))


def hidden_genomes(store: Store) -> set[Place]:
    """Return the genomes that count as not there, by the containers that they were in."""
    return steadily(lambda: _hidden(store, store.files(MANIFEST)))


def _hidden(store: Store, there: Collection[Stored]) -> set[Place]:
    """Return the same by some files of the manifest, so that it is of one state with them."""
    rows = read_changes(store, there)
    hidden = out_of_sight(rows)
    if left := unsettled(rows):
        held, _ = _held(store, there)
        hidden |= {place(row) for row in left if (row["successor"], row["into"]) in held}
    return hidden


def held_genomes(store: Store) -> tuple[dict[Place, str], frozenset[Place]]:
    """Return the SHA-256 (hex) of all genomes in containers, and those that are no FASTA.

    Hidden ones are among them.
    """
    return steadily(lambda: _held(store, store.files(MANIFEST)))


def _held(store: Store, there: Collection[Stored]) -> tuple[dict[Place, str], frozenset[Place]]:
    table = _table(store, "genomes", ["genome", "container", "sha256", "status"], True, there)
    rows = [row for row in table.to_pylist() if row["container"]]
    stored = frozenset(place(row) for row in rows if row["status"] == STORED_STATUS)
    return {place(row): row["sha256"] for row in rows}, stored


def covered_containers(store: Store) -> set[str]:
    """Return the containers, by ``ContainerPlan.key``, that all tables cover."""
    return covered_by(store, *TABLES)


def covered_by(store: Store, *tables: str) -> set[str]:
    """Return the containers, by ``ContainerPlan.key``, that all of these tables cover."""
    return steadily(lambda: _covered(store, tables, store.files(MANIFEST)))


def _covered(store: Store, tables: Iterable[str], there: Collection[Stored]) -> set[str]:
    covers = [[facts.covers for facts, _ in _open_files(store, t, there)] for t in tables]
    return set.intersection(*({c for some in of_table for c in some} for of_table in covers))


def write_part(store: Store, container: str, rows: Rows) -> None:
    """Write the rows of one container, each table's part whole or not at all.

    The genomes' part comes last: with it the container counts as done.
    """
    for table in reversed(TABLES):
        data = pa.Table.from_pylist(rows[table], schema=SCHEMAS[table])
        _write(store, f"{MANIFEST}/{table}/{part_name(container)}", data, [container])


def compact(store: Store, missing: Collection[str]) -> None:
    """Make one file of each table. May be interrupted anywhere and called again.

    Failures of genomes that are not ``missing`` (their files were removed) fall away.
    Raises StorageError where another has written a table's file meanwhile.
    """
    for table in TABLES:
        files = manifest_files(store, table)
        name = f"{MANIFEST}/{table}/{COMPACTED}"
        if [file.name for file in files] != [name]:
            covers = [container for file in files for container in file.covers]
            data = read_table(store, table, hidden=True)
            if table == "genomes":
                rows = zip(data["genome"].to_pylist(), data["status"].to_pylist(), strict=True)
                keep = [status != FAILED or name in missing for name, status in rows]
                data = data.filter(pa.array(keep, pa.bool_()))
            before = [file.identity for file in files if file.name == name]
            _write(store, name, data, list(dict.fromkeys(covers)), before[0] if before else "")
        remove_taken_in(store, table)


def remove_taken_in(store: Store, table: str) -> None:
    """Remove files whose rows the compacted file holds, and what interrupted writers left."""
    there = [s.name for s in store.files(f"{MANIFEST}/{table}") if s.name.endswith(".parquet")]
    if there != [f"{MANIFEST}/{table}/{COMPACTED}"]:
        keep = {file.name for file in manifest_files(store, table)}
        store.delete(name for name in there if name not in keep)
    if isinstance(store, Folder):
        for left in (store.path / MANIFEST / table).glob(".*.partial"):
            left.unlink(missing_ok=True)


def _write(
    store: Store, name: str, data: Any, containers: Iterable[str], over: str | None = None
) -> None:
    """Write a table, over the file of identity ``over`` ("": there is none; None: any)."""
    table = data.replace_schema_metadata(metadata(list(containers)))
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd", write_page_checksum=True)
    try:
        done = True
        if over is None:
            store.put(name, out.getvalue())
        elif over:
            done = bool(store.replace(name, out.getvalue(), over))
        else:
            done = store.put_new(name, out.getvalue())
    except StorageError as error:
        raise InputError(f"{error}; mend that and repeat the command") from None
    if not done:
        raise StorageError(f"{store.locate(name)}: another run has written it; repeat the command")


def next_attempts(store: Store) -> dict[str, int]:
    """Return, by genome, which attempt a row written now is: a later one after a failure.

    So is one that takes another's place. Of rows of one attempt the one written last counts.
    """
    table = read_table(store, "genomes", ["genome", "status", "attempt"], hidden=True)
    columns = (table[name].to_pylist() for name in ("genome", "status", "attempt"))
    follows = {row["successor"] for row in unsettled(read_changes(store))}
    attempts: dict[str, int] = {}
    for name, status, attempt in zip(*columns, strict=True):
        number = attempt + (status == FAILED or name in follows)
        attempts[name] = max(number, attempts.get(name, 1))
    return attempts


def forget(store: Store, containers: set[str]) -> None:
    """Take the rows of containers that were lost out of all tables; attempts that failed stay."""
    for table in TABLES:
        for file in manifest_files(store, table):
            covers = [key for key in file.covers if key.partition("+")[0] not in containers]
            if len(covers) == len(file.covers):
                continue
            check_file(store, file.name)
            with open_table(store, file.name) as opened:
                data = opened.read()
            keep = [name not in containers for name in data["container"].to_pylist()]
            _write(store, file.name, data.filter(pa.array(keep, pa.bool_())), covers)
