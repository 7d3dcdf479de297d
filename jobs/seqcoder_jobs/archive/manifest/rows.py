"""From the report of a container to rows of the manifest."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from seqcoder.fasta import digest
from seqcoder.storage.names import spell
from seqcoder.writing.container_report import (
    ChunkReport,
    ContainerReport,
    GenomeReport,
    RecordReport,
)
from seqcoder.writing.status import FAILED, VERIFIED

Rows = dict[str, list[dict[str, Any]]]
"""Rows by table name, each a dictionary by column name."""


def container_rows(
    file: str,
    report: ContainerReport,
    attempts: Mapping[str, int],
    before: Mapping[str, Any] | None = None,
) -> Rows:
    """Return the rows of all tables for the container called ``file``.

    ``attempts`` tells by genome name how often it has been tried, this time included. Where the
    container was not written (all its inputs failed) only the genomes have rows. ``before`` is
    the row in ``containers`` of what the report says was appended to.
    """
    genomes: list[dict[str, Any]] = []
    records: list[dict[str, Any]] = []
    firsts = [chunk.first_base for chunk in report.chunks]
    ends = [chunk.first_base + chunk.bases for chunk in report.chunks]
    stop = report.chunks[0].first_base if report.chunks else 0
    for genome in report.genomes:
        start, stop = stop, stop + genome.novel_bases
        chunks = report.chunks[bisect_right(ends, start) : bisect_left(firsts, stop)]
        genomes.append(_genome_row(file, genome, chunks, report, attempts.get(genome.name, 1)))
        records += [
            {
                "genome": genome.name,
                "container": file,
                "ordinal": record.ordinal,
                "record": spell(record.name),
                "length": record.length,
                "refget": record.refget,
                "md5": record.md5,
            }
            for record in genome.record_table
        ]
    frame_bytes = sum(genome.coded_bytes for genome in report.genomes)
    written: dict[str, Any] = {
        "container": file,
        "bytes": report.size,
        "sha256": report.sha256,
        "genomes": sum(genome.status != FAILED for genome in report.genomes),
        "chunks": len(report.chunks),
        "bases": sum(chunk.bases for chunk in report.chunks),
        "frame_bytes": frame_bytes,
        "model_digest": report.model_digest or None,
        "reference": report.reference or None,
    }
    if before:
        for column in ("genomes", "chunks", "bases", "frame_bytes"):
            written[column] += before[column]
    return {
        "genomes": genomes,
        "records": records,
        "chunks": [_chunk_row(file, chunk, report) for chunk in report.chunks],
        "containers": [written] if report.size else [],
    }


def _level1(records: Sequence[RecordReport]) -> dict[str, str]:
    return digest.seqcol_level1(
        [record.name for record in records],
        [record.length for record in records],
        [record.refget for record in records],
    )


def _genome_row(
    file: str,
    genome: GenomeReport,
    chunks: Sequence[ChunkReport],
    report: ContainerReport,
    attempt: int,
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "genome": genome.name,
        "source": spell(genome.source),
        "status": genome.status,
        "error": _message(genome.error, genome.source),
        "warning": _message(genome.warning, genome.source),
        "attempt": attempt,
    }
    if genome.status == FAILED:
        return row
    # The times of a chunk that an interrupted run had coded already are not known to anyone.
    timed = all(chunk.code_seconds is not None for chunk in chunks)
    row |= {
        "container": file,
        "ordinal": genome.ordinal,
        "compression": genome.compression or None,
        "source_bytes": genome.source_bytes,
        "raw_bytes": genome.raw_bytes,
        "records": genome.records,
        "residues": genome.residues,
        "bases": genome.bases,
        "novel_bases": genome.novel_bases,
        "side_bytes": genome.side_bytes,
        "latent_bytes": genome.latent_bytes,
        "residual_bytes": genome.residual_bytes,
        "bits_per_base": genome.bits_per_base,
        "coding": _joined(str(chunk.coding) for chunk in chunks),
        "model_digest": report.model_digest if any(chunk.model for chunk in chunks) else None,
        "sha256": genome.sha256,
        "seqcol": genome.seqcol or None,
        "seqcol_level1": _level1(genome.record_table) if genome.seqcol else None,
        "parse_seconds": genome.parse_seconds,
        "walk_seconds": genome.walk_seconds,
        "worker": _joined(chunk.worker for chunk in chunks),
        "device": _joined(chunk.device for chunk in chunks),
    }
    if timed:
        row |= {
            "model_seconds": genome.model_seconds,
            "code_seconds": genome.code_seconds,
            "verify_seconds": genome.verify_seconds,
        }
    return row


def _chunk_row(file: str, chunk: ChunkReport, report: ContainerReport) -> dict[str, Any]:
    return {
        "container": file,
        "chunk": chunk.ordinal,
        "status": VERIFIED,
        "first_base": chunk.first_base,
        "bases": chunk.bases,
        "coding": chunk.coding,
        "model_digest": report.model_digest if chunk.model else None,
        "latent_bytes": chunk.latent_bytes,
        "residual_bytes": chunk.residual_bytes,
        "bits_per_base": 8 * (chunk.latent_bytes + chunk.residual_bytes) / chunk.bases,
        "offset": chunk.offset,
        "model_seconds": chunk.model_seconds,
        "code_seconds": chunk.code_seconds,
        "verify_seconds": chunk.verify_seconds,
        "worker": chunk.worker or None,
        "device": chunk.device or None,
    }


def _joined(values: Any) -> str | None:
    """Return the distinct values in order, with commas; None where there are none."""
    return ",".join(dict.fromkeys(value for value in values if value)) or None


def _message(text: str, source: str) -> str | None:
    """Return a message with its source, and bytes that are not UTF-8, spelt: Parquet holds text."""
    text = text.replace(source, spell(source)) if source else text
    return re.sub("[\\ud800-\\udfff]+", lambda match: spell(match[0]), text) or None
