"""Reading a container: footer, index, then single frames. Nothing is decoded into bases here."""

from __future__ import annotations

import struct
from dataclasses import replace

from seqcoder.container import frames
from seqcoder.container.index import (
    FOOTER_LENGTH,
    FOOTER_START,
    ChunkEntry,
    GenomeEntry,
    Index,
    unpack_footer,
)
from seqcoder.container.rows import MAX_CHUNK_BASES, ChunkRow
from seqcoder.container.writer import MAJOR, SIGNATURE
from seqcoder.errors import InputError, IntegrityError
from seqcoder.storage.memory import (
    PER_SIDE_BYTE,
    PER_STORED_BYTE,
    PER_WALK_BYTE,
    check_memory,
    memory_limit,
)
from seqcoder.storage.range_source import RangeSource
from seqcoder.storage.varint import ByteReader

_SEARCH_STEP = 1 << 20
# A file made of false footers, each naming most of the file as its index, would take for ever.
_MOST_SEARCHED = 16


def read_header(source: RangeSource, offset: int = 0) -> tuple[list[bytes], int]:
    """Return the SHA-256 of the models a header section names and the offset behind it.

    Raises InputError where the file is no container at all, or one of another major version,
    and IntegrityError where its header is damaged.
    """
    what = f"{source.name}: header"
    least = frames.SKIPPABLE_HEAD + len(SIGNATURE)
    start = source.read(offset, least) if source.size >= offset + least else b""
    if start[8:] != SIGNATURE and start[:4] != struct.pack("<I", frames.HEADER):
        tail = source.read(max(0, source.size - FOOTER_LENGTH), min(source.size, FOOTER_LENGTH))
        if unpack_footer(tail):
            raise IntegrityError(
                f"{what}: damaged or lost at byte {offset}, though the file ends like a container; "
                "'seqcoder repair' recovers what is whole"
            )
        raise InputError(f"{source.name}: not a seqcoder container (no SQC signature)")
    kind, length = struct.unpack_from("<II", start)
    if kind != frames.HEADER or start[8:] != SIGNATURE or not 16 <= length <= 1 << 20:
        raise IntegrityError(f"{what}: damaged at byte {offset}")
    contents = source.read(offset + 8, length)
    major, _minor = contents[8], contents[9]
    body = frames.check_head(contents, b"", what)
    features = body[10]
    if major != MAJOR or features:
        raise InputError(
            f"{source.name}: format {major} (features {features:#x}) is newer than this seqcoder "
            f"reads ({MAJOR}); upgrade seqcoder"
        )
    reader = ByteReader(body[11:], what)
    models = [reader.take(32) for _ in range(reader.varint(255))]
    reader.finish()
    return models, offset + 8 + length


def _footer_at(source: RangeSource, end: int) -> tuple[int, Index] | None:
    """Return the index offset and the index that a valid footer ending at ``end`` names."""
    if end < FOOTER_LENGTH:
        return None
    found = unpack_footer(source.read(end - FOOTER_LENGTH, FOOTER_LENGTH))
    if found is None:
        return None
    offset, digest = found
    if offset > end - FOOTER_LENGTH:
        return None
    section = source.read(offset, end - FOOTER_LENGTH - offset)
    if frames.digest8(section) != digest:
        return None
    return offset, Index.unpack(section, source.name, offset)


def read_index(source: RangeSource) -> tuple[Index, int]:
    """Return the index and the offset behind the last valid footer.

    An offset below ``source.size`` tells of a torn append: the bytes behind it belong to nothing.
    Raises InputError if this is no container, IntegrityError if no footer is valid.
    """
    found = _footer_at(source, source.size) if source.size >= FOOTER_LENGTH else None
    if found:
        return found[1], source.size
    read_header(source)
    # Backwards in overlapping windows, so that no footer is cut by a window's edge.
    stop = source.size
    most = source.bytes_read + _MOST_SEARCHED * source.size
    while stop > 0 and source.bytes_read <= most:
        start = max(0, stop - _SEARCH_STEP)
        window = source.read(start, min(stop + FOOTER_LENGTH, source.size) - start)
        at = window.rfind(FOOTER_START)
        while at >= 0 and source.bytes_read <= most:
            end = start + at + FOOTER_LENGTH
            found = _footer_at(source, end) if end <= source.size else None
            if found:
                return found[1], end
            at = window.rfind(FOOTER_START, 0, at)
        stop = start
    raise IntegrityError(
        f"{source.name}: no valid footer, the index is lost or the file is cut short; "
        "'seqcoder repair' recovers what is whole"
    )


