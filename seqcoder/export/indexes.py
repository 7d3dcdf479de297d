"""Indexes beside an export: ``.fai`` of FASTA, ``.gzi`` of BGZF, as samtools and bgzip write.

They are read off the file that was written, so that they fit it whatever it is.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from seqcoder.errors import InputError, UsageError

INDEXED = ("fa", "fa.bgz")


def check_indexed(format: str) -> None:
    """Raise UsageError for a format that has no index."""
    if format not in INDEXED:
        raise UsageError(f"{format} has no .fai; take --format fa or fa.bgz, or leave --index out")


def indexes(file: BinaryIO, format: str, where: str) -> dict[str, bytes]:
    """Return the indexes of a file, by the suffix that is added to its name.

    Raises:
        InputError: records have lines of different lengths, or two have one name.
    """
    if format == "fa":
        return {".fai": b"".join(_fai(file, where))}
    places: list[tuple[int, int]] = []
    fai = b"".join(_fai(_lines(_blocks(file, places)), where))
    pairs = b"".join(struct.pack("<2Q", *place) for place in places[1:])
    return {".fai": fai, ".gzi": struct.pack("<Q", max(len(places) - 1, 0)) + pairs}


def _blocks(file: BinaryIO, places: list[tuple[int, int]]) -> Iterator[bytes]:
    """Yield what the blocks hold; notes where each begins, packed and unpacked."""
    at = unpacked = 0
    while head := file.read(18):
        size = struct.unpack_from("<H", head, 16)[0] + 1
        data = zlib.decompress(file.read(size - 18)[:-8], -15)
        if data:
            places.append((at, unpacked))
        at += size
        unpacked += len(data)
        yield data


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        *whole, held = (held + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if held:
        yield held


def _fai(lines: Iterable[bytes], where: str) -> Iterator[bytes]:
    names: set[bytes] = set()
    name: bytes | None = None
    at = offset = length = residues = width = 0
    ended = False
    for line in lines:
        at += len(line)
        if line.startswith(b">"):
            if name is not None:
                yield b"%s\t%d\t%d\t%d\t%d\n" % (name, length, offset, residues, width)
            name = (line[1:].split() or [b""])[0]
            if name in names:
                raise InputError(
                    f"{where}: two records are called {name.decode('utf-8', 'replace')!r}; take "
                    "--header-style genome#contig, or leave --index out"
                )
            names.add(name)
            offset, length, residues, width, ended = at, 0, 0, 0, False
            continue
        here = len(line.rstrip(b"\r\n"))
        if name is None or (here and ended) or (residues and here > residues):
            raise InputError(f"{where}: lines of different lengths; take --width, as --width 60")
        residues, width = residues or here, width or (len(line) if here else 0)
        ended = here < residues or not here
        length += here
    if name is not None:
        yield b"%s\t%d\t%d\t%d\t%d\n" % (name, length, offset, residues, width)
