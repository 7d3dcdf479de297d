"""Genomes by what is known of them: SQL expressions over manifest and metadata (SQLite's)."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from seqcoder.errors import UsageError
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.metadata import load_metadata
from seqcoder_jobs.archive.metadata_columns import exception_to_numbers
from seqcoder_jobs.archive.metadata_table import GENOME, OF_MANIFEST

_STEPS = 100_000
"""Of SQLite's machine, some milliseconds."""
_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}


def genomes_where(
    archive: Archive, expression: str, tell: Callable[[str], None] = lambda remark: None
) -> list[str]:
    """Return the names of the genomes for which an expression holds, in the manifest's order.

    ``species = 'Salmonella enterica' and year >= 2024``. ``tell`` is told of columns named there
    in which text stands among numbers. Signals that end a run end it at once.

    Raises UsageError where it is no expression.
    """
    from seqcoder_jobs.archive.manifest.files import read_table

    genomes = read_table(archive.store, "genomes", list(OF_MANIFEST))
    known = load_metadata(archive)
    columns: list[str] = []
    # Not in a ``with``, which would only commit.
    with contextlib.closing(sqlite3.connect(":memory:")) as base:
        try:
            columns = _fill(base, "genomes", genomes, {})
            joined = "genomes"
            # One table of all columns, each name once: what both have is the manifest's.
            chosen = [f'genomes."{column}"' for column in columns]
            if known is not None:
                odd = {name: exception_to_numbers(known[name]) for name in known.column_names[1:]}
                own = [c for c in _fill(base, "metadata", known, odd) if c not in columns]
                columns += own
                chosen += [f'metadata."{column}"' for column in own]
                joined += f" LEFT JOIN metadata ON metadata.{GENOME} = genomes.{GENOME}"
                _tell_of_text(expression, odd, tell)
            base.set_authorizer(
                lambda action, *_: sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY
            )
            base.set_progress_handler(lambda: 0, _STEPS)  # in which Python sees to signals
            select = (
                f'SELECT "{GENOME}" FROM (SELECT {", ".join(chosen)} FROM {joined} '
                "ORDER BY genomes.rowid) WHERE "
            )
            # Only one expression is right with brackets and without: not ``1) or (1``, which closes
            # what it did not open, nor ``1 limit 2``.
            base.execute(f"EXPLAIN {select}{expression}\n")
            return [name for (name,) in base.execute(f"{select}({expression}\n)")]
        except (sqlite3.Error, sqlite3.Warning) as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise KeyboardInterrupt from None  # sqlite3 lets no other exception through
            names = ", ".join(columns)
            raise UsageError(f"--where {expression}: {error}; columns are {names}") from None
        finally:
            base.set_authorizer(None)


def _tell_of_text(
    expression: str, odd: Mapping[str, str | None], tell: Callable[[str], None]
) -> None:
    words = set(re.findall(r"\w+", expression.lower()))
    for column, example in odd.items():
        if example is not None and column in words:
            tell(f"column {column}: '{example}' is no number, and counts as more than any number")


def _fill(
    base: sqlite3.Connection, name: str, table: Any, odd: Mapping[str, str | None]
) -> list[str]:
    """Make a table of an Arrow table, text in ``odd`` columns as numbers; returns its columns."""
    columns = [column.replace('"', "") for column in table.column_names]
    kinds = [
        "NUMERIC" if odd.get(field.name) is not None or _is_number(field.type) else "TEXT"
        for field in table.schema
    ]
    named = ", ".join(f'"{c}" {kind}' for c, kind in zip(columns, kinds, strict=True))
    base.execute(f"CREATE TABLE {name} ({named})")
    values = [map(_plain, column.to_pylist()) for column in table.columns]
    marks = ", ".join("?" * len(columns))
    base.executemany(f"INSERT INTO {name} VALUES ({marks})", zip(*values, strict=True))
    return columns


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    one_of = (
        *(pa.types.is_integer, pa.types.is_floating),
        *(pa.types.is_decimal, pa.types.is_boolean),
    )
    return any(is_such(kind) for is_such in one_of)


def _plain(value: Any) -> Any:
    """Return what SQLite knows: dates and times as ISO 8601, lists as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, int | float | str | bytes | None) else str(value)
