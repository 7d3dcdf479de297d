"""What is known of a written container: the rows the manifest is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqcoder.chunk import CodedChunk
    from seqcoder.container.index import ChunkEntry, GenomeEntry, Index
    from seqcoder.pipeline import GenomeRun

VERIFIED, STORED_STATUS, FAILED = "verified", "stored", "failed"


@dataclass(frozen=True)
class RecordReport:
    """One FASTA record: first header token, residues, GA4GH refget digest (``SQ.`` form)."""

    ordinal: int
    name: str
    length: int
    refget: str


@dataclass(frozen=True)
class ChunkReport:
    """One chunk: sizes in bytes, times in seconds (None where an earlier run coded it)."""

    ordinal: int
    first_base: int
    bases: int
    coding: int
    model: str
    latent_bytes: int
    residual_bytes: int
    offset: int
    model_seconds: float | None
    code_seconds: float | None
    verify_seconds: float | None
    worker: str
    device: str


@dataclass(frozen=True)
class GenomeReport:
    """One input file and what became of it.

    ``side_bytes`` counts all frames of the genome's own (side streams, walk, stored file);
    ``latent_bytes`` and ``residual_bytes`` its part of the chunks that its novel bases went to,
    so that the sums over the genomes are the sums over the frames of the container.
    """

    name: str
    source: str
    ordinal: int | None
    status: str
    error: str = ""
    warning: str = ""
    source_bytes: int = 0
    raw_bytes: int = 0
    records: int = 0
    residues: int = 0
    bases: int = 0
    novel_bases: int = 0
    side_bytes: int = 0
    latent_bytes: int = 0
    residual_bytes: int = 0
    sha256: str = ""
    seqcol: str = ""
    compression: str = ""
    parse_seconds: float = 0.0
    model_seconds: float = 0.0
    code_seconds: float = 0.0
    verify_seconds: float = 0.0
    record_table: tuple[RecordReport, ...] = ()

    @property
    def coded_bytes(self) -> int:
        """All bytes of frames this genome costs."""
        return self.side_bytes + self.latent_bytes + self.residual_bytes

    @property
    def bits_per_base(self) -> float | None:
        """Bits of latents and residual for each base, None without bases."""
        if not self.bases:
            return None
        return 8 * (self.latent_bytes + self.residual_bytes) / self.bases


@dataclass(frozen=True)
class ContainerReport:
    """A finished container; ``size`` is 0 where every input failed and none was written."""

    path: str
    size: int
    sha256: str
    model_digest: str
    genomes: tuple[GenomeReport, ...] = ()
    chunks: tuple[ChunkReport, ...] = field(default=())

    @property
    def failures(self) -> list[GenomeReport]:
        """The inputs that could not be compressed."""
        return [genome for genome in self.genomes if genome.status == FAILED]


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
        model_seconds=seconds[0],
        code_seconds=seconds[1],
        verify_seconds=seconds[2],
        record_table=prepared.records,
    )
