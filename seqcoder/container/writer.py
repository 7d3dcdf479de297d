"""Writing a container: sections go out in order, an end section with the index closes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from seqcoder.container.extends import Extends
from seqcoder.container.index import SIGNATURE, ChunkEntry, GenomeEntry, Index
from seqcoder.container.rows import ChunkRow, GenomeRow
from seqcoder.container.sections import Section, section

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


class ContainerWriter:
    """Writes sections to a binary file opened for writing, in the order they are given.

    All chunks come before the genomes that need them. A new container starts at its signature,
    whatever an interrupted run left. With ``index`` and ``position``, those of a container that
    ends there, an append goes on behind it.
    """

    def __init__(
        self,
        out: BinaryIO,
        *,
        index: Index | None = None,
        position: int | None = None,
        extends: tuple[Extends, bytes] | None = None,
    ) -> None:
        """Write the signature, unless ``position`` (bytes already in ``out``) says to go on.

        ``extends`` is the reference of a new container and its section's payload.
        """
        self._out = out
        self.index = index or Index()
        self.position = position or 0
        if position is None:
            self._write(SIGNATURE)
            if extends is not None:
                self.index.extends = extends[0]
                self._write_section(extends[0].section, extends[1])

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self.position += len(data)

    def _write_section(self, found: Section, payload: bytes) -> None:
        self._write(section(found.kind, found.head, payload))

    def add_chunk(self, chunk: ChunkFrames) -> ChunkEntry:
        """Write a chunk and return its place."""
        entry = ChunkEntry(chunk.row, len(self.index.chunks), self.position, self.index.n_bases)
        self._write_section(entry.section, chunk.row.digest + chunk.latents + chunk.residual)
        self.index.chunks.append(entry)
        return entry

    def add_genome(self, genome: GenomeFrames) -> GenomeEntry:
        """Write a genome and return its place."""
        row = genome.row
        table = genome.record_table if 0 < row.n_records <= MAX_INDEXED_RECORDS else None
        entry = GenomeEntry(row, len(self.index.genomes), self.position, table)
        payload = row.sha256 + genome.side + genome.walk + genome.stored
        self._write_section(entry.section, payload)
        self.index.genomes.append(entry)
        return entry

    def finish(self) -> int:
        """Write the end section; returns the size of the container in bytes."""
        self._write(self.index.pack(self.position))
        return self.position
