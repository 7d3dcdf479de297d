"""Record table and side streams as bytes; ``docs/side-streams.md`` specifies every one.

The bytes are not compressed here: the container puts them into a zstd frame.
"""

from __future__ import annotations

import numpy as np

from seqcoder.fasta.columns import bounded_sum, damaged, get_column, put_column
from seqcoder.fasta.model import Ints, ParsedFasta, RecordTable, Runs, SideStreams, no_ints
from seqcoder.fasta.strings import get_strings, put_strings
from seqcoder.storage.lists import UTF8_MARK
from seqcoder.storage.varint import ByteReader, put_bytes, put_varint

# Flags, in the order of the sections they announce.
_RNA = 1
_HEADERLESS = 2
_NO_FINAL_NEWLINE = 4
_PREAMBLE = 8
_RESTS = 16
_LEADS = 32
_WIDTHS = 64
_BLANKS = 128
_RAGGED = 256
_LINE_ENDS = 512
_CASE = 1024
_EXCEPTIONS = 2048
_MARKS = 4096
_ALL = 8191


def pack_record_table(table: RecordTable) -> bytes:
    """Write names and lengths of the records: count, lengths column, names."""
    out = bytearray()
    put_varint(out, len(table))
    put_column(out, table.lengths)
    put_strings(out, table.names, table.lengths.tolist())
    return bytes(out)


def unpack_record_table(data: bytes, limit: int, what: str = "record table") -> RecordTable:
    """Read a record table of a file of ``limit`` bytes.

    Raises
    ------
    IntegrityError
        When :func:`pack_record_table` cannot have written it; ``what`` names it in the message.
    """
    reader = ByteReader(data, what)
    count = reader.varint(len(data))  # each record has a byte of string operations at least
    lengths = get_column(reader, count, limit)
    bounded_sum(reader, lengths, limit, "residues")
    names = get_strings(reader, lengths.tolist(), limit)
    reader.finish()
    return RecordTable(names, lengths)


def pack_side(parsed: ParsedFasta) -> bytes:
    """Write all of a file's side streams: flags, width, and a section for each that is there."""
    side = parsed.side
    sections = {
        _RNA: side.rna,
        _HEADERLESS: side.headerless,
        _NO_FINAL_NEWLINE: not side.final_newline,
        _PREAMBLE: len(side.preamble),
        _RESTS: len(side.rests),
        _LEADS: len(side.leads),
        _WIDTHS: len(side.widths),
        _BLANKS: len(side.blanks),
        _RAGGED: len(side.ragged),
        _LINE_ENDS: len(side.line_end_toggles),
        _CASE: len(side.case_toggles),
        _EXCEPTIONS: len(side.exceptions),
        _MARKS: len(side.marks),
    }
    out = bytearray()
    put_varint(out, sum(flag for flag, there in sections.items() if there))
    put_varint(out, side.width)
    if side.preamble:
        put_bytes(out, side.preamble)
    if side.rests:
        put_strings(out, side.rests, parsed.table.lengths.tolist())
    for column in (side.leads, side.widths, side.blanks):
        if len(column):
            put_column(out, column)
    if len(side.ragged):
        put_column(out, side.ragged)
        put_column(out, side.line_lengths)
        put_column(out, side.line_counts)
    for toggles in (side.line_end_toggles, side.case_toggles):
        if len(toggles):
            put_varint(out, len(toggles))
            put_column(out, np.diff(toggles, prepend=0))
    if len(side.exceptions):
        runs = side.exceptions
        put_varint(out, len(runs))
        out += runs.values.tobytes()
        put_column(out, runs.starts - np.concatenate(([0], runs.ends[:-1])))
        put_column(out, runs.lengths - 1)
    if len(side.marks):
        put_varint(out, len(side.marks))
        put_column(out, np.diff(side.marks, prepend=0))
    return bytes(out)


