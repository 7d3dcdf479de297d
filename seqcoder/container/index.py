"""The index of a container, and the footer that says where it is (docs/format.md)."""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter

from seqcoder.container import frames
from seqcoder.container.rows import RECORDS_INDEXED, ChunkRow, GenomeRow
from seqcoder.errors import IntegrityError
from seqcoder.storage.varint import ByteReader, put_bytes, put_varint

FOOTER_LENGTH = 28
HEAD_FRAMING = frames.SKIPPABLE_HEAD + 4  # and the CRC-32
CHUNK_DIGEST = 8
MODEL_PREFIX = 8
"""Bytes of a model's SHA-256 in the index; the header has all of it."""
HEAD_DIGEST = 4
"""Bytes of a file's SHA-256 in its genome head; the index has all of it."""
_FOOTER_END = b"SQC1"
# Index bodies shrink by little, digests do not compress. One that shrinks by more is written raw,
# so that a reader can refuse a small index that claims to be a large one.
_MOST_SHRINKAGE, _SMALL_BODY = 64, 1 << 24


@dataclass(frozen=True)
class ChunkEntry:
    """A chunk and its place: file offset of its head, its first base in base space.

    Read from the index, ``row.digest`` is empty.
    """

    row: ChunkRow
    ordinal: int
    offset: int
    first_base: int

    @cached_property
    def head_body(self) -> bytes:
        """What the chunk's head says, but for its last 12 bytes, digest and CRC."""
        body = bytearray()
        put_varint(body, self.ordinal)
        put_varint(body, self.first_base)
        self.row.pack(body)
        return bytes(body)

    @property
    def frames_offset(self) -> int:
        """File offset behind the head."""
        return self.offset + len(self.head_body) + CHUNK_DIGEST + HEAD_FRAMING

    @property
    def latents_offset(self) -> int:
        """File offset of the latents frame."""
        return self.frames_offset

    @property
    def residual_offset(self) -> int:
        """File offset of the residual frame."""
        return self.latents_offset + self.row.latents_length

    @property
    def end(self) -> int:
        """File offset behind the section."""
        return self.residual_offset + self.row.residual_length

    @property
    def label(self) -> str:
        """What errors call it."""
        return f"chunk {self.ordinal}"

    @property
    def stop_base(self) -> int:
        """Base-space coordinate behind the chunk's last base."""
        return self.first_base + self.row.n_bases


@dataclass(frozen=True)
class GenomeEntry:
    """A genome and its place; ``record_table`` is packed, None where only the side frame has it."""

    row: GenomeRow
    ordinal: int
    offset: int
    record_table: bytes | None = None

    @cached_property
    def head_body(self) -> bytes:
        """What the genome's head says, without CRC."""
        body = bytearray()
        put_varint(body, self.ordinal)
        self.row.pack(body, HEAD_DIGEST)
        return bytes(body)

    @property
    def frames_offset(self) -> int:
        """File offset behind the head."""
        return self.offset + len(self.head_body) + HEAD_FRAMING

    @property
    def side_offset(self) -> int:
        """File offset of the side frame."""
        return self.frames_offset

    @property
    def label(self) -> str:
        """What errors call it."""
        return f"genome {self.row.name}"

    @property
    def walk_offset(self) -> int:
        """File offset of the walk frame."""
        return self.side_offset + self.row.side_length

    @property
    def stored_offset(self) -> int:
        """File offset of the stored frame."""
        return self.walk_offset + self.row.walk_length

    @property
    def end(self) -> int:
        """File offset behind the section."""
        return self.stored_offset + self.row.stored_length


