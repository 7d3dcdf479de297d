"""FASTA bytes into record table, side streams and bases, exactly.

The work on every byte is the core's (line ends, letters to bases), that on every line numpy's;
a file of upper-case ACGT is never looked at a third time. Lower case and exceptions cost one more
pass each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.fasta.layout import Layout, find_layout
from seqcoder.fasta.model import (
    Ints,
    NotFasta,
    ParsedFasta,
    RecordTable,
    Runs,
    SideStreams,
    no_ints,
)
from seqcoder.storage.lists import UTF8_MARK

_LF, _CR, _GT = 10, 13, 62
_BLOCK = 1 << 22
_SOME = 1000  # fragments (lines, exception runs) that any file may have, however small


_MARKS = re.compile(rb"\A(?:%b)+|^(?:%b)+(?=>)" % (UTF8_MARK, UTF8_MARK), re.MULTILINE)
_BASES = (b"ACGTacgt", b"ACGUacgu")
_UPPER = bytes(range(256)).upper()
# Case of a byte: 0 upper-case letter, 1 lower-case letter, 2 neither.
_CASE = bytes(0 if 65 <= byte <= 90 else 1 if 97 <= byte <= 122 else 2 for byte in range(256))


def parse(data: bytes) -> ParsedFasta | NotFasta:
    r"""Parse the bytes of a FASTA file; :func:`seqcoder.fasta.render` is the exact inverse.

    Accepted is any file of which at least one byte on the sequence lines is A, C, G, T or U
    and of whose sequence bytes (gaps and white space ``-.* \t\r`` left aside) at least 80 %
    are A, C, G, T, U or N in either case; without a header line (``>`` at the start of a
    line) at least 90 % of all bytes must be such letters. Text before the first header may be
    at most 1 KiB longer than the bases are many. Files of very many tiny fragments (lines of
    under 8 bytes on average, exceptions more often than at every 8th residue) gain nothing
    from being taken apart and are not accepted either. Byte-order marks (UTF-8) at the start of
    the file and before a ``>`` at the start of a line are layout.
    """
    if not data:
        return NotFasta("it is empty")
    data, marks = _drop_marks(data)
    if not data:
        return NotFasta("it is a byte-order mark and nothing else")
    array = np.frombuffer(data, dtype=np.uint8)
    line_ends = core.find_line_ends(array)
    if len(line_ends) > len(data) // 8 + _SOME:
        return NotFasta("its lines are too short")
    final_newline = data[-1] == _LF
    line_end_toggles = no_ints()
    if b"\r" in data:
        data, line_ends, line_end_toggles = _drop_cr(data, array, line_ends)
    if not final_newline:
        data += b"\n"
        line_ends = np.append(line_ends, len(data) - 1)
    layout = find_layout(np.frombuffer(data, dtype=np.uint8), line_ends)
    body = _body(data, layout)
    table_lengths = layout.lengths
    residues = int(table_lengths.sum())
    rna = False
    codes, lower = _take_bases(body, rna)
    some = len(codes) < residues and (b"U" in body or b"u" in body)
    if some and _count(body, b"Uu") > _count(body, b"Tt"):
        rna = True
        codes, lower = _take_bases(body, rna)
    if not len(codes):
        return NotFasta("it has no sequence of A, C, G, T or U")
    if layout.preamble > len(codes) + 1024:
        return NotFasta("most of it lies before the first header")
    exceptions, toggles = Runs(), no_ints()
    if len(codes) < residues or lower:
        body = body.translate(None, b"\n")
    if len(codes) < residues:
        found = _exceptions(body, b"ACGU" if rna else b"ACGT", residues // 8 + _SOME)
        counts = _count_values(found, body, rna)
        if reason := _why_not(counts, residues, layout.headerless):
            return NotFasta(reason)
        if found is None:
            return NotFasta("letters other than A, C, G and T are scattered all over it")
        exceptions = found
    if lower or (len(exceptions) and _has_lower(body)):
        toggles = _case_toggles(body)
    names, rests, leads = _headers(data, layout)
    return ParsedFasta(
        RecordTable(names, table_lengths),
        SideStreams(
            width=layout.width,
            rna=rna,
            headerless=layout.headerless,
            final_newline=final_newline,
            preamble=data[: layout.preamble],
            rests=rests,
            leads=leads,
            line_end_toggles=line_end_toggles,
            widths=layout.widths,
            blanks=layout.blanks,
            ragged=layout.ragged,
            line_lengths=layout.line_lengths,
            line_counts=layout.line_counts,
            case_toggles=toggles,
            exceptions=exceptions,
            marks=marks,
        ),
        codes,
    )


def _drop_marks(data: bytes) -> tuple[bytes, Ints]:
    """Take byte-order marks out; return the rest and the line before which each one stood."""
    # Most files have none of its first byte, which is looked for ten times as fast.
    if UTF8_MARK[0] not in data or UTF8_MARK not in data:
        return data, no_ints()
    pieces: list[bytes] = []
    places: list[int] = []
    at = lines = 0
    for found in _MARKS.finditer(data):
        start, stop = found.span()
        pieces.append(data[at:start])
        lines += pieces[-1].count(b"\n")
        places += [lines] * ((stop - start) // len(UTF8_MARK))
        at = stop
    return b"".join([*pieces, data[at:]]), np.array(places, dtype=np.int64)


def _drop_cr(data: bytes, array: NDArray[np.uint8], line_ends: Ints) -> tuple[bytes, Ints, Ints]:
    """Turn CRLF into LF; return the data, their line ends and where the kind changes."""
    crlf = (array[np.maximum(line_ends - 1, 0)] == _CR).astype(np.int8)
    toggles = np.flatnonzero(np.diff(crlf, prepend=np.int8(0)))
    if len(toggles):
        data = core.drop_carriage_returns(array)
        line_ends = line_ends - np.cumsum(crlf, dtype=np.int64)
    return data, line_ends, toggles


def _body(data: bytes, layout: Layout) -> bytes:
    """Return all sequence lines with their line ends."""
    view = memoryview(data)
    bounds = zip(layout.body_starts.tolist(), layout.body_ends.tolist(), strict=True)
    return b"".join([view[start:end] for start, end in bounds])


def _take_bases(body: bytes, rna: bool) -> tuple[NDArray[np.uint8], bool]:
    """Return the bases of sequence lines (uint8, 0..3), and whether any is in lower case."""
    letters = np.frombuffer(body, dtype=np.uint8)
    codes = np.empty(len(letters), dtype=np.uint8)
    n_bases, lower = core.take_bases(letters, rna, codes)
    return codes[:n_bases], lower


def _count(body: bytes, letters: bytes) -> int:
    return sum(body.count(letter) for letter in letters)


def _count_values(exceptions: Runs | None, residues: bytes, rna: bool) -> Ints:
    """Count the exceptions by value (upper case), shape (256,)."""
    if exceptions is None:
        values = np.frombuffer(residues.translate(_UPPER, _BASES[rna]), dtype=np.uint8)
        return np.bincount(values, minlength=256)
    weighted = np.bincount(exceptions.values, weights=exceptions.lengths, minlength=256)
    return weighted.astype(np.int64)


def _why_not(counts: Ints, residues: int, headerless: bool) -> str:
    """Return why a file with so many exceptions is not worth coding, or nothing if it is."""
    strange = int(counts.sum() - counts[list(b"NTU")].sum())
    if headerless:
        return "it has no header line" if strange * 10 > residues else ""
    others = strange - int(counts[list(b"-.* \t\r")].sum())
    # At least 80 % of what is neither gap nor white space: 4 parts to 1.
    return "it is protein, text or binary" if residues - strange < 4 * others else ""


def _class_runs(data: bytes, classes: bytes, limit: int) -> tuple[Ints, NDArray[np.uint8]] | None:
    """Find the runs of bytes of one class; None when there are more than ``limit``.

    Returns the starts of the runs and their classes. Works block by block, so that the
    temporary arrays stay small.
    """
    starts: list[Ints] = []
    kinds: list[NDArray[np.uint8]] = []
    before = -1
    for at in range(0, len(data), _BLOCK):
        block = np.frombuffer(data[at : at + _BLOCK].translate(classes), dtype=np.uint8)
        edges = np.flatnonzero(block[1:] != block[:-1]) + 1
        if int(block[0]) != before:
            edges = np.concatenate(([0], edges))
        before = int(block[-1])
        starts.append(edges + at)
        kinds.append(block[edges])
        limit -= len(edges)
        if limit < 0:
            return None
    return np.concatenate(starts), np.concatenate(kinds)


def _exceptions(residues: bytes, letters: bytes, limit: int) -> Runs | None:
    # A line feed is no residue, so its byte can stand for all bases.
    classes = bytearray(_UPPER)
    for letter in letters + letters.lower():
        classes[letter] = _LF
    found = _class_runs(residues, bytes(classes), 2 * limit)
    if found is None:
        return None
    starts, kinds = found
    lengths = np.diff(starts, append=len(residues))
    picked = kinds != _LF
    return Runs(starts[picked], lengths[picked], kinds[picked])


def _has_lower(residues: bytes) -> bool:
    """Tell whether any exception letter is in lower case (no base is)."""
    return residues.upper() != residues


def _case_toggles(residues: bytes) -> Ints:
    """Residues where the case changes; bytes that are no letters go with what is before."""
    found = _class_runs(residues, _CASE, len(residues))
    assert found is not None
    starts, kinds = found
    letters = kinds != 2
    starts, kinds = starts[letters], kinds[letters].astype(np.int8)
    toggles: Ints = starts[np.flatnonzero(np.diff(kinds, prepend=np.int8(0)))]
    return toggles


def _headers(data: bytes, layout: Layout) -> tuple[list[bytes], Sequence[bytes], Ints]:
    """Split every header into its name, the rest, and how much of the rest comes first."""
    if layout.headerless:
        return [b""], (), no_ints()
    bounds = zip(layout.header_starts.tolist(), layout.body_starts.tolist(), strict=True)
    headers = [data[start : end - 1] for start, end in bounds]
    names = [(header.split(None, 1) or (b"",))[0] for header in headers]
    pairs = list(zip(headers, names, strict=True))
    if all(header == name for header, name in pairs):
        return names, (), no_ints()
    leads = [header.find(name) for header, name in pairs]
    rests = [
        header[:lead] + header[lead + len(name) :]
        for (header, name), lead in zip(pairs, leads, strict=True)
    ]
    return names, rests, np.array(leads, dtype=np.int64) if any(leads) else no_ints()
