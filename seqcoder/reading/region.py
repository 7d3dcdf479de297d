"""Regions found in genomes, and written as FASTA."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from seqcoder.errors import NoSuchNameError, UsageError
from seqcoder.fasta import reverse_complement, wrap
from seqcoder.reading.genome import Genome
from seqcoder.reading.query import Query, read_query
from seqcoder.reading.record import Record
from seqcoder.storage.names import spell, unspell

_FIRST_STEP, _WRITE_STEP = 64 << 10, 8 << 20


GENOME_CONTIG = "genome#contig"
HEADER_STYLES = ("file", GENOME_CONTIG)


@dataclass(frozen=True)
class Style:
    """How records are written.

    ``width``: residues a line, 0: one line, None: as in the file. ``upper``: in upper case.
    ``header``: of the file, or its name behind the genome's and ``#``.
    """

    width: int | None = None
    upper: bool = False
    header: str = "file"

    def __post_init__(self) -> None:
        """Raise UsageError for a header style there is not."""
        if self.header not in HEADER_STYLES:
            raise UsageError(
                f"no header style {self.header!r}; there are {', '.join(HEADER_STYLES)}"
            )

    def named(self, genome: str, label: str) -> str:
        """Return what a record or region is called."""
        return f"{spell(genome)}#{label.lstrip()}" if self.header == GENOME_CONTIG else label

    def letters(self, residues: bytes) -> bytes:
        """Return residues as they are written."""
        return residues.upper() if self.upper else residues


AS_FILE = Style()


@dataclass(frozen=True)
class Region:
    """Residues ``start`` to ``stop`` (0-based, half-open) of a record; ``whole``: all of it.

    ``reverse``: their reverse complement.
    """

    record: Record
    start: int
    stop: int
    whole: bool
    reverse: bool = False

    @property
    def label(self) -> str:
        """What the region is called in a file: the record, where in it (1-based), the strand."""
        name = self.record.name
        place = name if self.whole else f"{name}:{self.start + 1}-{self.stop}"
        return f"{place}/rc" if self.reverse else place

    @property
    def header(self) -> str:
        """Its header line in a file, without ``>``: a whole record has its own."""
        if not self.whole:
            return self.label
        name, header = self.record.name, self.record.header
        at = header.find(name)  # blanks may stand before it
        return header[:at] + self.label + header[at + len(name) :]

    def fetch(self, start: int, stop: int) -> bytes:
        """Return residues ``start`` to ``stop`` of the region as it is written, from 0."""
        if not self.reverse:
            return self.record.fetch(self.start + start, self.start + stop)
        residues = self.record.fetch(self.stop - stop, self.stop - start)
        return reverse_complement(residues, self.record.genome.side.rna)


def find_region(query: str | Query, genomes: Sequence[Genome], where: str) -> Region:
    """Find what a query asks for in ``genomes``; ``where`` is named in errors.

    An end behind the record's is cut to it, as samtools does.

    Raises:
        NotFoundError: no such record.
        UsageError: several records of the name, a query that may mean two, or a start behind the
            end or the record.
    """
    meant = [query] if isinstance(query, Query) else read_query(query)
    found = [(one, record) for one in meant if (record := _only(one.record, genomes, where))]
    if isinstance(query, str) and not found and query.startswith("{"):
        # A record may be called so.
        record = _only(query, genomes, where)
        found = [(Query(query, None, None, query, whole=True), record)] if record else []
    if not found:
        raise _not_found(meant[-1].record, genomes, where)
    if len(found) > 1:
        name, after = meant[1].record, meant[1].text[len(meant[1].record) :]
        raise UsageError(
            f"{where}: '{meant[0].text}' may be a record or a region of '{name}'; write "
            f"{{{meant[0].text}}} or {{{name}}}{after}"
        )
    return _within(*found[0], where)


def find_regions(
    queries: Iterable[str | Query], genomes: Sequence[Genome], where: str
) -> list[Region]:
    """Find what queries ask for, as ``find_region``; what is a comment after all is left out."""
    return [
        find_region(query, genomes, where)
        for query in queries
        if not is_only_comment(query, genomes)
    ]


def is_only_comment(query: str | Query, genomes: Sequence[Genome]) -> bool:
    """Whether a row of BED begins with ``#`` and no record is called so."""
    return (
        isinstance(query, Query)
        and query.optional
        and not any(genome.ordinals_of(query.record) for genome in genomes)
    )


