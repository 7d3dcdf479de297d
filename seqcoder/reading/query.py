"""What is asked for: ``name``, ``name:start-end`` as samtools writes them, rows of BED.

A name may hold colons and braces. ``{name}`` and ``{name}:start-end`` say where it ends; without
braces the last colon may or may not begin a range, which only the records can tell (``region``).
The name of a BED row is a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from seqcoder.errors import UsageError
from seqcoder.storage.lists import is_comment, lines_of

_NUMBER = r"\d[\d,]{0,30}"
_RANGE = rf"(?:(?P<start>{_NUMBER})(?:-(?P<end>{_NUMBER})?)?|-(?P<only_end>{_NUMBER}))?"
_QUOTED = re.compile(rf"\{{(?P<name>.*)\}}(?::{_RANGE})?", re.DOTALL | re.ASCII)
_PLAIN = re.compile(rf"(?P<name>.*):{_RANGE}", re.DOTALL | re.ASCII)
# Of a BED file's head; a record may be called track7.
_BED_HEAD = re.compile(r"(track|browser)\s")


@dataclass(frozen=True)
class Query:
    """A record by its name, and which of its residues: ``start`` to ``end``, 1-based, both
    included, as they were given; None: from its beginning, to its end. ``reverse``: the other
    strand. ``text``: how it was asked for. ``optional``: a row of BED that begins with ``#``,
    which is a comment where no record has the name.
    """

    record: str
    start: int | None
    end: int | None
    text: str
    whole: bool = False
    reverse: bool = False
    optional: bool = False


def read_query(text: str) -> list[Query]:
    """Return what a query may mean, best first; two of the same rank are ambiguous.

    >>> [(q.record, q.start, q.end) for q in read_query("a:1-2")]
    [('a:1-2', None, None), ('a', 1, 2)]
    >>> [(q.record, q.start, q.end) for q in read_query("{a:1-2}:-9")]
    [('a:1-2', None, 9)]
    """
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        return [_ranged(quoted, text)]
    ranged = _PLAIN.fullmatch(text)
    whole = Query(text, None, None, text, whole=True)
    return [whole, _ranged(ranged, text)] if ranged else [whole]


def _ranged(match: re.Match[str], text: str) -> Query:
    start, end = match["start"], match["end"] or match["only_end"]
    return Query(
        match["name"],
        int(start.replace(",", "")) if start else None,
        int(end.replace(",", "")) if end else None,
        text,
        whole=text.endswith("}"),
    )


def read_regions(data: bytes, what: str = "regions") -> list[str | Query]:
    """Read a list of regions: one a line, or BED (name, 0-based start, end; strand the sixth:
    ``-`` is the reverse, all else, ``.`` and ``?`` among them, the forward one).

    Raises:
        UsageError: a row of BED is empty, or its start and end are no numbers.
    """
    queries: list[str | Query] = []
    for line in lines_of(data, what):
        row = _bed_row(line, what)
        if row is not None:
            queries.append(row)
        elif not (is_comment(line) or _BED_HEAD.match(line) or (line[0] == "#" and "\t" in line)):
            queries.append(line.strip(" \t"))
    return queries


def _bed_row(line: str, what: str) -> Query | None:
    """Return what a row of BED asks for; None for another line."""
    fields = line.split("\t") if "\t" in line else line.split(" ")
    comment = line[:1] == "#"
    if len(fields) < 3 or not all(f.isascii() and f.isdecimal() for f in fields[1:3]):
        if "\t" in line and len(fields) > 2 and not comment and not _BED_HEAD.match(line):
            raise UsageError(
                f"{what}: {' '.join(fields[:3])}: a row of BED whose start and end are no numbers "
                "from 0; mend or drop it"
            )
        return None
    start, end = int(fields[1]), int(fields[2])
    if start >= end and not comment:
        raise UsageError(f"{what}: {' '.join(fields[:3])}: a row of BED without a base; drop it")
    strand = fields[5].strip() if len(fields) > 5 else "+"
    text = " ".join(fields[:3])
    return Query(fields[0], start + 1, end, text, reverse=strand == "-", optional=comment)
