"""What a request asks for: numbers, a record, a region; and the addresses of pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request

from seqcoder.errors import NotFoundError, UsageError
from seqcoder.reading.genome import Genome
from seqcoder.reading.record import Record

LEAST_VIEW = 60
HEADS = (
    ("place", "genome", "t"),
    ("raw_bytes", "FASTA", "n"),
    ("bases", "bases", "n"),
    ("novel_bases", "novel", "n"),
    ("", "records", "n"),
    ("coded_bytes", "coded", "n"),
    ("bits_per_base", "bits per base", "n"),
)


def genome_link(name: str) -> str:
    """Return the address of a genome's page."""
    return f"/genome/{quote(name)}"


def fasta_link(name: str) -> str:
    """Return the address of a genome's file."""
    return f"/fasta/{quote(name)}"


def record_link(name: str, ordinal: int, start: int | None = None, stop: int | None = None) -> str:
    """Return the address of a record's page, or of a region of it (0-based, half-open)."""
    where = {} if start is None else {"from": str(start + 1), "to": str(stop)}
    return f"/record/{quote(name)}?{urlencode({'r': str(ordinal), **where})}"


def number(request: Request, name: str, default: Any) -> Any:
    """Return a whole number of the query; raises UsageError."""
    text = request.query_params.get(name, "")
    if not text:
        return default
    digits = text.replace(",", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 16):
        raise UsageError(f"{name}={text!r}: give a whole number")
    return int(digits)


def record_asked(genome: Genome, request: Request) -> Record:
    """Return the record ``r``, from 0; raises UsageError, NotFoundError."""
    ordinal: int = number(request, "r", 0)
    if "r" not in request.query_params and len(genome) > 1:
        raise UsageError(f"{genome.name}: has {len(genome)} records; say which: r=0 is the first")
    if ordinal >= len(genome):
        raise NotFoundError(f"{genome.name}: has {len(genome)} records; r counts from 0")
    return genome[ordinal]


def region_asked(record: Record, request: Request) -> tuple[int, int]:
    """Return the region asked for (0-based, half-open); the end is cut to the record's."""
    start = number(request, "from", 1) - 1
    stop = min(number(request, "to", len(record)), len(record))
    if not 0 <= start < max(stop, 1):
        raise UsageError(
            f"residues {start + 1} to {stop} are not within {record.name!r}, which has "
            f"{len(record)}"
        )
    return start, stop


def widened(start: int, stop: int, length: int) -> tuple[int, int]:
    """Return a region that is not too short to draw."""
    if stop - start >= LEAST_VIEW:
        return start, stop
    start = max(0, min((start + stop - LEAST_VIEW) // 2, length - LEAST_VIEW))
    return start, min(start + LEAST_VIEW, length)


def moves(
    start: int, stop: int, length: int, link: Callable[[int, int], str]
) -> list[tuple[str, str]]:
    """Return the moves from a region: title, and address or none."""
    size = stop - start
    step = max(size // 2, 1)
    wide = min(length, 5 * size)
    left = min(max(0, (start + stop - wide) // 2), length - wide)
    narrow = max(size // 5, min(LEAST_VIEW, size))
    middle = (start + stop - narrow) // 2
    return [
        ("← left", link(max(0, start - step), max(0, start - step) + size) if start else ""),
        (
            "right →",
            link(min(stop + step, length) - size, min(stop + step, length))
            if stop < length
            else "",
        ),
        ("closer", link(middle, middle + narrow) if narrow < size else ""),
        ("further", link(left, left + wide) if size < length else ""),
        ("whole record", link(0, length) if size < length else ""),
    ]


def page_links(request: Request) -> Callable[[int], str]:
    """Return what gives the address of another page of the same list."""

    def link(number: int) -> str:
        kept = {k: v for k, v in request.query_params.items() if k != "page"}
        return f"{quote(request.url.path)}?{urlencode({**kept, 'page': number})}"

    return link


def table_heads(request: Request, sort: str, descending: bool) -> Iterator[dict[str, str]]:
    """Give the heads of the genomes' table, with addresses that sort by them."""
    kept = {k: v for k, v in request.query_params.items() if k == "group"}
    for column, title, kind in HEADS:
        link = arrow = ""
        if column:
            here = column == sort
            down = not descending if here else kind == "n"
            link = (
                f"/genomes?{urlencode({**kept, 'sort': column, 'order': 'down' if down else 'up'})}"
            )
            arrow = ("↓" if descending else "↑") if here and sort != "place" else ""
        yield {"title": title, "kind": kind, "link": link, "arrow": arrow}
