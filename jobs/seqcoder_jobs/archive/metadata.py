"""What is known of an archive's genomes: a table beside the manifest.

A row is of a genome by its name, and names change owners: a genome is removed, or renamed, and
another one comes under its name. So the file says up to which part of the manifest's ``changes``
it is, and whoever reads it goes by those that came after. Writers write it so at their ends.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from seqcoder.storage.store import Store
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import MANIFEST, METADATA
from seqcoder_jobs.archive.manifest.changes import (
    DONE,
    FOLDER,
    REMOVED,
    TO_RENAME,
    place,
    read_changes,
    unsettled,
)
from seqcoder_jobs.archive.manifest.files import hidden_genomes, steadily
from seqcoder_jobs.archive.manifest.table_file import open_table
from seqcoder_jobs.archive.metadata_columns import exception_to_numbers, merged, typed
from seqcoder_jobs.archive.metadata_table import GENOME, OF_MANIFEST, Metadata, matched

_UP_TO = b"seqcoder.changes"


@dataclass(frozen=True)
class Kept:
    """What is to be said of a table that was kept."""

    unmatched: tuple[str, ...] = ()
    """What it tells of and the archive has not."""
    mixed: tuple[tuple[str, str], ...] = ()
    """Columns of numbers in which some values are none, each with one of these."""
    genomes: int = 0
    """How many genomes its rows are of."""
    covered: tuple[str, ...] = ()
    """Columns that nobody gets to see, as the manifest has columns of these names."""


@dataclass(frozen=True)
class _Stored:
    """A table as its file has it, what happened since to genomes, and the changes there are."""

    table: Any
    moves: list[tuple[str, str | None]]
    """Names, and the names that took their places, None where nothing did."""

    @property
    def is_current(self) -> bool:
        return {old for old, _ in self.moves}.isdisjoint(self.table[GENOME].to_pylist())


def save_metadata(archive: Archive, metadata: Metadata, names: Collection[str]) -> Kept:
    """Keep a table's rows in an archive; what its columns say replaces what was said before.

    Raises as ``matched``.
    """
    table, unmatched = matched(metadata, names)
    given, genomes = table.column_names, len(table)
    before = load_metadata(archive)
    if before is not None:
        keep = [name in names for name in before[GENOME].to_pylist()]
        table = merged(before.filter(pa.array(keep, pa.bool_())), table)
    _save(archive, table)
    examples = ((name, exception_to_numbers(table[name])) for name in given)
    mixed = tuple((name, example) for name, example in examples if example is not None)
    covered = tuple(name for name in given if name in OF_MANIFEST and name != GENOME)
    return Kept(tuple(unmatched), mixed, genomes, covered)


def tidy_metadata(archive: Archive) -> None:
    """Take what is known of genomes that are gone out of the file; renamed ones get their names."""
    stored = _stored(archive.store)
    if stored is not None and not stored.is_current:
        archive.mark_incomplete()
        table = _moved(stored.table, stored.moves)
        _save(archive, pa.table({name: typed(table[name]) for name in table.column_names}))


def load_metadata(archive: Archive) -> Any:
    """Return the table (genome, and columns of its own), None where there is none."""
    stored = _stored(archive.store)
    if stored is None or stored.is_current:
        return stored and stored.table
    return _moved(stored.table, stored.moves)


def _save(archive: Archive, table: pa.Table) -> None:
    up_to = len(_parts(s.name for s in archive.store.files(FOLDER)))
    out = io.BytesIO()
    table = table.replace_schema_metadata({_UP_TO: str(up_to)})
    pq.write_table(table, out, compression="zstd", write_page_checksum=True)
    archive.check_held()
    archive.store.put(METADATA, out.getvalue())


def _parts(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.startswith(f"{FOLDER}/"))


def _stored(store: Store) -> _Stored | None:
    def read() -> _Stored | None:
        there = {stored.name: stored for stored in store.files(MANIFEST)}
        if METADATA not in there:
            return None
        with open_table(store, METADATA) as file:
            table = file.read()
            up_to = int((file.schema.metadata or {}).get(_UP_TO, 0))
        parts = [there[name] for name in _parts(there)]
        since = read_changes(store, parts[up_to:])
        renamed = (REMOVED, DONE[TO_RENAME])
        moves = [(r["genome"], r["successor"]) for r in since if r["action"] in renamed]
        left = [r for r in unsettled(read_changes(store, parts)) if r["action"] == TO_RENAME]
        hidden = hidden_genomes(store) if left else set()
        moves += [(row["genome"], row["successor"]) for row in left if place(row) in hidden]
        return _Stored(table.replace_schema_metadata(None), moves)

    return steadily(read)


def _moved(table: Any, moves: Iterable[tuple[str, str | None]]) -> Any:
    """Return a table with each row under the name its genome has by now, without what is gone."""
    at = {name: i for i, name in enumerate(table[GENOME].to_pylist())}
    more: dict[str, int] = {}
    for old, new in moves:
        row = at.pop(old, None)
        if new and row is not None and at.setdefault(new, row) != row:
            more[new] = row  # something was said of the new name already, and that comes first
    first = pa.array(at.values(), pa.int64())
    then = pa.array([more.get(name) for name in at], pa.int64())
    columns = {GENOME: pa.array(at, pa.string())}
    for name in table.column_names[1:]:
        columns[name] = table[name].take(first)
        if more:
            columns[name] = pc.coalesce(columns[name], table[name].take(then))
    return pa.table(columns)