@dataclass
class Index:
    """All that is known of a container without decoding: models, chunks, genomes."""

    models: list[bytes] = field(default_factory=list)
    """SHA-256 of each model, or (by way of the index) the first 8 bytes of it."""
    chunks: list[ChunkEntry] = field(default_factory=list)
    genomes: list[GenomeEntry] = field(default_factory=list)

    @property
    def n_bases(self) -> int:
        """Size of base space."""
        return self.chunks[-1].stop_base if self.chunks else 0

    def chunks_over(self, start: int, stop: int) -> list[ChunkEntry]:
        """Return the chunks that hold bases ``start`` to ``stop`` of base space."""
        if start >= stop:
            return []
        first = bisect_right(self.chunks, start, key=attrgetter("first_base")) - 1
        last = bisect_right(self.chunks, stop - 1, key=attrgetter("first_base"))
        return self.chunks[max(first, 0) : last]

    def pack(self) -> bytes:
        """Return the index section (a skippable frame)."""
        body = bytearray()
        put_varint(body, len(self.models))
        for model in self.models:
            body += model[:MODEL_PREFIX]
        put_varint(body, len(self.chunks))
        end = 0
        for chunk in self.chunks:
            put_varint(body, chunk.offset - end)
            chunk.row.pack(body)
            end = chunk.end
        put_varint(body, len(self.genomes))
        end = 0  # not the end of the chunks: an appended chunk lies behind the first genome
        for genome in self.genomes:
            put_varint(body, genome.offset - end)
            genome.row.pack(body)
            if genome.record_table is not None:
                put_bytes(body, genome.record_table)
            end = genome.end
        packed = frames.compress(bytes(body), 19)
        packs = len(packed) < len(body) <= _most_body(len(packed))
        contents = b"\1" + packed if packs else b"\0" + bytes(body)
        return frames.skippable(frames.INDEX, contents)

    @classmethod
    def unpack(cls, section: bytes, what: str, place: int) -> Index:
        """Read an index section that lies at ``place``; raises IntegrityError, naming ``what``.

        All sections lie before it and take bytes there, which bounds what may be listed.
        """
        if len(section) < frames.SKIPPABLE_HEAD + 1:
            raise IntegrityError(f"{what}: index of {len(section)} bytes; the data are damaged")
        kind, length = struct.unpack_from("<II", section)
        if kind != frames.INDEX or length != len(section) - frames.SKIPPABLE_HEAD:
            raise IntegrityError(f"{what}: no index where the footer says; the data are damaged")
        packing, body = section[8], section[9:]
        if packing == 1:
            body = frames.decompress(body, _most_body(len(body)), f"{what}: index")
        elif packing:
            raise IntegrityError(f"{what}: index packed in an unknown way ({packing})")
        source = ByteReader(body, f"{what}: index")
        index = cls(models=[source.take(MODEL_PREFIX) for _ in range(_count(source, MODEL_PREFIX))])
        n_chunks = _count(source, 6)
        base = end = 0
        for ordinal in range(n_chunks):
            offset = end + source.varint()
            chunk = ChunkEntry(ChunkRow.unpack(source, 0), ordinal, offset, base)
            bad = not chunk.row.n_bases or chunk.row.model > len(index.models)
            if bad or chunk.end > place:
                raise IntegrityError(f"{what}: index: impossible chunk {ordinal}")
            index.chunks.append(chunk)
            base, end = chunk.stop_base, chunk.end
        end = 0
        for ordinal in range(_count(source, 40)):
            offset = end + source.varint()
            row = GenomeRow.unpack(source)
            table = source.take(source.varint()) if row.flags & RECORDS_INDEXED else None
            if row.base_start is not None and row.base_start + row.n_bases > base:
                raise IntegrityError(f"{what}: index: genome {row.name!r} lies outside base space")
            genome = GenomeEntry(row, ordinal, offset, table)
            if genome.end > place:
                raise IntegrityError(f"{what}: index: impossible genome {ordinal}")
            index.genomes.append(genome)
            end = genome.end
        source.finish()
        names = [genome.row.name for genome in index.genomes]
        if len(set(names)) != len(names):
            raise IntegrityError(f"{what}: index: two genomes of one name")
        return index


def _most_body(packed: int) -> int:
    """Return how many bytes an index body may have that is ``packed`` bytes when compressed."""
    return max(_SMALL_BODY, _MOST_SHRINKAGE * packed)


def _count(source: ByteReader, least_row: int) -> int:
    """Read a number of rows that the bytes left could hold at ``least_row`` bytes each."""
    return source.varint(len(source) // least_row + 1)


def pack_footer(index_offset: int, section: bytes) -> bytes:
    """Return the footer for an index ``section`` at ``index_offset``."""
    contents = struct.pack("<Q", index_offset) + frames.digest8(section)
    return frames.skippable(frames.FOOTER, contents + _FOOTER_END)


FOOTER_START = struct.pack("<II", frames.FOOTER, FOOTER_LENGTH - frames.SKIPPABLE_HEAD)


def unpack_footer(tail: bytes) -> tuple[int, bytes] | None:
    """Return index offset and digest8, or None if ``tail`` is no footer.

    The index section ends where the footer begins.
    """
    if len(tail) != FOOTER_LENGTH or tail[:8] != FOOTER_START or tail[-4:] != _FOOTER_END:
        return None
    return struct.unpack_from("<Q", tail, 8)[0], tail[16:24]
