"""The quick check: every frame's checksum, every head against the index, nothing decoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seqcoder.container.reader import ContainerReader
from seqcoder.errors import IntegrityError
from seqcoder.storage.checksum import file_sha256
from seqcoder.storage.range_source import RangeSource


@dataclass(frozen=True)
class Finding:
    """Something damaged: what and where, and the names of the genomes that need it."""

    message: str
    chunk: int | None = None
    genomes: tuple[str, ...] = ()


def damaged_frames(reader: ContainerReader) -> Iterator[Finding]:
    """Yield a finding for every chunk and genome section that is not whole."""
    damaged: list[tuple[int, int]] = []
    for chunk in reader.index.chunks:
        try:
            reader.chunk_frames(chunk)
        except IntegrityError as error:
            damaged.append((chunk.offset, chunk.end))
            yield Finding(str(error), chunk=chunk.ordinal)
    for genome in reader.index.genomes:
        try:
            reader.file_digest(genome)
            for frame in ("side", "walk", "stored"):
                reader.genome_frame(genome, frame)
        except IntegrityError as error:
            damaged.append((genome.offset, genome.end))
            yield Finding(str(error), genomes=(genome.row.name,))
    if reader.torn_bytes:
        yield Finding(
            f"{reader.source.name}: {reader.torn_bytes} bytes behind the last whole footer at byte "
            f"{reader.end} belong to nothing (a torn append)"
        )
    yield from _foreign_bytes(reader, damaged)


def _foreign_bytes(reader: ContainerReader, damaged: list[tuple[int, int]]) -> Iterator[Finding]:
    """Yield what is wrong outside of chunks and genomes: headers, old indexes, bytes between.

    The scan ends at the first damage; where that is one of the ``damaged`` sections it is known.
    """
    from seqcoder.container.scan import scan_sections

    scan = scan_sections(reader.source)
    known = any(start <= scan.end < end for start, end in damaged)
    if scan.problem and scan.end < reader.end and not known:
        yield Finding(scan.problem)


def check_frames(path: Path, memory: int | None = None) -> str:
    """Raise IntegrityError unless all of a container is whole; returns its SHA-256 (hex).

    ``memory`` is the most bytes it may take; None: see ``seqcoder.storage.memory``.
    """
    source = RangeSource(str(path))
    try:
        for finding in damaged_frames(ContainerReader(source, memory=memory)):
            raise IntegrityError(finding.message)
    finally:
        source.close()
    return file_sha256(path)
