"""A stretch of a genome in bins: what a picture of it shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcoder.reading.genome import Genome
from seqcoder.reading.track import WINDOW, Track

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LANES_UP_TO = 60_000
"""Residues up to which reading frames are shown one by one."""


@dataclass(frozen=True)
class View:
    """Bins between ``edges`` (int64[b + 1], 0-based residues of a record, or bases of a genome).

    Arrays have shape ``(b,)``: ``bases`` in each bin; of the others nan where there are none:
    ``bits`` a base where it is stored, ``added`` bits per base that this genome needs beyond what
    its relatives have; shares of the bases ``own`` (first in this genome), ``shared`` (own, and
    read by relatives), ``forward`` and ``reverse`` (in genes on either strand), ``gc``; ``skew``
    (G - C) / (G + C). ``genes``: stretches in one reading frame, (start, stop, frame 1 to 6), in a
    short view only.
    """

    edges: Ints
    bases: Floats
    bits: Floats
    added: Floats
    own: Floats
    shared: Floats
    forward: Floats
    reverse: Floats
    gc: Floats
    skew: Floats
    genes: tuple[tuple[int, int, int], ...] = ()

    @property
    def start(self) -> int:
        """First residue, 0-based."""
        return int(self.edges[0])

    @property
    def stop(self) -> int:
        """Behind the last residue."""
        return int(self.edges[-1])

    def mean(self, name: str) -> float:
        """Return the mean of one of the arrays over all bases, nan where there are none."""
        values = getattr(self, name)
        known = ~np.isnan(values)
        weight = self.bases[known].sum()
        return float((values[known] * self.bases[known]).sum() / weight) if weight else float("nan")


def genome_view(track: Track, bins: int) -> View:
    """Return a whole genome, its records in a row, by its bases."""
    edges = np.linspace(0, track.n_bases, min(bins, track.n_bases) + 1).astype(np.int64)
    return _view(track, edges, edges, False)


def record_view(
    genome: Genome, track: Track, record: int, start: int, stop: int, bins: int
) -> View:
    """Return residues ``start`` to ``stop`` (0-based, half-open) of a record."""
    edges = np.linspace(start, stop, max(1, min(bins, stop - start)) + 1).astype(np.int64)
    residues = edges + genome.table.starts[record]
    bases = residues - genome.side.exceptions.count_before(residues)
    return _view(track, edges, bases, stop - start <= LANES_UP_TO)


def _view(track: Track, edges: Ints, bases: Ints, lanes: bool) -> View:
    first = int(bases[0]) // WINDOW
    last = -(-int(bases[-1]) // WINDOW)
    grid = np.minimum(np.arange(first, last + 1) * WINDOW, track.n_bases)
    widths = np.diff(grid).astype(np.float64)

    def per_bin(values: NDArray[np.number]) -> Floats:
        sums = np.append(0.0, np.cumsum(values[first:last], dtype=np.float64))
        return np.diff(np.interp(bases, grid, sums))

    count = np.diff(bases).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        own_windows = track.own / np.maximum(_all_widths(track), 1)
        gc = per_bin(track.gc)
        frame = track.frame[first:last]
        forward = np.append(0.0, np.cumsum(widths * ((frame > 0) & (frame < 4))))
        reverse = np.append(0.0, np.cumsum(widths * (frame > 3)))
        count_or_nan = np.where(count > 0, count, np.nan)
        return View(
            edges,
            count,
            per_bin(track.bits) / count_or_nan,
            per_bin(track.bits * own_windows + track.walk_bits) / count_or_nan,
            per_bin(track.own) / count_or_nan,
            per_bin(track.shared) / count_or_nan,
            np.diff(np.interp(bases, grid, forward)) / count_or_nan,
            np.diff(np.interp(bases, grid, reverse)) / count_or_nan,
            gc / count_or_nan,
            per_bin(track.skew) / np.where(gc > 0, gc, np.nan),
            _genes(frame, grid, bases, edges) if lanes else (),
        )


def _all_widths(track: Track) -> Floats:
    widths = np.full(len(track.bits), float(WINDOW))
    widths[-1:] = track.n_bases - WINDOW * (len(widths) - 1)
    return widths


def _genes(
    frame: NDArray[np.uint8], grid: Ints, bases: Ints, edges: Ints
) -> tuple[tuple[int, int, int], ...]:
    cuts = np.flatnonzero(np.diff(frame)) + 1
    firsts, lasts = np.append(0, cuts), np.append(cuts, len(frame))
    starts = np.interp(grid[firsts], bases, edges)
    stops = np.interp(grid[lasts], bases, edges)
    return tuple(
        (int(a), int(b), int(frame[i]))
        for a, b, i in zip(starts, stops, firsts, strict=True)
        if frame[i] and b > a
    )
