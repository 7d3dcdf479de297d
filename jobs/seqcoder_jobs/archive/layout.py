"""What is called how in an archive (docs/archive.md)."""

from __future__ import annotations

LAYOUT = 1
"""A number, raised whenever what an archive is made of changes."""

PLAN = "plan.json"
CONTAINERS = "containers"
MANIFEST = "manifest"
METADATA = f"{MANIFEST}/metadata/all.parquet"
SKETCHES = "sketches"
JOB = "job.json"
INPUTS = "inputs.txt"
REPORT = "report.html"
MULTIQC = "seqcoder_mqc.json"
INDEX = "index.tsv"
CLAIM = "claim.json"
TABLES = ("genomes", "records", "chunks", "containers")
LOCK = ".lock"

MADE_AGAIN = "submit again writes a missing container anew"

LEFT = (
    ".*.partial",
    "sketches/.*.partial",
    "containers/.seqcoder-run",  # by which nodes see that their folder is the driver's
    "containers/..seqcoder-run.*.partial",
)
_OUR_NAMES = {
    LOCK,
    *(CONTAINERS, MANIFEST, SKETCHES, CLAIM, JOB, INPUTS, PLAN, INDEX, REPORT, MULTIQC),
}


def is_ours(name: str) -> bool:
    """Tell whether a file of this name is of an archive, or was left by one killed at its start."""
    return name in _OUR_NAMES or (name.startswith(".") and name.endswith(".partial"))
