"""Record table, side streams and bases back into the bytes of the FASTA file, or a region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.errors import IntegrityError, UsageError
from seqcoder.fasta.model import Ints, ParsedFasta, RecordTable, SideStreams
from seqcoder.storage.lists import UTF8_MARK

_SHORT = 1024  # residues
_MANY = 1 << 16  # pieces held before they are joined
Piece = bytes | memoryview


def bases_to_letters(bases: NDArray[np.uint8], rna: bool = False) -> bytes:
    """Write bases (uint8, 0..3) as the letters ACGT, or ACGU."""
    return core.write_letters(np.ascontiguousarray(bases), rna)


def render_residues(
    side: SideStreams, start: int, stop: int, bases: NDArray[np.uint8], case: bool = True
) -> bytes:
    """Return residues ``start:stop`` of the file from the ``bases`` among them.

    With ``case`` false everything is in upper case.

    Raises
    ------
    IntegrityError
        When there are not as many bases as the exceptions leave room for.
    """
    runs = side.exceptions
    first = int(np.searchsorted(runs.ends, start, side="right"))
    last = int(np.searchsorted(runs.starts, stop, side="left"))
    begins = np.maximum(runs.starts[first:last], start) - start
    ends = np.minimum(runs.ends[first:last], stop) - start
    if len(bases) + int((ends - begins).sum()) != stop - start:
        raise IntegrityError(
            f"{len(bases)} bases do not fill residues {start} to {stop}: "
            "the container is corrupt, restore it from a good copy"
        )
    text = bases_to_letters(bases, side.rna)
    if first < last:
        text = _with_exceptions(text, begins, ends, runs.values[first:last], stop - start)
    if case and len(side.case_toggles):
        text = _with_case(text, side.case_toggles, start, stop)
    return text


def _with_exceptions(
    letters: bytes, begins: Ints, ends: Ints, values: NDArray[np.uint8], length: int
) -> bytes:
    """Put runs of exceptions, places in the result, among the letters."""
    taken = np.frombuffer(letters, dtype=np.uint8)
    text = np.empty(length, dtype=np.uint8)
    used = at = 0
    for begin, end, value in zip(begins.tolist(), ends.tolist(), values.tolist(), strict=True):
        text[at:begin] = taken[used : used + begin - at]
        text[begin:end] = value
        used += begin - at
        at = end
    text[at:] = taken[used:]
    return text.tobytes()


def _with_case(text: bytes, toggles: Ints, start: int, stop: int) -> bytes:
    """Put the letters between odd and even toggles into lower case."""
    first = int(np.searchsorted(toggles, start, side="right"))
    last = int(np.searchsorted(toggles, stop, side="left"))
    if first == last:
        return text.lower() if first % 2 else text
    edges = (toggles[first:last] - start).tolist()
    if first % 2:
        edges.insert(0, 0)
    edges.append(stop - start)
    mixed = bytearray(text)
    lower = memoryview(text.lower())
    for begin, end in zip(edges[::2], edges[1::2], strict=False):
        mixed[begin:end] = lower[begin:end]
    return bytes(mixed)


def wrap(residues: bytes | memoryview, width: int) -> list[Piece]:
    """Break residues into lines of ``width`` (0: one line), each ended by a line feed."""
    if not len(residues):
        return []
    if not width or len(residues) <= width:
        return [residues, b"\n"]
    return [core.wrap_lines(np.frombuffer(residues, dtype=np.uint8), width)]


def render(parsed: ParsedFasta) -> bytes:
    """Return the bytes of the file; the exact inverse of :func:`seqcoder.fasta.parse`.

    Raises
    ------
    IntegrityError
        When the number of bases does not fit the side streams.
    """
    table, side = parsed.table, parsed.side
    starts = table.starts.tolist()
    residues = render_residues(side, 0, starts[-1], parsed.bases)
    view = memoryview(residues)
    parts: list[bytes] = []
    pieces: list[Piece] = [side.preamble]
    ragged = _ragged_lines(side)
    blanks = side.blanks.tolist()
    for i, name in enumerate(table.names):
        start, stop = starts[i], starts[i + 1]
        if not side.headerless:
            pieces += (b">", side.header_of(i, name), b"\n")
        if i in ragged:
            for length, count in ragged[i]:
                stop = start + length * count
                pieces += wrap(view[start:stop], length) if length else (b"\n" * count,)
                start = stop
        else:
            # A slice of bytes is the smaller object where records are tiny.
            short = stop - start < _SHORT
            pieces += wrap((residues if short else view)[start:stop], side.width_of(i))
        if blanks:
            pieces.append(b"\n" * blanks[i])
        if len(pieces) > _MANY:
            parts.append(b"".join(pieces))
            pieces.clear()
    text = b"".join([*parts, *pieces])
    del pieces, parts, view, residues
    if not side.final_newline:
        text = text[:-1]
    return _with_marks(_with_cr(text, side.line_end_toggles), side.marks)


def _with_marks(text: bytes, marks: Ints) -> bytes:
    """Put byte-order marks before lines; raises IntegrityError where there is no such line."""
    if not len(marks):
        return text
    line_ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == 10)
    if marks[-1] > len(line_ends):
        raise IntegrityError(
            f"a byte-order mark before line {marks[-1]} of {len(line_ends)}: "
            "the container is corrupt, restore it from a good copy"
        )
    places = np.append(-1, line_ends)[marks] + 1
    view, starts = memoryview(text), [0, *places.tolist()]
    pieces: list[Piece] = []
    for start, stop in zip(starts, [*starts[1:], len(text)], strict=True):
        pieces += (view[start:stop], UTF8_MARK)
    return b"".join(pieces[:-1])


def _ragged_lines(side: SideStreams) -> dict[int, list[tuple[int, int]]]:
    """Return the runs (line length, number of lines) of each ragged record."""
    records = np.flatnonzero(side.ragged)
    ends = np.cumsum(side.ragged[records])
    runs = list(zip(side.line_lengths.tolist(), side.line_counts.tolist(), strict=True))
    return {
        record: runs[end - count : end]
        for record, end, count in zip(
            records.tolist(), ends.tolist(), side.ragged[records].tolist(), strict=True
        )
    }


def _with_cr(text: bytes, toggles: Ints) -> bytes:
    """Turn the LF of the lines between odd and even toggles into CRLF."""
    if not len(toggles):
        return text
    if len(toggles) == 1 and toggles[0] == 0:
        return core.add_carriage_returns(np.frombuffer(text, dtype=np.uint8))
    array = np.frombuffer(text, dtype=np.uint8)
    line_ends = np.flatnonzero(array == 10)
    kinds = np.searchsorted(toggles, np.arange(len(line_ends)), side="right") % 2
    return bytes(np.insert(array, line_ends[kinds == 1], 13).tobytes())


def residue_to_base_range(
    table: RecordTable, side: SideStreams, record: int, start: int, stop: int
) -> tuple[int, int]:
    """Return the range of the file's bases that lie in residues ``start:stop`` of a record.

    Raises
    ------
    UsageError
        When the region is not within the record.
    """
    length = int(table.lengths[record])
    if not 0 <= start <= stop <= length:
        name = bytes(table.names[record]).decode("utf-8", "surrogateescape")
        raise UsageError(
            f"region {start} to {stop} (0-based, end excluded) is not within record '{name}' "
            f"of {length} residues; choose one that is"
        )
    ends = np.array([start, stop], dtype=np.int64) + table.starts[record]
    first, last = (ends - side.exceptions.count_before(ends)).tolist()
    return first, last


def render_region(
    table: RecordTable,
    side: SideStreams,
    record: int,
    start: int,
    stop: int,
    bases: NDArray[np.uint8],
    width: int | None = None,
) -> bytes:
    """Return residues ``start:stop`` (0-based, end excluded) of a record.

    ``bases`` are those of :func:`residue_to_base_range`. Exceptions, case and U come out as
    in the file. Without ``width`` the residues are returned bare; with it, in lines of that
    width (0: one line), each ended by a line feed.
    """
    offset = int(table.starts[record])
    text = render_residues(side, offset + start, offset + stop, bases)
    return text if width is None else b"".join(wrap(text, width))
