"""Regions as samtools writes them: ``name``, ``name:start-end``, 1-based, both ends included."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from seqcoder.errors import NotFoundError, UsageError
from seqcoder.fasta import wrap
from seqcoder.reading.genome import Genome
from seqcoder.reading.record import Record
from seqcoder.storage.lists import is_comment, lines_of
from seqcoder.storage.names import unspell

_NUMBER = r"\d[\d,]{0,30}"
_RANGE = re.compile(rf"(?P<name>.+):(?P<start>{_NUMBER})(?:-(?P<end>{_NUMBER})?)?")
# Of a BED file's head; a record may be called track7.
_BED_HEAD = re.compile(r"#.*\t|(track|browser)\s")
_WRITE_STEP = 8 << 20


@dataclass(frozen=True)
class Region:
    """Residues ``start`` to ``stop`` (0-based, half-open) of a record; ``whole``: all of it."""

    record: Record
    start: int
    stop: int
    whole: bool

    @property
    def label(self) -> str:
        """What the region is called in a file: the record, and where in it (1-based)."""
        name = self.record.name
        return name if self.whole else f"{name}:{self.start + 1}-{self.stop}"


def find_region(query: str, genomes: Sequence[Genome], where: str) -> Region:
    """Find what a query asks for in ``genomes``; ``where`` is named in errors.

    A record whose whole name is the query wins over reading it as ``name:start-end``. An end
    behind the record's is cut to it, as samtools does.

    Raises:
        NotFoundError: no such record.
        UsageError: several records of the name, or a start behind the end or the record.
    """
    record = _only(query, genomes, where)
    if record is not None:
        return Region(record, 0, len(record), True)
    parts = _RANGE.fullmatch(query)
    record = _only(parts["name"], genomes, where) if parts else None
    if parts is None or record is None:
        wanted = parts["name"] if parts else query
        like = _versions(wanted, genomes)
        hint = f"did you mean {like[0]}? " if len(like) == 1 else ""
        raise NotFoundError(f"{where}: no record {wanted!r}; {hint}'seqcoder list -r' names them")
    start = int(parts["start"].replace(",", ""))
    # name:start and name:start- go to the end of the record, as samtools reads them.
    stop = int(parts["end"].replace(",", "")) if parts["end"] else len(record)
    if parts["end"] and stop < start:
        raise UsageError(f"{where}: region {query!r} ends before it starts")
    if not 1 <= start <= len(record):
        raise UsageError(
            f"{where}: region {query!r} is not within {record.name!r}, residues 1 to {len(record)}"
        )
    return Region(record, start - 1, min(stop, len(record)), False)


def _only(name: str, genomes: Sequence[Genome], where: str) -> Record | None:
    # A name is what it is, or else what ``list`` spells so (storage.names).
    for called in dict.fromkeys((name, unspell(name))):
        found = [(genome, n) for genome in genomes for n in genome.ordinals_of(called)]
        if found:
            break
    if len(found) > 1:
        places = ", ".join(dict.fromkeys(genome.name for genome, _ in found[:5]))
        raise UsageError(
            f"{where}: {len(found)} records are called {name!r} (in {places}); "
            "say which genome with --genome, or extract the whole genome"
        )
    return Record(*found[0]) if found else None


def _versions(accession: str, genomes: Sequence[Genome]) -> list[str]:
    """Return the names of records that are ``accession`` and a version (``NC_000915.1``)."""
    wanted = re.compile(re.escape(accession.encode("utf-8", "surrogateescape")) + rb"\.\d+")
    names = {bytes(name) for genome in genomes for name in genome.table.names}
    return [name.decode("utf-8", "surrogateescape") for name in names if wanted.fullmatch(name)]


def read_regions(data: bytes, what: str = "regions") -> list[str]:
    """Read a list of regions: one a line, or BED (tabs; name, 0-based start, end)."""
    queries = []
    for line in lines_of(data, what):
        fields = line.split("\t")
        numbers = len(fields) >= 3 and fields[1].isdecimal() and fields[2].isdecimal()
        if numbers and not line.startswith("#"):
            queries.append(f"{fields[0]}:{int(fields[1]) + 1}-{fields[2]}")
        elif not is_comment(line) and not _BED_HEAD.match(line):
            queries.append(line)
    return queries


def region_pieces(region: Region, width: int | None) -> Iterator[bytes | memoryview]:
    """Yield a region as FASTA; ``width`` None keeps the record's line width.

    What comes first, the header, comes when the first residues are decoded: where they cannot
    be, nothing has been written. A whole record has its full header.
    """
    header = region.record.header if region.whole else region.label
    head = f">{header}\n".encode("utf-8", "surrogateescape")
    for piece in _residues(region, width):
        if head:
            yield head
            head = b""
        yield piece
    if head:
        yield head


def write_region(out: BinaryIO, region: Region, width: int | None) -> None:
    """Write a region as FASTA, as ``region_pieces`` has it."""
    out.writelines(region_pieces(region, width))


def _residues(region: Region, width: int | None) -> Iterator[bytes | memoryview]:
    genome = region.record.genome
    if width is None:
        width = genome.side.width_of(region.record.ordinal)
    # In steps that are whole lines, so that a large record is never in memory twice.
    step = max(_WRITE_STEP // width * width, width) if width else region.stop - region.start
    for start in range(region.start, region.stop, max(step, 1)):
        residues = region.record.fetch(start, min(start + step, region.stop))
        if width:
            yield from wrap(residues, width)
        else:
            yield residues
    if not width and region.stop > region.start:
        yield b"\n"
