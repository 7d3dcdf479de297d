"""The index of a container: every section's entry, in the order of the file (docs/format.md)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import attrgetter

from seqcoder.container import frames
from seqcoder.container.extends import Extends
from seqcoder.container.rows import ChunkRow, GenomeRow
from seqcoder.container.sections import (
    CHUNK,
    END,
    EXTENDS,
    GENOME,
    Section,
    check_letter,
    read_entry,
    section,
)
from seqcoder.errors import IntegrityError
from seqcoder.storage.varint import ByteReader, put_bytes, put_varint

FORMAT = 2
SIGNATURE = b"SQC" + bytes((FORMAT,))
CHUNK_DIGEST, FILE_DIGEST = 8, 32
"""Bytes of the digest that a payload begins with."""
PLACE_BYTES = 6
BARE_END = len(section(END, b"", bytes(PLACE_BYTES)))
"""Bytes of an end section without an index."""
SMALL = 1 << 16
"""A container of one genome and at most so many bytes needs no index: it is read whole."""
# Heads shrink by a few times when compressed. An index that shrinks by more than this is written
# as it is, so that a reader can refuse a small one that claims to be a large one.
_MOST_SHRINKAGE, _SMALL_BODY = 64, 1 << 24


@dataclass(frozen=True)
class ChunkEntry:
    """A chunk and its place: file offset of its section, its first base in base space.

    Read from the index, ``row.digest`` is empty.
    """

    row: ChunkRow
    ordinal: int
    offset: int
    first_base: int

    @cached_property
    def section(self) -> Section:
        """The section it is."""
        head = bytearray()
        put_varint(head, self.first_base)
        self.row.pack(head)
        length = CHUNK_DIGEST + self.row.latents_length + self.row.residual_length
        return Section(CHUNK, bytes(head), length, self.offset)

    @property
    def latents_offset(self) -> int:
        """File offset of the latents frame."""
        return self.section.payload_offset + CHUNK_DIGEST

    @property
    def residual_offset(self) -> int:
        """File offset of the residual frame."""
        return self.latents_offset + self.row.latents_length

    @property
    def end(self) -> int:
        """File offset behind the section."""
        return self.section.end

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
    """A genome and its place; ``record_table`` is packed, None where only the side frame has it.

    Read from the index, ``row.sha256`` is empty.
    """

    row: GenomeRow
    ordinal: int
    offset: int
    record_table: bytes | None = None

    @cached_property
    def section(self) -> Section:
        """The section it is."""
        head = bytearray()
        put_varint(head, self.ordinal)
        self.row.pack(head)
        row = self.row
        length = FILE_DIGEST + row.side_length + row.walk_length + row.stored_length
        return Section(GENOME, bytes(head), length, self.offset)

    @property
    def side_offset(self) -> int:
        """File offset of the side frame."""
        return self.section.payload_offset + FILE_DIGEST

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
        return self.section.end

    @property
    def label(self) -> str:
        """What errors call it."""
        return f"genome {self.row.name}"


Part = ChunkEntry | GenomeEntry


def parse(found: Section, ordinal: int, what: str) -> Part | None:
    """Return the chunk (the ``ordinal``-th) or genome that a section is, None if it is neither.

    Raises IntegrityError, and FormatError for what only a later version of seqcoder reads.
    """
    if found.kind in (END, EXTENDS):
        return None
    if found.kind not in (CHUNK, GENOME):
        check_letter(found.kind, what)
        return None
    head = ByteReader(found.head, what)
    digest = CHUNK_DIGEST if found.kind == CHUNK else FILE_DIGEST
    frames_length = found.payload_length - digest
    if frames_length < 0:
        raise IntegrityError(f"{what}: too short; the data are damaged")
    part: Part
    if found.kind == CHUNK:
        first_base = head.varint()
        part = ChunkEntry(ChunkRow.unpack(head, frames_length), ordinal, found.offset, first_base)
    else:
        ordinal = head.varint()
        part = GenomeEntry(GenomeRow.unpack(head, frames_length), ordinal, found.offset)
    if part.section.head != found.head:
        raise IntegrityError(f"{what}: a number that is longer than it need be")
    return part


@dataclass
class Index:
    """All that is known of a container without decoding: its chunks and genomes, in order."""

    chunks: list[ChunkEntry] = field(default_factory=list)
    genomes: list[GenomeEntry] = field(default_factory=list)
    others: list[Section] = field(default_factory=list)
    """End sections, the last and those before genomes were appended, and what is of later kinds."""
    extends: Extends | None = None
    """What the container extends: its base space goes on from that of its reference."""

    @property
    def first_base(self) -> int:
        """Where the container's own base space begins: behind its reference's."""
        return self.extends.n_bases if self.extends else 0

    @property
    def first_genome(self) -> int:
        """How many genomes the reference has: walks count the container's own on from there."""
        return self.extends.n_genomes if self.extends else 0

    @property
    def n_bases(self) -> int:
        """Size of base space, the reference's counted."""
        return self.chunks[-1].stop_base if self.chunks else self.first_base

    @property
    def ends(self) -> list[int]:
        """File offsets behind the end sections: where the container ended before each append."""
        return [other.end for other in self.others if other.kind == END]

    @property
    def models(self) -> list[bytes]:
        """The models that chunks name, by the first bytes of their SHA-256, each once."""
        return list(dict.fromkeys(chunk.row.model for chunk in self.chunks if chunk.row.model))

    def chunks_over(self, start: int, stop: int) -> list[ChunkEntry]:
        """Return the container's own chunks of bases ``start`` to ``stop`` of base space."""
        if start >= stop:
            return []
        first = bisect_right(self.chunks, start, key=attrgetter("first_base")) - 1
        last = bisect_right(self.chunks, stop - 1, key=attrgetter("first_base"))
        return self.chunks[max(first, 0) : last]

    def led_by(self, leader: ChunkEntry) -> list[ChunkEntry]:
        """Return the container's own chunks that are coded after one."""
        return [
            chunk
            for chunk in self.chunks
            if chunk.row.leader is not None and chunk.row.leader.first_base == leader.first_base
        ]

    def add(self, found: Section, what: str) -> Part | None:
        """Take the next section of the file; returns the chunk or genome it is.

        Raises IntegrityError if it does not follow from those before, and as ``parse`` does.
        """
        part = parse(found, len(self.chunks), what)
        if isinstance(part, ChunkEntry):
            if part.first_base != self.n_bases:
                raise IntegrityError(f"{what}: {part.label}: out of order")
            self.chunks.append(part)
        elif isinstance(part, GenomeEntry):
            row = part.row
            if part.ordinal != len(self.genomes):
                raise IntegrityError(f"{what}: {part.label}: out of order")
            if row.base_start is not None and row.base_start + row.n_bases > self.n_bases:
                raise IntegrityError(f"{what}: genome {row.name!r} lies outside base space")
            self.genomes.append(part)
        elif found.kind == EXTENDS:
            if found.offset != len(SIGNATURE):
                raise IntegrityError(f"{what}: a reference named behind the first section")
            self.extends = Extends.unpack(found, what)
        else:
            self.others.append(found)
        return part

    def check_names(self, what: str) -> None:
        """Raise IntegrityError if two genomes have one name."""
        names = [genome.row.name for genome in self.genomes]
        if len(set(names)) != len(names):
            raise IntegrityError(f"{what}: two genomes of one name")

    def pack(self, place: int) -> bytes:
        """Return the end section at file offset ``place``: the index, if it needs one."""
        payload = b""
        if place > SMALL or len(self.genomes) != 1:
            parts: list[Part | Section] = [*self.chunks, *self.genomes, *self.others]
            body = bytearray(self.extends.section.entry if self.extends else b"")
            for part in sorted(parts, key=attrgetter("offset")):
                body += part.entry if isinstance(part, Section) else part.section.entry
                if isinstance(part, GenomeEntry):
                    # Of one genome the side frame, just before this section, is found as well.
                    put_bytes(body, (len(self.genomes) > 1 and part.record_table) or b"")
            payload = frames.compress(bytes(body), 19, frames.side_dictionary())
            if len(body) > _most_body(len(payload)):
                payload = b"\0" + bytes(body)
        return section(END, b"", payload + place.to_bytes(PLACE_BYTES, "little"))

    @classmethod
    def unpack(cls, frame: bytes, what: str, place: int) -> Index:
        """Read the index frame of the end section at ``place``; raises IntegrityError, FormatError.

        All sections lie before it and take bytes there, which bounds what may be listed.
        """
        what = f"{what}: index"
        dictionary = frames.side_dictionary()
        body = frames.decompress(frame, _most_body(len(frame)), what, dictionary)
        source = ByteReader(body, what)
        index, offset = cls(), len(SIGNATURE)
        while len(source):
            found = read_entry(source, offset)
            offset = found.end
            if offset > place:
                raise IntegrityError(f"{what}: a section that lies behind it")
            part = index.add(found, what)
            if isinstance(part, GenomeEntry):
                table = source.take(source.varint())
                index.genomes[-1] = replace(part, record_table=table or None)
        if offset != place:
            raise IntegrityError(f"{what}: sections that end at {offset}, not at {place}")
        index.check_names(what)
        return index


def _most_body(packed: int) -> int:
    """Return how many bytes an index may have whose frame has ``packed`` bytes."""
    return max(_SMALL_BODY, _MOST_SHRINKAGE * packed)
