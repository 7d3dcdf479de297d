"""FASTA on its way out: plain, gzip, bgzip, zstd; or 2bit, which is no FASTA any more.

In come genomes or regions of an open container, out goes one stream of bytes.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from seqcoder.errors import UsageError
from seqcoder.reading.file_range import FileRanges
from seqcoder.reading.region import AS_FILE, Region, Style, region_pieces

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from seqcoder.reading.genome import Genome
    from seqcoder.reading.record import Record

TWO_BIT = "2bit"
FORMATS = ("fa", "fa.gz", "fa.bgz", "fa.zst", TWO_BIT)
_SUFFIXES = {"fa": "", "fa.gz": ".gz", "fa.bgz": ".bgz", "fa.zst": ".zst", TWO_BIT: ".2bit"}


def pick_format(wanted: str | None, output: str | None) -> str:
    """Return the format: the one wanted, or what the name of the output ends with, or ``fa``.

    Raises UsageError for a format there is not.
    """
    if wanted is None:
        ends = (name for name, suffix in _SUFFIXES.items() if suffix)
        return next((f for f in ends if (output or "").lower().endswith(_SUFFIXES[f])), "fa")
    if wanted not in FORMATS:
        raise UsageError(f"no format {wanted!r}; there are {', '.join(FORMATS)}")
    return wanted


def file_name(genome: str, format: str) -> str:
    """Return what a genome's file is called in a format."""
    return genome + _SUFFIXES[format]


class _Gate(io.RawIOBase):
    """Passes bytes on to ``out`` until it is shut: what failed must not end like what is whole."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.shut = False

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        if not self.shut:
            self._out.write(data)
        return memoryview(data).nbytes


@contextmanager
def packed(out: BinaryIO, format: str) -> Iterator[BinaryIO]:
    """Give a file whose bytes go to ``out`` in a format other than 2bit. ``out`` stays open.

    The same bytes give the same file: no names, no times. If the block fails, what has been
    written has no end mark, so that no tool takes it for whole.
    """
    if format == "fa":
        yield out
        return
    gate = _Gate(out)
    if format == "fa.gz":
        wrapped: BinaryIO = cast(
            BinaryIO, gzip.GzipFile("", "wb", 6, cast(BinaryIO, gate), mtime=0)
        )
    elif format == "fa.bgz":
        from seqcoder.export.bgzf import BgzfWriter

        wrapped = cast(BinaryIO, io.BufferedWriter(BgzfWriter(gate), 1 << 20))
    elif format == "fa.zst":
        import zstandard

        compressor = zstandard.ZstdCompressor(level=10, write_checksum=True)
        stream = cast(io.RawIOBase, compressor.stream_writer(cast(BinaryIO, gate), closefd=False))
        wrapped = cast(BinaryIO, io.BufferedWriter(stream, 1 << 20))
    else:
        raise UsageError(f"{format} holds records, not the bytes of a file")
    try:
        yield wrapped
    except BaseException:
        gate.shut = True
        raise
    finally:
        wrapped.close()


def write_genomes(
    out: BinaryIO, genomes: Iterable[Genome], style: Style, format: str, where: str
) -> None:
    """Write whole genomes: files bit for bit, or, in a style of their own, record by record.

    Of several each begins a new line, whether or not the file before it ends with one.

    Raises:
        InputError: 2bit cannot hold it; ``where`` is named.
    """
    if format == TWO_BIT:
        from seqcoder.export.twobit import write_2bit

        regions = (_whole(record) for genome in genomes for record in genome)
        write_2bit(out, (_pair(region, style) for region in regions), where)
        return
    _write(out, _of_genomes(genomes, style), format)


def _of_genomes(genomes: Iterable[Genome], style: Style) -> Iterator[bytes | memoryview]:
    """Yield genomes one after another; where one ends within a line, the next begins a new one."""
    last = b"\n"
    for genome in genomes:
        within = last != b"\n"
        for piece in _pieces(genome, style):
            if within and len(piece):
                yield b"\n"
                within = False
            last = bytes(piece[-1:]) or last
            yield piece


def write_regions(
    out: BinaryIO, regions: Iterable[Region], style: Style, format: str, where: str
) -> None:
    """Write records and regions; as ``write_genomes``."""
    if format == TWO_BIT:
        from seqcoder.export.twobit import write_2bit

        write_2bit(out, (_pair(region, style) for region in regions), where)
        return
    _write(out, (piece for region in regions for piece in region_pieces(region, style)), format)


def _write(out: BinaryIO, pieces: Iterator[bytes | memoryview], format: str) -> None:
    # What is packed begins with a header of its own: not before there is something to pack.
    first = next(pieces, b"")
    with packed(out, format) as file:
        file.write(first)
        if format == "fa":
            file.flush()  # who reads need not wait for more
        file.writelines(pieces)


def _pieces(genome: Genome, style: Style) -> Iterator[bytes | memoryview]:
    if style == AS_FILE or genome.stored:
        yield from FileRanges(genome).pieces()
        return
    for record in genome:
        yield from region_pieces(_whole(record), style)


def _whole(record: Record) -> Region:
    return Region(record, 0, len(record), True)


def _pair(region: Region, style: Style) -> tuple[bytes, bytes]:
    name = style.named(region.record.genome.name, region.label)
    residues = style.letters(region.fetch(0, region.stop - region.start))
    return name.encode("utf-8", "surrogateescape"), residues
