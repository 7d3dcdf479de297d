"""What was taken out of an archive: a table of its own, which hides rows of the others at once."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from seqcoder.storage.store import Store, Stored
from seqcoder_jobs.archive.layout import MANIFEST
from seqcoder_jobs.archive.manifest.table_file import open_table

FOLDER = f"{MANIFEST}/changes"
REMOVED, PURGED = "removed", "purged"
REPLACED = "replaced"
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
    ]
)

_KEPT = ("genome", "container", "sha256", "source")


def read_changes(store: Store, there: Iterable[Stored] | None = None) -> list[dict[str, Any]]:
    """Return what was done, in order; ``there``: the files of the manifest, if they are known."""
    rows = []
    for stored in store.files(FOLDER) if there is None else there:
        if not stored.name.startswith(f"{FOLDER}/"):
            continue
        with open_table(store, stored.name) as file:
            rows += file.read().to_pylist()
    return sorted(rows, key=lambda row: row["time"])


def hidden_genomes(store: Store, there: Iterable[Stored] | None = None) -> set[tuple[str, str]]:
    """Return the genomes that count as not there: name, and the container that they were in."""
    rows = read_changes(store, there)
    return {(row["genome"], row["container"]) for row in rows if row["action"] != REPLACED}


def replaced_containers(store: Store) -> set[str]:
    """Return the containers that a purge planned anew, gone by now or not."""
    return {row["container"] for row in read_changes(store) if row["action"] == REPLACED}


def visible(table: Any, hidden: set[tuple[str, str]]) -> Any:
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
