"""Lines and records of a FASTA file, found from the places of its line ends alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcoder.fasta.model import Ints, no_ints

_GT = ord(">")


@dataclass(frozen=True)
class Layout:
    """Where the records are and how their lines are broken; see ``SideStreams`` for the rest.

    ``preamble`` bytes stand before the first header. For record i the header text begins at
    ``header_starts[i]``, its sequence lines are ``body_starts[i]:body_ends[i]`` (line ends
    included) and hold ``lengths[i]`` residues; all int64, shape (records,).
    """

    preamble: int
    headerless: bool
    header_starts: Ints
    body_starts: Ints
    body_ends: Ints
    lengths: Ints
    width: int
    widths: Ints
    blanks: Ints
    ragged: Ints
    line_lengths: Ints
    line_counts: Ints


def find_layout(data: NDArray[np.uint8], line_ends: Ints) -> Layout:
    """Find the layout of ``data`` (uint8, ended by a line feed) with its ``line_ends``."""
    line_starts = np.concatenate((np.zeros(1, dtype=np.int64), line_ends[:-1] + 1))
    lengths = line_ends - line_starts
    headers = np.flatnonzero(data[line_starts] == _GT)
    headerless = not len(headers)
    if headerless:
        headers = np.array([-1])  # one record whose header would be the line before the first
    nexts = np.append(headers[1:], len(lengths))  # line after each record
    # The record's last line that is not blank, or its header.
    filled = np.where(lengths > 0, np.arange(len(lengths)), -1)
    lasts = np.maximum(np.maximum.accumulate(filled)[nexts - 1], headers)
    del filled
    counts = lasts - headers
    firsts = lengths[np.minimum(headers + 1, len(lengths) - 1)]
    firsts[counts == 0] = 0
    # A record is regular when all its lines but the last have the first one's length and the
    # last, not blank, is no longer than that.
    first_line = max(int(headers[0]), 0)
    spans = nexts - np.maximum(headers, 0)
    odd = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths[first_line:] != np.repeat(firsts, spans), out=odd[first_line + 1 :])
    odd_inside = odd[np.maximum(lasts, 0)] - odd[np.minimum(headers + 1, np.maximum(lasts, 0))]
    del odd
    regular = (counts <= 1) | ((odd_inside == 0) & (lengths[lasts] <= firsts))
    total = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(lengths)))
    record_lengths = total[nexts] - total[headers + 1]
    del total
    wrapped = regular & (counts >= 2)
    width = 0
    if wrapped.any():
        values, votes = np.unique(firsts[wrapped], return_counts=True)
        width = int(values[np.argmax(votes)])
    widths = np.full(len(headers), width, dtype=np.int64)
    widths[wrapped] = firsts[wrapped]
    if width:
        widths[(counts == 1) & (record_lengths > width)] = 0
    blanks = nexts - 1 - lasts
    ragged, line_lengths, line_counts = _ragged(lengths, headers, lasts, ~regular)
    return Layout(
        preamble=int(line_starts[first_line]),
        headerless=headerless,
        header_starts=line_starts[np.maximum(headers, 0)] + 1,
        body_starts=np.zeros(1, dtype=np.int64) if headerless else line_ends[headers] + 1,
        body_ends=line_ends[nexts - 1] + 1,
        lengths=record_lengths,
        width=width,
        widths=widths if (widths != width).any() else no_ints(),
        blanks=blanks if blanks.any() else no_ints(),
        ragged=ragged,
        line_lengths=line_lengths,
        line_counts=line_counts,
    )


def _ragged(
    lengths: Ints, headers: Ints, lasts: Ints, ragged: NDArray[np.bool_]
) -> tuple[Ints, Ints, Ints]:
    """Run-length code the line lengths of the ragged records (blank lines at the end left out).

    Returns runs per record, and for every run the line length and the number of lines.
    """
    chosen = np.flatnonzero(ragged)
    if not len(chosen):
        return no_ints(), no_ints(), no_ints()
    counts = (lasts - headers)[chosen]
    ends = np.cumsum(counts)
    # Line numbers of all lines of the chosen records, one after the other.
    lines = np.arange(ends[-1]) + np.repeat(headers[chosen] + 1 - (ends - counts), counts)
    picked = lengths[lines]
    edge = np.empty(len(picked), dtype=np.bool_)
    edge[0] = True
    np.not_equal(picked[1:], picked[:-1], out=edge[1:])
    edge[(ends - counts)] = True
    starts = np.flatnonzero(edge)
    runs = np.zeros(len(headers), dtype=np.int64)
    runs[chosen] = np.add.reduceat(edge.astype(np.int64), ends - counts)
    return runs, picked[starts], np.diff(starts, append=len(picked))
