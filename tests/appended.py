"""Containers with genomes appended, as docs/format.md says it is done.

Put together with the writer's bricks, so that what is tested does not depend on the command.
"""

from __future__ import annotations

import io
from dataclasses import replace

import seqcoder
from seqcoder import fasta
from seqcoder.container.reader import ContainerReader
from seqcoder.container.scan import scan_sections
from seqcoder.container.writer import ChunkFrames, ContainerWriter, GenomeFrames
from seqcoder.storage.range_source import RangeSource


def append(old: bytes, new: bytes) -> bytes:
    """Return ``old`` with the genomes of ``new`` appended."""
    source = RangeSource(new)
    index = ContainerReader(RangeSource(old)).index
    first = index.n_bases
    out = io.BytesIO(old)
    out.seek(0, io.SEEK_END)
    writer = ContainerWriter(out, index=index, position=len(old))
    for c in scan_sections(source).index.chunks:  # which, unlike the index, knows the digests
        latents = source.read(c.latents_offset, c.row.latents_length)
        residual = source.read(c.residual_offset, c.row.residual_length)
        writer.add_chunk(ChunkFrames(c.row, latents, residual))
    genomes = seqcoder.open(new)
    for g in scan_sections(source).index.genomes:
        start = (g.row.base_start or 0) + first if g.row.n_bases else 0
        side = source.read(g.side_offset, g.row.side_length)
        stored = source.read(g.stored_offset, g.row.stored_length)
        row = replace(g.row, base_start=start)
        table = fasta.pack_record_table(genomes[row.name].table) if row.n_records else b""
        writer.add_genome(GenomeFrames(row, side, b"", stored, table))
    writer.finish()
    return out.getvalue()
