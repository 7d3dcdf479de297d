"""A container's rows from the container itself, where a crash lost the report of its making."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from seqcoder.container.index import ChunkEntry
from seqcoder.fasta import digest
from seqcoder.reading.genome import Genome
from seqcoder.reading.reader import Container
from seqcoder.storage.checksum import file_sha256
from seqcoder.writing.build_report import chunk_report, shares
from seqcoder.writing.container_report import ContainerReport, GenomeReport, RecordReport
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.status import FAILED, STORED_STATUS, VERIFIED

LOST_ERROR = "could not be compressed; the reason was lost when the run was interrupted"


def rebuild_report(path: Path, sources: Sequence[GenomeSource]) -> ContainerReport:
    """Return the report of the container ``path`` made of ``sources``, times and workers unknown.

    Sources that were appended to it have the report of the append.

    Sources the container does not hold are reported as failed. A container gets its name only
    when it is verified, so what it holds counts as verified.

    Raises:
        InputError, IntegrityError: it cannot be read.
    """
    with Container(path) as container:
        index = container.reader.index
        entries, first = _chunks(container, sources)
        reports = list(_genomes(container, sources, first))
        chunks = tuple(map(chunk_report, entries))
        models = index.models
        reference = index.extends.name if index.extends else ""
        size = container.reader.source.size
    sha256 = file_sha256(path)
    model = models[0].hex() if models else ""
    return ContainerReport(str(path), size, sha256, model, tuple(reports), chunks, reference)


def _chunks(container: Container, sources: Sequence[GenomeSource]) -> tuple[list[ChunkEntry], int]:
    """Return the chunks that were written with ``sources``, and where base space ended before.

    They lie before the sources' sections, and behind those of earlier genomes.
    """
    index = container.reader.index
    names = {source.name for source in sources}
    ours = [entry for entry in index.genomes if entry.row.name in names]
    if not ours:
        return [], index.n_bases
    others = index.genomes[: ours[0].ordinal]
    behind = others[-1].end if others else 0
    chunks = [chunk for chunk in index.chunks if behind <= chunk.offset < ours[0].offset]
    return chunks, max(
        (c.stop_base for c in index.chunks if c.offset < behind), default=index.first_base
    )


def _genomes(
    container: Container, sources: Sequence[GenomeSource], space: int
) -> Iterator[GenomeReport]:
    """Report the sources in order; a genome's novel bases are those up to its walk's end.

    ``space`` is where base space ended before them.
    """
    for source in sources:
        if source.name not in container:
            yield GenomeReport(source.name, source.label, None, FAILED, error=LOST_ERROR)
            continue
        genome = container[source.name]
        start, space = space, max(space, _end(genome))
        parts = list(shares(container.reader.index, start, space))
        row = genome.row
        records = () if genome.stored else tuple(_records(genome))
        yield GenomeReport(
            name=row.name,
            source=source.label,
            ordinal=genome.entry.ordinal,
            status=STORED_STATUS if genome.stored else VERIFIED,
            warning=f"{source.label}: stored as it is" if genome.stored else "",
            source_bytes=source.size,
            raw_bytes=row.size,
            records=row.n_records,
            residues=row.n_residues,
            bases=row.n_bases,
            novel_bases=space - start,
            side_bytes=row.side_length + row.walk_length + row.stored_length,
            latent_bytes=sum(part[1] for part in parts),
            residual_bytes=sum(part[2] for part in parts),
            sha256=genome.sha256,
            seqcol=""
            if genome.stored
            else digest.seqcol_digest(
                [record.name for record in records],
                [record.length for record in records],
                [record.refget for record in records],
            ),
            record_table=records,
        )


def _end(genome: Genome) -> int:
    """Return the end of the base space a genome uses."""
    if genome.row.base_start is not None:
        return genome.row.base_start + genome.row.n_bases
    spans = genome.walk.spans()
    return int(spans[:, 1].max()) if len(spans) else 0


def _records(genome: Genome) -> Iterator[RecordReport]:
    """Report a genome's records; their digests are computed."""
    for i, record in enumerate(genome):
        residues = bytes(record)
        digests = digest.refget(residues), digest.md5(residues)
        yield RecordReport(i, record.name, len(record), *digests)
