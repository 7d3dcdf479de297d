"""Writing a container: sections go out in order, the index and the footer close it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from seqcoder.container import frames
from seqcoder.container.index import ChunkEntry, GenomeEntry, Index, pack_footer
from seqcoder.container.rows import RECORDS_INDEXED, ChunkRow, GenomeRow
from seqcoder.storage.varint import put_varint

SIGNATURE = b"SQC\r\n\x1a\n\0"
MAJOR, MINOR = 1, 0
# A record table that is large beside its genome would be paid for twice; it stays out of the index.
MAX_INDEXED_RECORDS = 2000


@dataclass(frozen=True)
class ChunkFrames:
    """A coded chunk: its row and its two frames (``latents`` may be empty)."""

    row: ChunkRow
    latents: bytes
    residual: bytes


@dataclass(frozen=True)
class GenomeFrames:
    """A genome's row, with ``base_start`` set or a walk frame, and its frames (empty if absent)."""

    row: GenomeRow
    side: bytes = b""
    walk: bytes = b""
    stored: bytes = b""
    record_table: bytes = b""


def header(models: Sequence[bytes]) -> bytes:
    """Return the header section; ``models`` are SHA-256 digests (32 bytes each)."""
    body = bytearray(SIGNATURE)
    body += bytes((MAJOR, MINOR, 0))
    put_varint(body, len(models))
    body += b"".join(models)
    return frames.head_frame(frames.HEADER, bytes(body))


class ContainerWriter:
    """Writes sections to a binary file opened for writing, in the order they are given.

    All chunks come before all genomes. A new container starts at its header, whatever an
    interrupted run left. With ``index`` and ``position`` an append goes on behind a footer.
    """

    def __init__(
        self,
        out: BinaryIO,
        models: Sequence[bytes] = (),
        *,
        index: Index | None = None,
        position: int | None = None,
    ) -> None:
        """Write the header, unless ``position`` (bytes already in ``out``) says to go on."""
        self._out = out
        self.index = index or Index(models=list(models))
        self.position = position or 0
        if position is None:
            self._write(header(self.index.models))

    def begin_append(self, models: Sequence[bytes]) -> None:
        """Write the header of an append.

        ``models`` are the whole digests of the header before it, and any new ones behind them.
        """
        old = self.index.models
        if any(not new.startswith(known) for new, known in zip(models, old, strict=False)):
            raise ValueError("an append keeps the models that are there, in order")
        self.index.models = list(models)
        self._write(header(models))

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self.position += len(data)

    def add_chunk(self, chunk: ChunkFrames) -> ChunkEntry:
        """Write a chunk section and return its place."""
        entry = ChunkEntry(chunk.row, len(self.index.chunks), self.position, self.index.n_bases)
        following = chunk.latents + chunk.residual
        head = entry.head_body + chunk.row.digest
        self._write(frames.head_frame(frames.CHUNK, head, following) + following)
        self.index.chunks.append(entry)
        return entry

    def add_genome(self, genome: GenomeFrames) -> GenomeEntry:
        """Write a genome section and return its place."""
        row = genome.row
        indexed = 0 < row.n_records <= MAX_INDEXED_RECORDS
        row = replace(row, flags=row.flags | (RECORDS_INDEXED if indexed else 0))
        ordinal = len(self.index.genomes)
        entry = GenomeEntry(row, ordinal, self.position, genome.record_table if indexed else None)
        following = genome.side + genome.walk + genome.stored
        self._write(frames.head_frame(frames.GENOME, entry.head_body, following) + following)
        self.index.genomes.append(entry)
        return entry

    def finish(self) -> int:
        """Write index and footer; returns the size of the container in bytes."""
        section = self.index.pack()
        footer = pack_footer(self.position, section)
        self._write(section)
        self._write(footer)
        return self.position