class ContainerReader:
    """The frames of one container, by way of its index."""

    def __init__(
        self, source: RangeSource, index: Index | None = None, memory: int | None = None
    ) -> None:
        """Read footer and index, unless ``index`` is given; raises as ``read_index`` does.

        ``memory`` is the most bytes that reading may take; None: see ``seqcoder.storage.memory``.
        """
        self.source = source
        self.memory = memory_limit(source.size) if memory is None else memory
        self.index, self.end = read_index(source) if index is None else (index, source.size)

    @property
    def torn_bytes(self) -> int:
        """Bytes behind the last valid footer (a torn append), normally 0."""
        return self.source.size - self.end

    def _section(self, part: ChunkEntry | GenomeEntry) -> tuple[bytes, bytes]:
        """Return the contents of a section's head, its CRC stripped, and the frames behind it.

        The CRC is over the head and all frames of the section. Raises IntegrityError unless it
        holds and the head says what the index says.
        """
        kind = frames.CHUNK if isinstance(part, ChunkEntry) else frames.GENOME
        start = part.frames_offset - part.offset
        what = f"{self.source.name}: {part.label} at byte {part.offset}"
        section = self.source.read(part.offset, part.end - part.offset)
        contents = section[frames.SKIPPABLE_HEAD : start]
        if section[:8] != struct.pack("<II", kind, len(contents)):
            raise IntegrityError(f"{what}: no such section there; the data are damaged")
        body = frames.check_head(contents, section[start:], what)
        if not body.startswith(part.head_body):
            raise IntegrityError(f"{what}: its head and the index disagree")
        return body, section[start:]

    def check_genome(self, genome: GenomeEntry) -> None:
        """Raise IntegrityError unless a genome's section is whole and agrees with the index."""
        self._section(genome)

    def chunk_frames(self, chunk: ChunkEntry) -> tuple[ChunkRow, bytes, bytes]:
        """Return a chunk's row (with its digest), decompressed latents (b"" if none) and residual.

        Head, CRC and checksums are checked; raises IntegrityError naming container, chunk, offset.
        """
        row = chunk.row
        body, raw = self._section(chunk)
        what = f"{self.source.name}: {chunk.label}"
        latents = b""
        if row.latents_length:
            latents = frames.decompress(
                raw[: row.latents_length],
                row.n_bases + 1024,
                f"{what}: latents at byte {chunk.latents_offset}",
            )
        residual = frames.decompress(
            raw[row.latents_length :],
            min(MAX_CHUNK_BASES, row.n_bases + 1024),
            f"{what}: residual at byte {chunk.residual_offset}",
        )
        return replace(row, digest=body[len(chunk.head_body) :]), latents, residual

    def genome_frame(self, genome: GenomeEntry, frame: str) -> bytes:
        """Return the decompressed ``side``, ``walk`` or ``stored`` frame of a genome."""
        row = genome.row
        offset = getattr(genome, f"{frame}_offset")
        length = getattr(row, f"{frame}_length")
        if not length:
            return b""
        # A side stream needs at most a few bytes a residue; a walk 28 bytes a base; a stored frame
        # is the file itself.
        most = row.size
        if frame != "stored":
            most = 32 * (row.n_bases if frame == "walk" else row.size) + (1 << 16)
        what = f"{self.source.name}: genome {row.name}: {frame} frame at byte {offset}"
        data = self.source.read(offset, length)
        factor = {"side": PER_SIDE_BYTE, "walk": PER_WALK_BYTE, "stored": PER_STORED_BYTE}[frame]
        check_memory(factor * frames.checked_size(data, most, what), self.memory, what)
        return frames.decompress(data, most, what)
