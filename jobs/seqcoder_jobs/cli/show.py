"""``seqcoder-ray status`` and ``seqcoder-ray list``."""

from __future__ import annotations

import json as json_module
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from seqcoder.cli.common import say
from seqcoder.errors import UsageError
from seqcoder.storage.names import checksum_line
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import JOB
from seqcoder_jobs.archive.success import check_present
from seqcoder_jobs.archive.summary import summarise
from seqcoder_jobs.cli.choosing import chosen_names
from seqcoder_jobs.cli.result import result_table


def run_status(name: str, address: str | None, json: bool) -> None:
    """Print how far an archive is, and the state of its job."""
    from seqcoder_jobs.writing.detach import JOB_PREFIX, job_status

    if name.startswith(JOB_PREFIX):
        state = job_status(name, address)
        say(json_module.dumps(state, indent=1) if json else f"{state['job']}\t{state['status']}")
        return
    archive = Archive(name)
    job = job_status(name, address) if archive.has(JOB) else None
    if not archive.exists and job:
        archive_facts: dict[str, Any] = {}
    else:
        summary = summarise(archive)
        holder = archive.find_holder() if summary.running else None
        if summary.running and holder is None and archive.folder is None:
            summary = summarise(archive)  # the run ended meanwhile
        archive_facts = summary.to_dict() | ({"holder": asdict(holder)} if holder else {})
    if json:
        say(json_module.dumps(archive_facts | ({"job": job} if job else {}), indent=1))
        return
    if archive_facts:
        result_table(summary, holder=holder)
    if job:
        say(f"job {job['job']}: {job['status']}{' - ' + job['message'] if job['message'] else ''}")


@dataclass(frozen=True)
class ListOptions:
    """The options of ``list`` as they were given."""

    archive: str
    records: bool = False
    failed: bool = False
    where: str | None = None
    from_file: str | None = None
    metadata: bool = False
    checksums: bool = False
    json: bool = False


_OF_RECORDS = ("genome", "record", "length", "refget", "container")
_OF_GENOMES: tuple[str, ...] = (
    *("genome", "status", "raw_bytes", "records", "bases", "bits_per_base", "container", "sha256"),
    *("source", "error"),
)
_OF_FAILED = ("genome", "status", "source", "error")
_OF_REMOVED = ("genome", "action", "time", "reason", "successor", "source", "sha256")


def run_removed(name: str, json: bool) -> None:
    """Print what was removed from an archive, replaced and renamed, in that order."""
    from seqcoder_jobs.archive.manifest.changes import DONE, REWRITTEN, read_changes, unsettled

    archive = Archive(name)
    archive.require()
    changes = read_changes(archive.store)
    to_do = unsettled(changes)
    rows = [
        {column: row[column] for column in _OF_REMOVED}
        for row in changes
        if row["action"] != REWRITTEN and (row["action"] not in DONE or row in to_do)
    ]
    for row in rows:
        row["time"] = row["time"].isoformat(timespec="seconds")
    _print(_OF_REMOVED, rows, json)


def _print(columns: Sequence[str], rows: list[dict[str, Any]], json: bool) -> None:
    if json:
        say(json_module.dumps(rows, indent=1, default=str))
        return
    say("#" + "\t".join(columns))
    for row in rows:
        say("\t".join(_cell(row[column]) for column in columns))


def run_list(options: ListOptions) -> None:
    """Print the genomes or records of an archive."""
    from seqcoder_jobs.archive.manifest.files import read_table

    archive = Archive(options.archive)
    inputs = archive.load().inputs
    check_present(archive.store)

    def place(row: dict[str, Any]) -> int:
        """Return where its input stood in the corpus: relatives lie side by side in containers."""
        return inputs.get(row["genome"], (len(inputs), 0))[0]

    kind, columns = "genomes", _OF_GENOMES
    if options.records:
        kind, columns = "records", _OF_RECORDS
    rows = sorted(read_table(archive.store, kind, list(columns)).to_pylist(), key=place)
    names = chosen_names(archive, options.where, options.from_file)
    if options.records:  # while a container is written anew, its records are there twice
        table = read_table(archive.store, "genomes", ["genome", "container"])
        held = set(zip(table["genome"].to_pylist(), table["container"].to_pylist(), strict=True))
        rows = [row for row in rows if (row["genome"], row["container"]) in held]
    if names is not None:
        rows = [row for row in rows if row["genome"] in names]
    if options.failed and not options.records:
        columns = _OF_FAILED
        rows = [row for row in rows if row["status"] == "failed"]
    elif not options.records:
        columns = _OF_GENOMES[:-2]
    if options.metadata:
        columns = (*columns, *_add_metadata(archive, rows))
    if options.checksums and not options.records:
        for row in rows:
            if row["sha256"]:
                say(checksum_line(row["sha256"], row["genome"]))
        return
    if not options.json:
        for row in rows:
            if row.get("bits_per_base") is not None:
                row["bits_per_base"] = f"{row['bits_per_base']:.4f}"
    _print(columns, rows, options.json)


def _add_metadata(archive: Archive, rows: list[dict[str, Any]]) -> list[str]:
    """Add to rows what is known of their genomes; returns the columns that are new."""
    from seqcoder_jobs.archive.metadata import load_metadata
    from seqcoder_jobs.archive.metadata_table import GENOME

    table = load_metadata(archive)
    if table is None:
        raise UsageError(f"{archive}: has no metadata; 'seqcoder-ray submit --metadata' adds some")
    columns = [c for c in table.column_names if c != GENOME and not (rows and c in rows[0])]
    known = {row[GENOME]: row for row in table.select([GENOME, *columns]).to_pylist()}
    for row in rows:
        row |= {column: known.get(row["genome"], {}).get(column) for column in columns}
    return columns


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
    return text.replace("\t", " ").replace("\n", " ")
