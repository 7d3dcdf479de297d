"""The report of an archive: ``report.html`` for people, ``seqcoder_mqc.json`` for MultiQC."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqcoder_jobs.archive.archive import Archive

__all__ = ["write_report"]


def write_report(archive: Archive | str | os.PathLike[str]) -> str:
    """Write ``report.html`` and ``seqcoder_mqc.json`` into an archive.

    Returns the page's path or URL.

    Reads the plan and the manifest only, so it costs seconds however large the containers are,
    and may be called at any time, also while or before a run is complete.

    Raises:
        UsageError: there is no archive. InputError: its plan or manifest cannot be read.
    """
    from seqcoder_jobs.archive.archive import Archive
    from seqcoder_jobs.archive.layout import MULTIQC, REPORT
    from seqcoder_jobs.reading.report.html import report_html
    from seqcoder_jobs.reading.report.multiqc import multiqc_content
    from seqcoder_jobs.reading.report.read import read_facts

    if not isinstance(archive, Archive):
        archive = Archive(archive)
    facts = read_facts(archive)
    archive.store.put(REPORT, report_html(facts).encode())
    content = json.dumps(multiqc_content(facts), indent=1) + "\n"
    archive.store.put(MULTIQC, content.encode())
    return archive.store.locate(REPORT)
