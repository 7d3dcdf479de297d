"""A table for MultiQC (https://multiqc.info, *custom content*): genomes, or containers if many."""

from __future__ import annotations

from typing import Any

from seqcoder_jobs.reading.report.read import Facts

_MOST_GENOMES = 1000  # MultiQC's own tables get slow beyond


def multiqc_content(facts: Facts) -> dict[str, Any]:
    """Return the contents of ``seqcoder_mqc.json``."""
    if facts.genomes.num_rows <= _MOST_GENOMES:
        rows = {row["genome"]: _genome(row) for row in facts.genomes.to_pylist()}
        what = "genome"
    else:
        rows = {row["container"]: _container(row) for row in facts.containers.to_pylist()}
        what = "container"
    return {
        "id": "seqcoder",
        "section_name": "seqcoder",
        "description": f"Lossless compression of genome FASTA files, by {what}.",
        "plot_type": "table",
        "pconfig": {"id": "seqcoder_table", "title": "seqcoder: compression", "namespace": "sqc"},
        "headers": {
            "status": {"title": "Status", "description": "verified, stored or failed"},
            "raw_mb": {"title": "FASTA MB", "description": "File, decompressed", "format": _MB},
            "coded_mb": {"title": "Coded MB", "description": "Its part here", "format": _MB},
            "ratio": {"title": "Ratio", "format": "{:,.2f}", "scale": "Greens"},
            "bits_per_base": {"title": "Bits/base", "format": "{:,.4f}", "scale": "Blues-rev"},
            "records": {"title": "Records", "format": "{:,.0f}", "hidden": True},
        },
        "data": rows,
    }


_MB = "{:,.3f}"


def _genome(row: dict[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {"status": row["status"]}
    if row["raw_bytes"] is not None:
        coded = row["side_bytes"] + row["latent_bytes"] + row["residual_bytes"]
        cells |= {
            "raw_mb": row["raw_bytes"] / 1e6,
            "coded_mb": coded / 1e6,
            "records": row["records"],
        }
        if coded:
            cells["ratio"] = row["raw_bytes"] / coded
        if row["bits_per_base"] is not None:
            cells["bits_per_base"] = row["bits_per_base"]
    return cells


def _container(row: dict[str, Any]) -> dict[str, Any]:
    cells = {"status": "verified", "coded_mb": row["bytes"] / 1e6}
    if row["bases"]:
        cells["bits_per_base"] = 8 * row["bytes"] / row["bases"]
    return cells
