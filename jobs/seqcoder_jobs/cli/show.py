"""``seqcoder-ray status`` and ``seqcoder-ray list``."""

from __future__ import annotations

import json as json_module
from typing import Any

from seqcoder.cli.common import say
from seqcoder.storage.names import checksum_line
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import JOB
from seqcoder_jobs.archive.success import check_present
from seqcoder_jobs.archive.summary import summarise
from seqcoder_jobs.cli.submit import result_table


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
        archive_facts = summary.to_dict()
    if json:
        say(json_module.dumps(archive_facts | ({"job": job} if job else {}), indent=1))
        return
    if archive_facts:
        result_table(summary, None, None)
    if job:
        say(f"job {job['job']}: {job['status']}{' - ' + job['message'] if job['message'] else ''}")


def run_list(name: str, records: bool, failed: bool, checksums: bool, json: bool) -> None:
    """Print the genomes or records of an archive."""
    from seqcoder_jobs.archive.manifest.files import read_table

    archive = Archive(name)
    inputs = archive.load().inputs
    check_present(archive.store)

    def place(row: dict[str, Any]) -> int:
        """Return where its input stood in the corpus: relatives lie side by side in containers."""
        return inputs.get(row["genome"], (len(inputs), 0))[0]

    if records:
        columns = ["genome", "record", "length", "refget", "container"]
        rows = read_table(archive.store, "records", columns).to_pylist()
        rows.sort(key=place)
    else:
        columns = [
            "genome",
            "status",
            "raw_bytes",
            "records",
            "bases",
            "bits_per_base",
            "container",
            "sha256",
        ]
        wanted = [*columns, "source", "error"]
        rows = read_table(archive.store, "genomes", wanted).to_pylist()
        rows.sort(key=place)
        if failed:
            columns = ["genome", "status", "source", "error"]
            rows = [row for row in rows if row["status"] == "failed"]
        if checksums:
            for row in rows:
                if row["sha256"]:
                    say(checksum_line(row["sha256"], row["genome"]))
            return
    if json:
        say(json_module.dumps(rows, indent=1))
        return
    say("#" + "\t".join(columns))
    for row in rows:
        say("\t".join(_cell(row[column]) for column in columns))


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = f"{value:.4f}" if isinstance(value, float) else str(value)
    return text.replace("\t", " ").replace("\n", " ")
