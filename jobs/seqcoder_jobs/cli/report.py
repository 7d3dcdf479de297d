"""``seqcoder-ray report``: the command's signature."""

# No ``from __future__ import annotations``: typer would compile every annotation as it starts.

import json as json_module
from dataclasses import asdict
from typing import Annotated

import typer

from seqcoder.cli.common import say


def report(
    archive: Annotated[str, typer.Argument(metavar="ARCHIVE", help="Archive: folder or URL.")],
    json: Annotated[bool, typer.Option("--json", help="Print what it tells as JSON.")] = False,
) -> None:
    """Write an archive's report.html and seqcoder_mqc.json anew (submit has written them).

    Example:

        seqcoder-ray report archive
    """
    from seqcoder_jobs.archive.archive import Archive
    from seqcoder_jobs.reading.report import write_report
    from seqcoder_jobs.reading.report.read import STAGES, read_facts

    target = Archive(archive)
    path = write_report(target)
    if not json:
        say(path)
        return
    facts = read_facts(target)
    seconds = {column: facts.total(column) for column, _ in STAGES}
    failures = facts.chosen([("genome", "ascending")], facts.summary.failed + 1, status="failed")
    told = {
        "report": path,
        **asdict(facts.summary),
        "ratio": facts.summary.ratio,
        "bits_per_base": facts.summary.bits_per_base,
        "workers": facts.workers,
        "seconds": seconds,
        "failures": [
            {"genome": row["genome"], "source": row["source"], "error": row["error"]}
            for row in failures
        ],
    }
    say(json_module.dumps(told, indent=1))
