"""The report of a container just written, from what the run knows of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from seqcoder.container.index import ChunkEntry, GenomeEntry, Index
from seqcoder.writing.chunk import CodedChunk
from seqcoder.writing.container_report import ChunkReport, ContainerReport, GenomeReport
from seqcoder.writing.genome import GenomeRun
from seqcoder.writing.status import FAILED, STORED_STATUS, VERIFIED


def build_report(
    path: str,
    size: int,
    sha256: str,
    index: Index,
    genomes: Sequence[GenomeRun],
    coded: Sequence[CodedChunk],
) -> ContainerReport:
    """Gather what a run knows of a container it has written (``path`` "": none was).

    After an append ``genomes`` and ``coded``, and so the report, are those it added.
    """
    models = index.models
    chunks = index.chunks[len(index.chunks) - len(coded) :]
    entries = {entry.row.name: entry for entry in index.genomes}
    return ContainerReport(
        path,
        size,
        sha256,
        models[0].hex() if models else "",
        tuple(_genome_report(genome, index, entries, coded) for genome in genomes),
        tuple(chunk_report(entry, chunk) for entry, chunk in zip(chunks, coded, strict=True)),
        index.extends.name if index.extends else "",
    )


def chunk_report(entry: ChunkEntry, coded: CodedChunk | None = None) -> ChunkReport:
    """Report a chunk; ``coded`` None or taken up from an earlier run: its times are not known."""
    timed = coded if coded is not None and not coded.resumed else None
    return ChunkReport(
        ordinal=entry.ordinal,
        first_base=entry.first_base,
        bases=entry.row.n_bases,
        coding=entry.row.coding,
        model=entry.row.model.hex(),
        latent_bytes=entry.row.latents_length,
        residual_bytes=entry.row.residual_length,
        offset=entry.offset,
        model_seconds=timed.model_seconds if timed else None,
        code_seconds=timed.code_seconds if timed else None,
        verify_seconds=timed.verify_seconds if timed else None,
        worker=coded.worker if coded else "",
        device=coded.device if coded else "",
    )


def shares(index: Index, start: int, stop: int) -> Iterator[tuple[ChunkEntry, int, int, float]]:
    """Yield the chunks over bases ``start`` to ``stop``, and what of each belongs to them.

    That is bytes of latents, bytes of residual, and the part of the chunk from 0 to 1. Bytes are
    differences of rounded-down cumulative parts: they add up exactly over the genomes.
    """
    for entry in index.chunks_over(start, stop):
        first = max(start, entry.first_base) - entry.first_base
        last = min(stop, entry.stop_base) - entry.first_base
        row, n = entry.row, entry.row.n_bases
        yield (
            entry,
            row.latents_length * last // n - row.latents_length * first // n,
            row.residual_length * last // n - row.residual_length * first // n,
            (last - first) / n,
        )


def _genome_report(
    genome: GenomeRun,
    index: Index,
    entries: Mapping[str, GenomeEntry],
    coded: Sequence[CodedChunk],
) -> GenomeReport:
    prepared = genome.prepared
    if prepared is None:
        return GenomeReport(
            genome.source.name, genome.source.label, None, FAILED, error=genome.error
        )
    latents = residual = 0
    seconds = [0.0, 0.0, 0.0]
    for entry, of_latents, of_residual, part in shares(index, genome.start, genome.stop):
        latents += of_latents
        residual += of_residual
        chunk = coded[entry.ordinal - len(index.chunks)]
        spent = (chunk.model_seconds, chunk.code_seconds, chunk.verify_seconds)
        seconds = [s + t * part for s, t in zip(seconds, spent, strict=True)]
    placed = entries[genome.source.name]
    row = placed.row
    return GenomeReport(
        name=row.name,
        source=genome.source.label,
        ordinal=placed.ordinal,
        status=STORED_STATUS if prepared.stored else VERIFIED,
        warning=prepared.warning,
        source_bytes=prepared.source_bytes,
        raw_bytes=row.size,
        records=row.n_records,
        residues=row.n_residues,
        bases=row.n_bases,
        novel_bases=genome.stop - genome.start,
        side_bytes=row.side_length + row.walk_length + row.stored_length,
        latent_bytes=latents,
        residual_bytes=residual,
        sha256=prepared.row.sha256.hex(),
        seqcol=prepared.seqcol,
        compression=prepared.compression,
        parse_seconds=prepared.parse_seconds,
        walk_seconds=genome.walk_seconds,
        model_seconds=seconds[0],
        code_seconds=seconds[1],
        verify_seconds=seconds[2],
        record_table=prepared.records,
    )
