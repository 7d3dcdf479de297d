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

    The CRC of every section met is checked. Index and footer sections are passed over.
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
    reader = ByteReader(contents[:-4], what)
    ordinal = reader.varint()
    part: ChunkEntry | GenomeEntry
    if kind == frames.CHUNK:
        first_base = reader.varint()
        part = ChunkEntry(ChunkRow.unpack(reader), ordinal, offset, first_base)
        in_order = (ordinal, first_base) == (len(index.chunks), index.n_bases)
    else:
        part = GenomeEntry(GenomeRow.unpack(reader, HEAD_DIGEST), ordinal, offset)
        in_order = ordinal == len(index.genomes)
    reader.finish()
    frames.check_head(contents, source.read(behind, part.end - behind), what)
    if not in_order:
        raise IntegrityError(f"{what}: {part.label} out of order")
    if isinstance(part, ChunkEntry):
        index.chunks.append(part)
    else:
        index.genomes.append(part)
    return part.end
