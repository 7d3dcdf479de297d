"""What a FASTA file is made of, as numpy arrays: record table, side streams and bases.

Coordinates: *residues* are all bytes of the sequence lines but their line ends, numbered
through the whole file; *bases* are the residues that are A, C, G or T (U in an RNA file), in
either case. Everything that is not a base is an *exception*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def no_ints() -> Ints:
    """Return an empty int64 array, the value of an absent side stream."""
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class NotFasta:
    """The data are not nucleotide FASTA worth coding base by base; ``reason`` tells why."""

    reason: str


@dataclass(frozen=True)
class Record:
    """One record of a FASTA file.

    ``header`` is the text after ``>`` without its line end, ``name`` its first
    whitespace-delimited token, ``length`` its number of residues (bytes of sequence lines
    without line ends: bases, N, ``-``, ``*``, anything). Its bases are
    ``bases[base_start : base_start + base_count]`` of the file's base array.
    """

    header: bytes
    name: bytes
    length: int
    base_start: int
    base_count: int


@dataclass(frozen=True)
class RecordTable:
    """Names and residue lengths of a file's records; ``lengths`` is int64, shape (records,)."""

    names: Sequence[bytes]
    lengths: Ints

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def starts(self) -> Ints:
        """First residue of each record and, last, the number of residues; shape (records+1,)."""
        starts = np.zeros(len(self.lengths) + 1, dtype=np.int64)
        np.cumsum(self.lengths, out=starts[1:])
        return starts


@dataclass(frozen=True)
class Runs:
    """Runs of one exception byte each (letters in upper case), in order, never overlapping.

    ``starts`` (residue), ``lengths`` (int64) and ``values`` (uint8) have shape (runs,).
    """

    starts: Ints = field(default_factory=no_ints)
    lengths: Ints = field(default_factory=no_ints)
    values: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, dtype=np.uint8))

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def ends(self) -> Ints:
        """Residue after each run."""
        return self.starts + self.lengths

    @cached_property
    def before(self) -> Ints:
        """Exceptions before run i, and last their total; shape (runs + 1,)."""
        before = np.zeros(len(self.lengths) + 1, dtype=np.int64)
        np.cumsum(self.lengths, out=before[1:])
        return before

    def count_before(self, residues: Ints) -> Ints:
        """Count the exceptions before each of the ``residues``."""
        run = np.searchsorted(self.ends, residues, side="right")
        inside = np.zeros_like(residues)
        within = run < len(self)
        inside[within] = np.maximum(residues[within] - self.starts[run[within]], 0)
        counts: Ints = self.before[run] + inside
        return counts


@dataclass(frozen=True)
class SideStreams:
    """Everything about a file that is neither a name, a residue length nor a base.

    ``width`` is the line width of every record without an entry in ``widths`` (shape
    (records,), empty when all have the same); 0 means one line a record. ``blanks`` is the
    number of empty lines after each record (empty array: none anywhere). A ragged record r
    has ``ragged[r] > 0`` runs of equally long lines, whose lengths and counts are the next
    ``ragged[r]`` entries of ``line_lengths`` and ``line_counts``; ``ragged`` is empty when
    no record is ragged. ``case_toggles`` are the residues where the case changes, the first
    from upper to lower; ``line_end_toggles`` the numbers of the lines where the line end
    changes between LF and CRLF, beginning with LF. ``marks`` are the numbers of the lines before
    which a byte-order mark stands, a line with several as often.
    """

    width: int = 0
    rna: bool = False
    headerless: bool = False
    final_newline: bool = True
    preamble: bytes = b""
    rests: Sequence[bytes] = ()
    leads: Ints = field(default_factory=no_ints)
    line_end_toggles: Ints = field(default_factory=no_ints)
    widths: Ints = field(default_factory=no_ints)
    blanks: Ints = field(default_factory=no_ints)
    ragged: Ints = field(default_factory=no_ints)
    line_lengths: Ints = field(default_factory=no_ints)
    line_counts: Ints = field(default_factory=no_ints)
    case_toggles: Ints = field(default_factory=no_ints)
    exceptions: Runs = field(default_factory=Runs)
    marks: Ints = field(default_factory=no_ints)

    @property
    def plain(self) -> bool:
        """Whether all residues are upper-case ACGT in lines of one width ended by LF.

        Then a region of a record is rendered from its bases and :attr:`width` alone.
        """
        return not (
            self.rna
            or len(self.line_end_toggles)
            or len(self.widths)
            or len(self.ragged)
            or len(self.case_toggles)
            or len(self.exceptions)
        )

    def width_of(self, record: int) -> int:
        """Line width of a record, 0 for a single line (a ragged one has the file's width)."""
        return int(self.widths[record]) if len(self.widths) else self.width

    def header_of(self, record: int, name: bytes) -> bytes:
        """Header text of a record after ``>``, without its line end."""
        rest = self.rests[record] if self.rests else b""
        lead = int(self.leads[record]) if len(self.leads) else 0
        return rest[:lead] + name + rest[lead:]


def base_starts(table: RecordTable, side: SideStreams) -> Ints:
    """Return the first base of each record and, last, the number of bases."""
    starts: Ints = table.starts - side.exceptions.count_before(table.starts)
    return starts


@dataclass(frozen=True)
class ParsedFasta:
    """A FASTA file: ``bases`` is uint8 (A, C, G, T = 0..3), shape (bases,), maybe read-only."""

    table: RecordTable
    side: SideStreams
    bases: NDArray[np.uint8]

    @property
    def base_starts(self) -> Ints:
        """First base of each record and, last, the number of bases; shape (records + 1,)."""
        return base_starts(self.table, self.side)

    @cached_property
    def records(self) -> list[Record]:
        """The records in file order."""
        starts = self.base_starts.tolist()
        return [
            Record(self.side.header_of(i, name), name, length, starts[i], starts[i + 1] - starts[i])
            for i, (name, length) in enumerate(
                zip(self.table.names, self.table.lengths.tolist(), strict=True)
            )
        ]
