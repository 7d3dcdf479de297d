"""Bytes of a genome's file, from anywhere in it, without restoring all of it; its ``.fai``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from seqcoder.fasta import wrap
from seqcoder.reading.genome import Genome

Ints = NDArray[np.int64]

_FIRST, _STEP = 64 << 10, 8 << 20


class FileRanges:
    """A genome's file as bytes at offsets.

    Where every record has lines of one width, ended by LF, a range of the file is a range of
    each record, and only that is decoded. Any other file is restored whole when first read.
    """

    def __init__(self, genome: Genome) -> None:
        """Nothing is read yet."""
        self.genome = genome
        self.size: int = genome.row.size

    def read(self, start: int, stop: int) -> bytes:
        """Return bytes ``start`` to ``stop`` (0-based, half-open), cut to the file.

        The whole file is compared with its SHA-256, a part with its chunks' checksums only.

        Raises:
            IntegrityError: what is read for it is damaged.
        """
        start, stop = max(start, 0), min(stop, self.size)
        if start >= stop:
            return b""
        if stop - start == self.size:
            return self.genome.read()
        if not self._even:
            return self._whole[start:stop]
        if self.size < 2 * (stop - start) <= 4 * _STEP:  # sooner than record by record
            return self.genome.restore()[start:stop]
        first = int(np.searchsorted(self._starts, start, side="right")) - 1
        last = int(np.searchsorted(self._starts, stop, side="left"))
        pieces = [self.genome.full_side.preamble[start:stop]] if first < 0 else []
        for record in range(max(first, 0), last):
            at = int(self._starts[record])
            pieces.append(self._of_record(record, max(start - at, 0), stop - at))
        return b"".join(pieces)

    def pieces(self) -> Iterator[bytes]:
        """Yield the whole file, a small piece first, so that whoever reads need not wait.

        Raises IntegrityError at its end unless it matches its SHA-256.
        """
        if not self._even or self.size <= _FIRST:
            yield self.genome.read()
            return
        digest, at, step = sha256(), 0, _FIRST
        while at < self.size:
            piece = self.read(at, at + step)
            digest.update(piece)
            yield piece
            at, step = at + step, _STEP
        self.genome.check(digest.digest())

    def fai(self) -> bytes | None:
        """Return what ``samtools faidx`` would write beside the file, None where it would not.

        Name, length, offset of the first residue, residues and bytes a line.
        """
        if not self._even or self.genome.full_side.headerless:
            return None
        lines = []
        for i, name in enumerate(self.genome.table.names):
            length = int(self.genome.table.lengths[i])
            width = min(self.genome.full_side.width_of(i) or length, length)
            offset = int(self._starts[i]) + len(self._head(i))
            line = f"\t{length}\t{offset}\t{width}\t{width + (length > 0)}\n"
            lines.append(bytes(name) + line.encode())
        return b"".join(lines)

    @cached_property
    def _even(self) -> bool:
        if self.genome.stored:
            return False
        side = self.genome.full_side
        return not (len(side.line_end_toggles) or len(side.marks) or len(side.ragged))

    @cached_property
    def _whole(self) -> bytes:
        return self.genome.read()

    def _head(self, record: int) -> bytes:
        side = self.genome.full_side
        if side.headerless:
            return b""
        name = bytes(self.genome.table.names[record])
        return b">" + side.header_of(record, name) + b"\n"

    @cached_property
    def _starts(self) -> Ints:
        """Offset in the file of each record, int64, shape (records,)."""
        side, table = self.genome.full_side, self.genome.table
        heads = np.array([len(self._head(i)) for i in range(len(table))], np.int64)
        widths = side.widths if len(side.widths) else np.full(len(table), side.width, np.int64)
        lengths = table.lengths
        lines = np.where(widths > 0, -(-lengths // np.maximum(widths, 1)), lengths > 0)
        sizes = heads + lengths + lines + (side.blanks if len(side.blanks) else 0)
        starts: Ints = len(side.preamble) + np.cumsum(sizes) - sizes
        return starts

    def _of_record(self, record: int, start: int, stop: int) -> bytes:
        """Return bytes ``start`` to ``stop`` of a record, from its header on, cut to it."""
        head = self._head(record)
        given = head[start:stop]
        if stop <= len(head):
            return given
        return given + self._of_lines(record, max(start - len(head), 0), stop - len(head))

    def _of_lines(self, record: int, start: int, stop: int) -> bytes:
        """Return bytes ``start`` to ``stop`` of a record's lines and what is blank after them."""
        side, length = self.genome.full_side, int(self.genome.table.lengths[record])
        width = side.width_of(record) or max(length, 1)
        blanks = b"\n" * int(side.blanks[record]) if len(side.blanks) else b""
        area = length + -(-length // width)
        if start >= area:
            return blanks[start - area : stop - area]
        line, column = divmod(start, width + 1)
        first = min(line * width + column, length)
        last = min(stop // (width + 1) * width + min(stop % (width + 1), width), length)
        residues = memoryview(self.genome.region(record, first, last))
        pieces: list[bytes | memoryview] = []
        if column:
            rest = min(width - column, length - first)
            pieces = [residues[:rest], b"\n"]
            residues = residues[rest:]
        pieces += [*wrap(residues, width), blanks]
        return b"".join(pieces)[: stop - start]
