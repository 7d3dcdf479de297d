"""Reading a container from the front, without its index: to go on with it, or to mend it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from seqcoder.container import frames
from seqcoder.container.index import HEAD_DIGEST, ChunkEntry, GenomeEntry, Index
from seqcoder.container.reader import read_header
from seqcoder.container.rows import ChunkRow, GenomeRow
from seqcoder.container.source import RangeSource
from seqcoder.errors import IntegrityError, SeqcoderError
from seqcoder.varint import ByteReader

_MAX_HEAD = 1 << 20


@dataclass
class Scan:
    """What lies whole in a file: the index it gives, where it ends, and what was wrong there."""

    index: Index = field(default_factory=Index)
    end: int = 0
    problem: str = ""


def scan_sections(source: RangeSource) -> Scan:
    """Read sections from the start up to the first that is not whole.

    Every frame met is read and its checksum checked. Index and footer sections are passed over.
    """
    scan = Scan()
    while scan.end < source.size:
        try:
            scan.end = _read_section(source, scan)
        except SeqcoderError as error:
            scan.problem = str(error)
            break
    return scan


def _read_section(source: RangeSource, scan: Scan) -> int:
    """Add the section at ``scan.end`` to the index and return the offset behind it."""
    offset = scan.end
    kind, length = struct.unpack("<II", source.read(offset, frames.SKIPPABLE_HEAD))
    behind: int = offset + frames.SKIPPABLE_HEAD + length
    what = f"{source.name}: section at byte {offset}"
    index = scan.index
    if kind == frames.HEADER:
        index.models, end = read_header(source, offset)
        return end
    if kind in (frames.INDEX, frames.FOOTER):
        source.read(offset, behind - offset)
        return behind
    if kind not in (frames.CHUNK, frames.GENOME) or length > _MAX_HEAD:
        raise IntegrityError(f"{what}: unknown section; the data are damaged")
    contents = source.read(offset + frames.SKIPPABLE_HEAD, length)
    reader = ByteReader(frames.without_crc(contents, what), what)
    ordinal = reader.varint()
    if kind == frames.CHUNK:
        first_base = reader.varint()
        chunk = ChunkEntry(ChunkRow.unpack(reader), ordinal, offset, first_base)
        reader.finish()
        if (ordinal, first_base) != (len(index.chunks), index.n_bases):
            raise IntegrityError(f"{what}: chunk {ordinal} out of order")
        if chunk.row.latents_length:
            _check_frame(source, chunk.latents_offset, chunk.row.latents_length, what)
        _check_frame(source, chunk.residual_offset, chunk.row.residual_length, what)
        index.chunks.append(chunk)
        return chunk.end
    row = GenomeRow.unpack(reader, HEAD_DIGEST)
    reader.finish()
    if ordinal != len(index.genomes):
        raise IntegrityError(f"{what}: genome {ordinal} out of order")
    genome = GenomeEntry(row, ordinal, offset)
    for place, size in (
        (genome.side_offset, row.side_length),
        (genome.walk_offset, row.walk_length),
        (genome.stored_offset, row.stored_length),
    ):
        if size:
            _check_frame(source, place, size, what)
    index.genomes.append(genome)
    return genome.end


def _check_frame(source: RangeSource, offset: int, length: int, what: str) -> None:
    """Raise IntegrityError unless there is one whole zstd frame of ``length`` at ``offset``."""
    frame = source.read(offset, length)
    size = frames.content_size(frame, what)
    # No coding of ours shrinks what it frames further than this; a bomb stops here.
    frames.decompress(frame, min(size, 1 << 33), what)
