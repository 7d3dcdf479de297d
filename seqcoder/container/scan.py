"""Reading a container from the front, without its index: to go on with it, or to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from seqcoder.container.index import (
    CHUNK_DIGEST,
    FILE_DIGEST,
    SIGNATURE,
    ChunkEntry,
    GenomeEntry,
    Index,
    Part,
    parse,
)
from seqcoder.container.reader import index_before
from seqcoder.container.sections import END, Section, check_crc, entry_at
from seqcoder.container.signature import check_signature
from seqcoder.errors import IntegrityError, SeqcoderError
from seqcoder.storage.range_source import RangeSource

_SEARCH_STEP = 1 << 20
# A chunk or genome, the length of its head: small, and of a chunk at most 75 (varints of 9, 9, 1
# and 9 bytes, a model and something to spare).
_MARK = re.compile(rb"C(?=[\x03-\x7f])|G(?=[\x04-\xff])")
# What only looks like a section is read to its end to tell; so many times the file at most.
_MOST_SEARCHED = 16


@dataclass
class Scan:
    """What lies whole in a file: the index it gives, where it ends, and what was wrong there."""

    index: Index = field(default_factory=Index)
    end: int = 0
    problem: str = ""


def scan_sections(source: RangeSource, stop: int | None = None) -> Scan:
    """Read sections from the start up to the first that is not whole or out of order.

    The CRC of every section met is checked, and that an index lists the sections before it.
    Sections that begin at byte ``stop`` or behind it (default: the end of the file) are not read.
    """
    scan = Scan()
    try:
        check_signature(source)
        scan.end = len(SIGNATURE)
        while scan.end < (source.size if stop is None else stop):
            found, part = read_section(source, scan.end)
            what = f"{source.name}: section at byte {scan.end}"
            added = scan.index.add(found, what)
            if isinstance(added, ChunkEntry) and isinstance(part, ChunkEntry):
                scan.index.chunks[-1] = replace(added, row=part.row)
            elif isinstance(part, GenomeEntry):
                scan.index.genomes[-1] = part
            if found.kind == END:
                _check_end(source, found, scan.index)
            scan.end = found.end
    except SeqcoderError as error:
        scan.problem = str(error)
    return scan


def _check_end(source: RangeSource, found: Section, index: Index) -> None:
    """Raise IntegrityError unless an end section's index is that of the sections before it."""
    listed = index_before(source, found.end)
    if listed is None or _entries(listed) != _entries(index):
        raise IntegrityError(
            f"{source.name}: end section at byte {found.offset}: its index is of other sections"
        )


def _entries(index: Index) -> list[Section]:
    extends = [index.extends.section] if index.extends else []
    chunks = [chunk.section for chunk in index.chunks]
    return [*extends, *chunks, *(genome.section for genome in index.genomes), *index.others]


def read_section(source: RangeSource, offset: int) -> tuple[Section, Part | None]:
    """Read the section at ``offset``, and the chunk or genome, with its digest, if it is one.

    Raises IntegrityError unless it is whole.
    """
    what = f"{source.name}: section at byte {offset}"
    found = entry_at(source, offset, source.size)
    part = parse(found, 0, what)
    data = source.read(offset, found.end - offset)
    check_crc(data, what)
    payload = data[len(found.entry) :]
    if isinstance(part, ChunkEntry):
        part = replace(part, row=replace(part.row, digest=payload[:CHUNK_DIGEST]))
    elif isinstance(part, GenomeEntry):
        part = replace(part, row=replace(part.row, sha256=payload[:FILE_DIGEST]))
    return found, part


def whole_parts(source: RangeSource) -> Iterator[Part | IntegrityError]:
    """Yield every whole chunk and genome, whatever lies between, and an error for every gap."""
    offset = 0
    if source.read(0, min(source.size, len(SIGNATURE))) == SIGNATURE:
        offset = len(SIGNATURE)
    while offset < source.size:
        try:
            found, part = read_section(source, offset)
        except SeqcoderError as error:
            yield IntegrityError(str(error))
            offset = _next_whole(source, offset + 1)
            continue
        if part is not None:
            yield part
        offset = found.end


def _next_whole(source: RangeSource, start: int) -> int:
    """Return where the next whole chunk or genome begins, or the end of the file."""
    most = source.bytes_read + _MOST_SEARCHED * source.size
    while start < source.size:
        window = source.read(start, min(_SEARCH_STEP + 1, source.size - start))
        for hit in _MARK.finditer(window):
            with suppress(SeqcoderError):
                read_section(source, start + hit.start())
                return start + hit.start()
            if source.bytes_read > most:
                return source.size
        start += _SEARCH_STEP
    return source.size
