"""What data are that are no FASTA: told by name, with what makes FASTA of them."""

from __future__ import annotations

from seqcoder.fasta.decompression import is_container, sniff
from seqcoder.storage.lists import wide_mark

_HEAD = 1 << 12
_TAR_MARK = 257
# First bytes of what is not decompressed here, what it is, and what undoes it.
_PACKED = (
    (b"\x1f\x9d", "compress data (.Z)", "'gzip -d' or 'uncompress'"),
    (b"\x1f\xa0", "LZH data (.Z)", "'gzip -d'"),
    (b"\x1f\x1e", "pack data (.z)", "'gzip -d'"),
    (b"\x5d\0\0", "LZMA data (.lzma)", "'xz -d' or 'unlzma'"),
    (b"LZIP", "lzip data (.lz)", "'lzip -d'"),
    (b"\x04\x22\x4d\x18", "LZ4 data", "'lz4 -d'"),
    (b"\x02\x21\x4c\x18", "LZ4 data", "'lz4 -d'"),
    (b"\x89LZO\0\r\n\x1a\n", "LZO data", "'lzop -d'"),
    (b"\xff\x06\0\0sNaPpY", "Snappy data", "'snzip -d'"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file", "'7z x'"),
    (b"Rar!\x1a\x07", "a RAR file", "'unrar x'"),
)
# How text files of other kinds begin.
_TEXTS = ((b"LOCUS ", "a GenBank"), (b"ID   ", "an EMBL"), (b"##gff-version", "a GFF"))
_SUBMIT = "'seqcoder-ray submit' takes what is in it"


def is_tar(data: bytes) -> bool:
    """Whether data are a tar file (POSIX or GNU)."""
    return data[_TAR_MARK : _TAR_MARK + 5] == b"ustar" and b"\0" in data[:_TAR_MARK]


def what_it_is(data: bytes, compression: str) -> str:
    """Return what data that are no FASTA are, and the remedy; empty where that is not known.

    ``compression`` is what they came in.
    """
    head = data[:_HEAD]
    if is_container(data):
        return "it is a seqcoder container already"
    if (inner := sniff(data[:10])) != "plain":
        return f"it is {inner} data within {compression}; decompress it once, give the result"
    for mark, kind, tool in _PACKED:
        if head.startswith(mark):
            return f"it is {kind}; {tool} first, give the result"
    if is_tar(data):
        return f"it is a tar file; {_SUBMIT}"
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return f"it is a zip file; {_SUBMIT}"
    if wide := wide_mark(head) or _unmarked(head):
        return f"it is {wide[:6]} text; 'iconv -f {wide} -t UTF-8' first"
    kinds = ["a FASTQ"] if _is_fastq(head) else [k for mark, k in _TEXTS if head.startswith(mark)]
    if kinds:
        return f"it is {kinds[0]} file; 'any2fasta' makes FASTA of it"
    if b"\r" in head.rstrip() and b"\n" not in data.rstrip():
        return "its lines end in CR alone; \"tr '\\r' '\\n'\" first"
    return ""


def _is_fastq(head: bytes) -> bool:
    lines = head.split(b"\n", 3)
    return head[:1] == b"@" and len(lines) > 3 and lines[2][:1] == b"+"


def _unmarked(head: bytes) -> str:
    """Return what UTF of wide characters a text is that says so by no mark, or ""."""
    for width in (4, 2):
        n = len(head) // width
        filled = [n - head[place : n * width : width].count(0) for place in range(width)]
        for order, at in (("LE", 0), ("BE", width - 1)):
            others = sum(filled) - filled[at]
            if n > 1 and filled[at] >= 0.9 * n and others <= 0.1 * n:
                return f"UTF-{8 * width}{order}"
    return ""