def unpack_side(
    data: bytes, table: RecordTable, limit: int, what: str = "side streams"
) -> SideStreams:
    """Read the side streams of a file of ``limit`` bytes that has this record table.

    Raises
    ------
    IntegrityError
        When :func:`pack_side` cannot have written them; ``what`` names them in the message.
    """
    reader = ByteReader(data, what)
    flags = reader.varint(_ALL)
    records = len(table)
    residues = int(table.starts[-1])
    width = reader.varint(limit)
    preamble = reader.take(reader.varint(len(reader))) if flags & _PREAMBLE else b""
    rests = get_strings(reader, table.lengths.tolist(), limit) if flags & _RESTS else []
    leads = get_column(reader, records, limit) if flags & _LEADS else no_ints()
    widths = get_column(reader, records, limit) if flags & _WIDTHS else no_ints()
    blanks = get_column(reader, records, limit) if flags & _BLANKS else no_ints()
    bounded_sum(reader, blanks, limit, "blank lines")
    ragged, line_lengths, line_counts = no_ints(), no_ints(), no_ints()
    if flags & _RAGGED:
        ragged, line_lengths, line_counts = _get_ragged(reader, table, limit)
    line_ends = _get_toggles(reader, limit) if flags & _LINE_ENDS else no_ints()
    case = _get_toggles(reader, residues) if flags & _CASE else no_ints()
    exceptions = _get_exceptions(reader, residues) if flags & _EXCEPTIONS else Runs()
    marks = _get_places(reader, limit // len(UTF8_MARK), limit) if flags & _MARKS else no_ints()
    reader.finish()
    if flags & _HEADERLESS and (records != 1 or preamble):
        raise damaged(reader, f"{records} records without headers, or one after a preamble")
    return SideStreams(
        width=width,
        rna=bool(flags & _RNA),
        headerless=bool(flags & _HEADERLESS),
        final_newline=not flags & _NO_FINAL_NEWLINE,
        preamble=preamble,
        rests=rests,
        leads=leads,
        line_end_toggles=line_ends,
        widths=widths,
        blanks=blanks,
        ragged=ragged,
        line_lengths=line_lengths,
        line_counts=line_counts,
        case_toggles=case,
        exceptions=exceptions,
        marks=marks,
    )


def _get_ragged(reader: ByteReader, table: RecordTable, limit: int) -> tuple[Ints, Ints, Ints]:
    ragged = get_column(reader, len(table), len(reader))
    # Every run of lines has a count of at least 1, hence a byte in the column of counts.
    runs = bounded_sum(reader, ragged, len(reader), "runs of lines")
    lengths = get_column(reader, runs, limit)
    counts = get_column(reader, runs, limit)
    if runs and not int(counts.min()):
        raise damaged(reader, "a run of no lines")
    bounded_sum(reader, counts, limit, "lines")
    # Counts sum to at most limit and lengths are at most limit, both < 2**48: a product may
    # pass 2**63, so it is bounded in float64 first (exact enough: it errs by 2**-53).
    if float((lengths.astype(np.float64) * counts).sum()) > 2.0 * limit:
        raise damaged(reader, "lines longer than the file")
    total = np.zeros(runs + 1, dtype=np.int64)
    np.cumsum(lengths * counts, out=total[1:])
    ends = np.cumsum(ragged)
    held = total[ends] - total[ends - ragged]
    if np.any((held != table.lengths) & (ragged > 0)):
        raise damaged(reader, "the lines of a record do not add up to its length")
    return ragged, lengths, counts


def _get_toggles(reader: ByteReader, limit: int) -> Ints:
    toggles = _get_places(reader, len(reader), limit)
    if len(toggles) > 1 and not int(np.diff(toggles).min()):
        raise damaged(reader, "an empty run of lines or letters")
    return toggles


def _get_places(reader: ByteReader, most: int, limit: int) -> Ints:
    """Read at most ``most`` numbers of lines or letters, in ascending order."""
    count = reader.varint(most)
    gaps = get_column(reader, count, limit)
    bounded_sum(reader, gaps, limit, "lines or letters")
    return np.cumsum(gaps)


def _get_exceptions(reader: ByteReader, residues: int) -> Runs:
    count = reader.varint(len(reader))
    values = np.frombuffer(reader.take(count), dtype=np.uint8)
    gaps = get_column(reader, count, residues)
    lengths = get_column(reader, count, residues) + 1
    ends = bounded_sum(reader, gaps, residues, "bases")
    bounded_sum(reader, lengths, residues - ends, "exceptions")
    starts = np.cumsum(gaps) + np.cumsum(lengths) - lengths
    return Runs(starts, lengths, values)
