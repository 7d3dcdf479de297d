"""One input file made ready for a container: parsed, digested, its side frame packed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from seqcoder import fasta
from seqcoder.container import frames, rows
from seqcoder.container.rows import GenomeRow
from seqcoder.fasta import digest
from seqcoder.storage.varint import put_bytes
from seqcoder.writing.container_report import RecordReport
from seqcoder.writing.genome_source import GenomeSource, Opener, read_local


@dataclass(frozen=True)
class PreparedGenome:
    """A parsed input: its row without place, its frames, and its bases (uint8, 0..3)."""

    source: GenomeSource
    row: GenomeRow
    bases: NDArray[np.uint8]
    side: bytes
    stored: bytes
    record_table: bytes
    records: tuple[RecordReport, ...]
    seqcol: str
    compression: str
    source_bytes: int
    warning: str
    parse_seconds: float


@dataclass
class GenomeRun:
    """A genome on its way: prepared (its bases dropped once placed), or failed; its novel bases.

    ``start`` and ``stop`` are the part of base space that the genome brought.
    """

    source: GenomeSource
    start: int
    stop: int
    base_start: int | None = None
    walk: bytes = b""
    walk_seconds: float = 0.0
    """CPU time of finding the walk, one thread."""
    prepared: PreparedGenome | None = None
    error: str = ""


def prepare_genome(source: GenomeSource, opener: Opener = read_local) -> PreparedGenome:
    """Read and parse one input.

    What is not nucleotide FASTA comes back with ``row.kind`` STORED and a warning. For FASTA the
    side streams and bases have been rendered again and compared with the file.

    Raises:
        InputError: the input cannot be read or is truncated.
    """
    started = time.perf_counter()
    stored_bytes = opener(source)
    file_name = source.name if source.path == "-" else source.label
    read = fasta.decompress(stored_bytes, source.label, name=file_name)
    data = read.data
    digest_of_file = sha256(data).digest()
    # A tar of FASTA files can be read as FASTA with odd letters, and means something else.
    parsed = fasta.NotFasta("") if fasta.is_tar(data) else fasta.parse(data)
    reason = parsed.reason if isinstance(parsed, fasta.NotFasta) else ""
    if not isinstance(parsed, fasta.NotFasta) and fasta.render(parsed) != data:
        reason = "its layout is not one the side streams can hold (please report this)"
        parsed = fasta.NotFasta(reason)
    if isinstance(parsed, fasta.NotFasta):
        reason = fasta.what_it_is(data, read.compression) or reason
        stored = frames.compress(data, 19)
        row = GenomeRow(
            name=source.name,
            kind=rows.STORED,
            flags=0,
            size=len(data),
            n_records=0,
            n_residues=0,
            n_bases=0,
            line_width=0,
            base_start=0,
            side_length=0,
            walk_length=0,
            stored_length=len(stored),
            sha256=digest_of_file,
        )
        return PreparedGenome(
            source,
            row,
            np.empty(0, np.uint8),
            b"",
            stored,
            b"",
            (),
            "",
            read.compression,
            len(stored_bytes),
            f"{source.label}: stored as it is: {reason}",
            time.perf_counter() - started,
        )
    table = parsed.table
    n_residues = int(table.lengths.sum())
    digests = digest.record_digests(parsed)
    refgets = [refget for refget, _ in digests]
    record_table = fasta.pack_record_table(table)
    side = bytearray()
    put_bytes(side, record_table)
    side += fasta.pack_side(parsed)
    side_frame = frames.compress(bytes(side), 19, frames.side_dictionary())
    row = GenomeRow(
        name=source.name,
        kind=rows.FASTA,
        flags=rows.PLAIN if parsed.side.plain else 0,
        size=len(data),
        n_records=len(table),
        n_residues=n_residues,
        n_bases=len(parsed.bases),
        line_width=parsed.side.width,
        base_start=None,
        side_length=len(side_frame),
        walk_length=0,
        stored_length=0,
        sha256=digest_of_file,
    )
    names = [name.decode("utf-8", "surrogateescape") for name in table.names]
    lengths = table.lengths.tolist()
    return PreparedGenome(
        source,
        row,
        parsed.bases,
        side_frame,
        b"",
        record_table,
        tuple(
            RecordReport(i, name, length, *both)
            for i, (name, length, both) in enumerate(zip(names, lengths, digests, strict=True))
        ),
        digest.seqcol_digest(names, lengths, refgets),
        read.compression,
        len(stored_bytes),
        read.warning,
        time.perf_counter() - started,
    )
