"""Reading a container from the front, without its index: to go on with it, or to mend it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from seqcoder.container import frames
from seqcoder.container.index import (
    CHUNK_DIGEST,
    HEAD_DIGEST,
    ChunkEntry,
    GenomeEntry,
    Index,
    unpack_footer,
)
from seqcoder.container.reader import read_header
from seqcoder.container.rows import ChunkRow, GenomeRow
from seqcoder.errors import IntegrityError, SeqcoderError
from seqcoder.storage.range_source import RangeSource
from seqcoder.storage.varint import ByteReader

_MAX_HEAD = 1 << 20


_SEARCH_STEP = 1 << 20
_MARKS = tuple(struct.pack("<I", kind) for kind in (frames.CHUNK, frames.GENOME))

Part = ChunkEntry | GenomeEntry


@dataclass
class Scan:
    """What lies whole in a file: the index it gives, where it ends, and what was wrong there."""

    index: Index = field(default_factory=Index)
    end: int = 0
    problem: str = ""


def scan_sections(source: RangeSource, stop: int | None = None) -> Scan:
    """Read sections from the start up to the first that is not whole or out of order.

    The CRC of every section met is checked, and that a footer is of the index before it. Sections
    that begin at byte ``stop`` or behind it (default: the end of the file) are not read.
    """
    scan = Scan()
    index = scan.index
    before = 0
    while scan.end < (source.size if stop is None else stop):
        try:
            part, end, models = read_section(source, scan.end)
            _check_footer(source, before, scan.end, end)
            before = scan.end
            if models is not None:
                index.models = models
            elif isinstance(part, ChunkEntry):
                _in_order(
                    source,
                    part,
                    (part.ordinal, part.first_base),
                    (len(index.chunks), index.n_bases),
                )
                index.chunks.append(part)
            elif part is not None:
                _in_order(source, part, part.ordinal, len(index.genomes))
                index.genomes.append(part)
        except SeqcoderError as error:
            scan.problem = str(error)
            break
        scan.end = end
    return scan


def _check_footer(source: RangeSource, before: int, offset: int, end: int) -> None:
    """Raise IntegrityError unless an index at ``before`` and a footer at ``offset`` go together."""
    kinds = [struct.unpack("<I", source.read(place, 4))[0] for place in (before, offset)]
    if kinds[1] == frames.FOOTER:
        digest = frames.digest8(source.read(before, offset - before))
        good = unpack_footer(source.read(offset, end - offset)) == (before, digest)
    else:
        good = before == offset or kinds[0] != frames.INDEX
    if not good:
        raise IntegrityError(
            f"{source.name}: section at byte {offset}: it and the index at byte {before} disagree"
        )


def _in_order(source: RangeSource, part: Part, found: object, expected: object) -> None:
    if found != expected:
        raise IntegrityError(f"{source.name}: {part.label} at byte {part.offset}: out of order")


def read_section(source: RangeSource, offset: int) -> tuple[Part | None, int, list[bytes] | None]:
    """Read the section at ``offset``: the chunk or genome if it is one, the offset behind it,
    and the models if it is a header.

    Raises IntegrityError unless it is whole.
    """
    what = f"{source.name}: section at byte {offset}"
    kind, length = struct.unpack("<II", source.read(offset, frames.SKIPPABLE_HEAD))
    behind: int = offset + frames.SKIPPABLE_HEAD + length
    if kind == frames.HEADER:
        models, end = read_header(source, offset)
        return None, end, models
    if kind in (frames.INDEX, frames.FOOTER):
        source.read(offset, behind - offset)
        return None, behind, None
    if kind not in (frames.CHUNK, frames.GENOME) or length > _MAX_HEAD:
        raise IntegrityError(f"{what}: unknown section; the data are damaged")
    contents = source.read(offset + frames.SKIPPABLE_HEAD, length)
    reader = ByteReader(contents[:-4], what)
    ordinal = reader.varint()
    part: Part
    if kind == frames.CHUNK:
        first_base = reader.varint()
        part = ChunkEntry(ChunkRow.unpack(reader, CHUNK_DIGEST), ordinal, offset, first_base)
    else:
        part = GenomeEntry(GenomeRow.unpack(reader, HEAD_DIGEST), ordinal, offset)
    reader.finish()
    frames.check_head(contents, source.read(behind, part.end - behind), what)
    return part, part.end, None


def whole_parts(source: RangeSource) -> Iterator[Part | IntegrityError | list[bytes]]:
    """Yield every whole chunk, genome and header, whatever lies between; and each gap's error."""
    offset = 0
    while offset < source.size:
        try:
            part, offset, models = read_section(source, offset)
            if part is not None or models is not None:
                yield part if part is not None else models or []
        except SeqcoderError as error:
            yield IntegrityError(str(error))
            offset = _next_mark(source, offset + 1)


def _next_mark(source: RangeSource, start: int) -> int:
    """Return where the next chunk or genome might begin, or the end of the file."""
    while start < source.size:
        window = source.read(start, min(_SEARCH_STEP + 3, source.size - start))
        hits = [at for mark in _MARKS if (at := window.find(mark)) >= 0]
        if hits:
            return start + min(hits)
        start += _SEARCH_STEP
    return source.size
