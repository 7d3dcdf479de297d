"""What a container begins with, and what a file is that does not."""

from __future__ import annotations

from seqcoder.container.index import FORMAT, SIGNATURE
from seqcoder.errors import FormatError, InputError
from seqcoder.storage.lists import packed_by
from seqcoder.storage.range_source import RangeSource

_FORMAT_1 = b"SQC\r\n\x1a\n\0"


def check_signature(source: RangeSource) -> None:
    """Raise InputError if this is no container, FormatError if it is one of another format."""
    start = source.read(0, min(source.size, 16))
    if start[:4] == SIGNATURE:
        return
    if start[8:] == _FORMAT_1:
        raise FormatError(
            f"{source.name}: a container of format 1, this seqcoder reads format {FORMAT}; restore "
            "its files with the seqcoder that wrote it and compress them again"
        )
    if len(start) > 3 and start[:3] == SIGNATURE[:3]:
        raise FormatError(
            f"{source.name}: a container of format {start[3]}, or damaged in its fourth byte; this "
            f"seqcoder reads format {FORMAT}: upgrade it, or try 'seqcoder repair'"
        )
    raise InputError(f"{source.name}: not a seqcoder container{_what_else(start)}")


def _what_else(start: bytes) -> str:
    if not start:
        return ", but empty; fetch or make it again"
    if tool := packed_by(start):
        return f", but {tool} data; if one is in it, '{tool} -dc' gives that"
    if start[:1] in (b">", b";"):
        return ", but text such as FASTA; 'seqcoder compress' makes one of it"
    return " (no SQC signature); was it fetched whole, is it the right file?"