def _within(query: Query, record: Record, where: str) -> Region:
    if query.whole:
        return Region(record, 0, len(record), True, query.reverse)
    start = 1 if query.start is None else query.start
    stop = len(record) if query.end is None else query.end
    if query.end is not None and stop < start:
        raise UsageError(f"{where}: region '{query.text}' ends before it starts")
    if not 1 <= start <= len(record):
        raise UsageError(
            f"{where}: region '{query.text}' is not within '{record.name}', residues 1 to "
            f"{len(record)}"
        )
    return Region(record, start - 1, min(stop, len(record)), False, query.reverse)


def _only(name: str, genomes: Sequence[Genome], where: str) -> Record | None:
    # A name is what it is, or else what ``list`` spells so (storage.names).
    for called in dict.fromkeys((name, unspell(name))):
        found = [(genome, n) for genome in genomes for n in genome.ordinals_of(called)]
        if found:
            break
    if len(found) > 1:
        places = list(dict.fromkeys(genome.name for genome, _ in found))
        shown = ", ".join(places[:5]) + (", ..." if len(places) > 5 else "")
        remedy = "say which genome with --genome"
        if len(places) == 1:
            remedy = f"take the genome whole with --genome {places[0]}; from Python, by number"
        raise UsageError(
            f"{where}: {len(found)} records are called '{name}' (in {shown}); {remedy}"
        )
    return Record(*found[0]) if found else None


def _not_found(name: str, genomes: Sequence[Genome], where: str) -> NoSuchNameError:
    """Return the error; a name without the version (``NC_000915.1``) it has here is a near miss."""
    wanted = re.compile(re.escape(name.encode("utf-8", "surrogateescape")) + rb"\.\d+")
    names = {bytes(name) for genome in genomes for name in genome.table.names}
    like = [name.decode("utf-8", "surrogateescape") for name in names if wanted.fullmatch(name)]
    if any(genome.name == name for genome in genomes):
        like = [f"the genome, --genome {name}"]
    return NoSuchNameError(where, "record", name, like[0] if len(like) == 1 else "")


def region_pieces(region: Region, style: Style = AS_FILE) -> Iterator[bytes | memoryview]:
    """Yield a region as FASTA.

    What comes first, the header, comes when the first residues are decoded: where they cannot
    be, nothing has been written. A whole record has its full header.
    """
    header = style.named(region.record.genome.name, region.header)
    head = f">{header}\n".encode("utf-8", "surrogateescape")
    for piece in _residues(region, style):
        if head:
            yield head
            head = b""
        yield piece
    if head:
        yield head


def write_region(out: BinaryIO, region: Region) -> None:
    """Write a region as FASTA, as ``region_pieces`` has it."""
    out.writelines(region_pieces(region))


def _residues(region: Region, style: Style) -> Iterator[bytes | memoryview]:
    genome = region.record.genome
    width = style.width
    if width is None:
        width = genome.side.width_of(region.record.ordinal)
    # In steps that are whole lines, so that a large record is never in memory twice; a small one
    # first, so that whoever reads need not wait.
    length = region.stop - region.start
    start, size = 0, _FIRST_STEP
    while start < length:
        step = max(size // width * width, width) if width else size
        residues = style.letters(region.fetch(start, min(start + step, length)))
        start, size = start + step, _WRITE_STEP
        if width:
            yield from wrap(residues, width)
        else:
            yield residues
    if not width and length:
        yield b"\n"
