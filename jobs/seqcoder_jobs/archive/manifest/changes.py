"""What was done to genomes of an archive: a table of its own, which hides rows of the others."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from seqcoder.storage.store import Store, Stored
from seqcoder_jobs.archive.layout import MANIFEST
from seqcoder_jobs.archive.manifest.table_file import open_table

FOLDER = f"{MANIFEST}/changes"
REMOVED, PURGED, RESTORED = "removed", "purged", "restored"
TO_REPLACE, TO_RENAME = "to be replaced", "to be renamed"
"""Of a genome whose ``successor`` is planned for the container ``into``. Once that is in the
manifest, it has taken the place."""
DONE = {TO_REPLACE: "replaced", TO_RENAME: "renamed"}
REWRITTEN = "rewritten"
"""Of a container (no genome) that others take the place of: once they are there, it may go."""
SCHEMA = pa.schema(
    [
        pa.field("time", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("action", pa.string(), nullable=False),
        pa.field("genome", pa.string(), nullable=False),
        pa.field("container", pa.string(), nullable=False),
        pa.field("sha256", pa.string()),
        pa.field("source", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("successor", pa.string()),
        pa.field("into", pa.string()),
    ]
)

Place = tuple[str, str]
"""A genome and the container it is in, by their names."""
_KEPT = ("genome", "container", "sha256", "source", "successor", "into", "reason")


def read_changes(store: Store, there: Iterable[Stored] | None = None) -> list[dict[str, Any]]:
    """Return what was done, in order; ``there``: the files of the manifest, if they are known."""
    rows = []
    for stored in store.files(FOLDER) if there is None else there:
        if not stored.name.startswith(f"{FOLDER}/"):
            continue
        with open_table(store, stored.name) as file:
            rows += file.read().to_pylist()
    return rows


def place(row: dict[str, Any]) -> Place:
    """Return what a row is about."""
    return row["genome"], row["container"]


def out_of_sight(rows: Iterable[dict[str, Any]]) -> set[Place]:
    """Return the genomes that count as not there, whatever the manifest holds."""
    gone: set[Place] = set()
    for row in rows:
        if row["action"] == RESTORED:
            gone.discard(place(row))
        elif row["action"] not in (*DONE, REWRITTEN):
            gone.add(place(row))
    return gone


def last_removed(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the rows of genomes that were taken out and not back in, by their inputs' labels."""
    out: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["action"] == REMOVED:
            out[row["source"]] = row
        elif row["action"] == RESTORED:
            out.pop(row["source"], None)
    return out


def unsettled(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of genomes that are to be replaced or renamed, and were not noted as done."""
    gone = out_of_sight(rows)
    return [row for row in rows if row["action"] in DONE and place(row) not in gone]


def let_go(rows: Iterable[dict[str, Any]], hidden: Collection[Place]) -> set[Place]:
    """Return of the genomes that count as not there those whose bytes are nobody's any more.

    What was renamed is a walk over itself: the bytes under its old name are those of the new one.
    """
    renamed = {place(r): (r["successor"], r["into"]) for r in rows if r["action"] == TO_RENAME}
    gone = set()
    for old in hidden:
        now = old
        while now in hidden and now in renamed:
            now = renamed[now]
        if now in hidden:
            gone.add(old)
    return gone


def rewritten_containers(store: Store) -> set[str]:
    """Return the containers that a purge planned anew, gone by now or not."""
    return {row["container"] for row in read_changes(store) if row["action"] == REWRITTEN}


def visible(table: Any, hidden: set[Place]) -> Any:
    """Return a table with columns ``genome`` and ``container`` without the rows of ``hidden``."""
    if not hidden:
        return table
    pairs = zip(table["genome"].to_pylist(), table["container"].to_pylist(), strict=True)
    return table.filter(pa.array([pair not in hidden for pair in pairs], pa.bool_()))


def add_changes(store: Store, action: str, rows: Sequence[dict[str, Any]], reason: str) -> None:
    """Note what is done to genomes (rows of the manifest's table); it holds from then on."""
    now = datetime.now(UTC)
    facts = [
        {"time": now, "action": action, "reason": reason, "genome": ""}
        | {name: row[name] for name in _KEPT if name in row}
        for row in rows
    ]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(facts, SCHEMA), out, write_page_checksum=True)
    number = len(store.files(FOLDER))
    while not store.put_new(f"{FOLDER}/part-{number:06d}.parquet", out.getvalue()):
        number += 1
