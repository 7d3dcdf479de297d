"""Reading a container: its end, its index, then single sections. Nothing is decoded into bases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from seqcoder.container import frames
from seqcoder.container.index import (
    BARE_END,
    CHUNK_DIGEST,
    FILE_DIGEST,
    PLACE_BYTES,
    SIGNATURE,
    SMALL,
    ChunkEntry,
    GenomeEntry,
    Index,
    Part,
)
from seqcoder.container.rows import MAX_CHUNK_BASES, ChunkRow
from seqcoder.container.sections import (
    CHUNK,
    CRC_BYTES,
    END,
    GENOME,
    check_crc,
    crc_problem,
    entry_at,
    read_entry,
)
from seqcoder.container.signature import check_signature
from seqcoder.errors import (
    FormatError,
    IntegrityError,
    ReferenceMissingError,
    SeqcoderError,
)
from seqcoder.storage.memory import (
    PER_SIDE_BYTE,
    PER_STORED_BYTE,
    PER_WALK_BYTE,
    check_memory,
    memory_limit,
)
from seqcoder.storage.range_source import RangeSource
from seqcoder.storage.varint import ByteReader

_TAIL = PLACE_BYTES + CRC_BYTES
# Read before the end section, too: the section of a container's only genome, most often.
_BEFORE = 1 << 12
# Of the genomes' sections, which lie side by side, read at a time from afar.
_NEIGHBOURS = 1 << 19
# A file of nothing but empty sections would take for ever.
_MOST_SECTIONS = 1 << 18


def index_before(source: RangeSource, end: int) -> Index | None:
    """Return the index of the container that ends at ``end``, its end section among the others.

    None if none ends there. Two reads. Raises IntegrityError, FormatError for an index that is
    whole and impossible.
    """
    if end < len(SIGNATURE) + BARE_END:
        return None
    place = int.from_bytes(source.read(end - _TAIL, PLACE_BYTES), "little")
    if not len(SIGNATURE) <= place <= end - BARE_END:
        return None
    bare = end - place == BARE_END and place <= SMALL
    start = 0 if bare else max(0, place - _BEFORE)
    data = source.read(start, end - start)
    last = data[place - start :]
    try:
        found = read_entry(ByteReader(last, source.name), place)
        if found.kind != END or found.end != end or found.head:
            return None
        check_crc(last, source.name)
    except IntegrityError:
        return None
    frame = last[found.payload_offset - place : -_TAIL]
    if frame:
        index = Index.unpack(frame, source.name, place)
    elif bare:
        index = _index_of(data[:place], source.name)
    else:
        raise IntegrityError(f"{source.name}: a container of {end} bytes without an index")
    index.others.append(found)
    source.keep(start, data[: place - start])
    return index


def _index_of(data: bytes, name: str) -> Index:
    """Return the index of a small container's sections, read whole.

    A damaged chunk may stay: it is refused when it is read, and its genome is known.
    """
    index, reader = Index(), ByteReader(data, name)
    reader.take(len(SIGNATURE))
    while len(reader):
        offset = reader.position
        label = {CHUNK: f"chunk {len(index.chunks)}", GENOME: "genome"}.get(data[offset], "section")
        what = f"{name}: {label} at byte {offset}"
        damage = ""
        try:
            found = read_entry(reader, offset)
            section = data[offset : found.end]
            reader.take(found.end - reader.position)
            damage = crc_problem(section, what)
            if damage and found.kind != CHUNK:
                raise IntegrityError(damage)
            index.add(found, what)
        except SeqcoderError as error:
            if isinstance(error, FormatError) and not damage:
                raise
            hint = "'seqcoder repair' recovers what is whole"
            raise IntegrityError(f"{damage or error}; {hint}") from None
    index.check_names(name)
    return index


def read_index(source: RangeSource) -> tuple[Index, int]:
    """Return the index and the offset behind the last whole end section.

    An offset below ``source.size`` tells of a torn append: the bytes behind it belong to nothing.
    Raises InputError if this is no container, FormatError if it is one of another format, and
    IntegrityError if its end is lost.
    """
    index = index_before(source, source.size)
    if index:
        return index, source.size
    check_signature(source)
    for end in reversed(_ends(source)):
        index = index_before(source, end)
        if index:
            return index, end
    raise IntegrityError(
        f"{source.name}: no whole end section, the index is lost or the file is cut short; "
        "'seqcoder repair' recovers what is whole"
    )


def check_alone(source: RangeSource) -> None:
    """Raise IntegrityError if another container begins where one ends: joined, not appended to."""
    _ends(source)


def _ends(source: RangeSource) -> list[int]:
    """Return the offsets behind the end sections that entries lead to from the front.

    Raises IntegrityError as ``check_alone`` does.
    """
    found: list[int] = []
    offset = len(SIGNATURE)
    for _ in range(_MOST_SECTIONS):
        try:
            section = entry_at(source, offset, source.size)
        except SeqcoderError:
            break
        offset = section.end
        if section.kind == END:
            found.append(offset)
            if source.read(offset, min(len(SIGNATURE), source.size - offset)) == SIGNATURE:
                raise IntegrityError(
                    f"{source.name}: another container begins at byte {offset}: two files were "
                    f"joined, which makes no container of them; 'head -c {offset}' and 'tail -c "
                    f"+{offset + 1}' part them"
                )
    return found


class ContainerReader:
    """The sections of one container, by way of its index."""

    def __init__(
        self, source: RangeSource, index: Index | None = None, memory: int | None = None
    ) -> None:
        """Read the index, unless it is given; raises as ``read_index`` does.

        ``memory`` is the most bytes that reading may take; None: see ``seqcoder.storage.memory``.
        """
        self.source = source
        self.memory = memory_limit(source.size) if memory is None else memory
        self.index, self.end = read_index(source) if index is None else (index, source.size)
        self.digests: list[bytes] | None = None
        """Those of the reference's chunks, where they are not read from here (repair)."""
        self.expected: list[bytes] = []
        """Where not empty, ``digest8`` of each chunk's bases, as others know them."""
        # The section read last: a genome's frames are asked for one after the other.
        self._last: tuple[Part, bytes] | None = None

    def forget(self) -> None:
        """Let go what has been read of the file, the index excepted."""
        self._last = None
        self.source.forget()

    def fetch(self, chunks: Iterable[ChunkEntry]) -> None:
        """Say which chunks will be read: of a remote container they come with few requests."""
        if self.source.remote:
            self.source.fetch((chunk.offset, chunk.end) for chunk in chunks)

    def _fetch_genomes(self, genome: GenomeEntry) -> None:
        """Fetch a genome's section and its neighbours, which its walk may be coded against."""
        genomes = self.index.genomes
        start = end = genomes.index(genome)  # in a repair, not its ordinal
        first, last = genome.offset, genome.end
        while start and genomes[start - 1].end == first and last - first < _NEIGHBOURS:
            start -= 1
            first = genomes[start].offset
        while end + 1 < len(genomes) and genomes[end + 1].offset == last < first + _NEIGHBOURS:
            end += 1
            last = genomes[end].end
        self.source.fetch([(first, last)])

    @property
    def torn_bytes(self) -> int:
        """Bytes behind the last whole end section (a torn append), normally 0."""
        return self.source.size - self.end

    def payload(self, part: Part) -> bytes:
        """Return the payload of a section, digest and frames.

        Raises IntegrityError unless its CRC holds and its entry is the one in the index.
        """
        last = self._last
        if last and last[0] is part:
            return last[1]
        what = f"{self.source.name}: {part.label} at byte {part.offset}"
        if self.source.remote and isinstance(part, GenomeEntry):
            self._fetch_genomes(part)
        data = self.source.read(part.offset, part.end - part.offset)
        check_crc(data, what)
        entry = part.section.entry
        if not data.startswith(entry):
            raise IntegrityError(f"{what}: it and the index disagree")
        payload = data[len(entry) : -CRC_BYTES]
        if isinstance(part, GenomeEntry):
            self._last = part, payload
        return payload

    def reference_digests(self) -> list[bytes]:
        """Return ``digest8`` of the bases of each chunk of the reference; [] if there is none.

        Raises IntegrityError if the section that names the reference is damaged.
        """
        extends = self.index.extends
        if extends is None or self.digests is not None:
            return self.digests or []
        section = extends.section
        what = f"{self.source.name}: reference at byte {section.offset}"
        data = self.source.read(section.offset, section.end - section.offset)
        check_crc(data, what)
        if not data.startswith(section.entry):
            raise IntegrityError(f"{what}: it and the index disagree")
        return extends.digests(data[len(section.entry) : -CRC_BYTES])

    def chunk_frames(self, chunk: ChunkEntry) -> tuple[ChunkRow, bytes, bytes]:
        """Return a chunk's row (with its digest), its latents (b"" if none) and its residual.

        Raises IntegrityError naming container, chunk, offset.
        """
        row = chunk.row
        payload = self.payload(chunk)
        behind = CHUNK_DIGEST + row.latents_length
        what = f"{self.source.name}: {chunk.label}"
        if self.expected and self.expected[chunk.ordinal] != payload[:CHUNK_DIGEST]:
            raise ReferenceMissingError(
                f"{what}: another container than the reference extended; put the right one here"
            )
        latents = b""
        if row.latents_length:
            latents = frames.decompress(
                payload[CHUNK_DIGEST:behind],
                row.n_bases + 1024,
                f"{what}: latents at byte {chunk.latents_offset}",
            )
        residual = frames.decompress(
            payload[behind:],
            min(MAX_CHUNK_BASES, row.n_bases + 1024),
            f"{what}: residual at byte {chunk.residual_offset}",
        )
        return replace(row, digest=payload[:CHUNK_DIGEST]), latents, residual

    def file_digest(self, genome: GenomeEntry) -> bytes:
        """Return the SHA-256 of a genome's file; raises IntegrityError as ``payload`` does."""
        return self.payload(genome)[:FILE_DIGEST]

    def genome_frame(self, genome: GenomeEntry, frame: str) -> bytes:
        """Return the contents of the ``side``, ``walk`` or ``stored`` frame of a genome."""
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
        start = offset - genome.section.payload_offset
        data = self.payload(genome)[start : start + length]
        factor = {"side": PER_SIDE_BYTE, "walk": PER_WALK_BYTE, "stored": PER_STORED_BYTE}[frame]
        check_memory(factor * frames.checked_size(data, most, what), self.memory, what)
        dictionary = frames.side_dictionary() if frame == "side" else None
        return frames.decompress(data, most, what, dictionary)
