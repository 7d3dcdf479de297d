"""Genomes by what is known of them: SQL expressions over manifest and metadata (SQLite's)."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime
from typing import Any

from seqcoder.errors import UsageError
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.metadata import GENOME, load_metadata

COLUMNS = (
    *(GENOME, "source", "status", "container", "raw_bytes", "records", "residues", "bases"),
    *("novel_bases", "bits_per_base", "sha256"),
)
"""Of the manifest; of the metadata all others."""
_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}


def genomes_where(archive: Archive, expression: str) -> list[str]:
    """Return the names of the genomes for which an expression holds, in the manifest's order.

    ``species = 'Salmonella enterica' and year >= 2024``. Raises UsageError where it is none.
    """
    from seqcoder_jobs.archive.manifest.files import read_table

    with sqlite3.connect(":memory:") as base:
        try:
            genomes = read_table(archive.store, "genomes", list(COLUMNS))
            columns = _fill(base, "genomes", genomes)
            table = load_metadata(archive)
            joined = "genomes"
            if table is not None:
                columns += [c for c in _fill(base, "metadata", table) if c not in columns]
                joined = f"genomes LEFT JOIN metadata ON metadata.{GENOME} = genomes.{GENOME}"
            base.set_authorizer(
                lambda action, *_: sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY
            )
            # One table of all columns, each name once: what both have is the manifest's.
            plain = [c for c in columns if c in genomes.column_names]
            own = [c for c in columns if c not in plain]
            chosen = ", ".join([f'genomes."{c}"' for c in plain] + [f'metadata."{c}"' for c in own])
            found = base.execute(
                f'SELECT "{GENOME}" FROM (SELECT {chosen} FROM {joined} ORDER BY genomes.rowid) '
                f"WHERE ({expression}\n)"
            )
            return [name for (name,) in found]
        except (sqlite3.Error, sqlite3.Warning) as error:
            names = ", ".join(columns)
            raise UsageError(f"--where {expression}: {error}; columns are {names}") from None
        finally:
            base.set_authorizer(None)


def _fill(base: sqlite3.Connection, name: str, table: Any) -> list[str]:
    """Make a table of an Arrow table; returns its columns."""
    columns = [column.replace('"', "") for column in table.column_names]
    named = ", ".join(f'"{column}"' for column in columns)
    base.execute(f"CREATE TABLE {name} ({named})")
    values = [map(_plain, column.to_pylist()) for column in table.columns]
    marks = ", ".join("?" * len(columns))
    base.executemany(f"INSERT INTO {name} VALUES ({marks})", zip(*values, strict=True))
    return columns


def _plain(value: Any) -> Any:
    """Return what SQLite knows: dates and times as ISO 8601, lists as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, int | float | str | bytes | None) else str(value)
