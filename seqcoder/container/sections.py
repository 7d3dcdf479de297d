"""Sections: what a container is made of behind its signature (docs/format.md).

A section is an *entry* (kind, head, length of the payload), the payload, and the CRC-32 of both.
An index is entries once more. Kinds are letters, as are the tags of what may stand behind the
known fields of a head (*extras*): a reader that does not know a capital letter refuses the
container, a small one it passes over. So a later version can add to the format.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from seqcoder.errors import FormatError, IntegrityError
from seqcoder.storage.range_source import RangeSource
from seqcoder.storage.varint import ByteReader, put_bytes, put_varint

CHUNK, GENOME, END, EXTENDS = b"CGEX"
CRC_BYTES = 4
LEAST = 3 + CRC_BYTES
"""Bytes of the shortest section."""
_MAX_HEAD = 1 << 20
_WINDOW = 512


@dataclass(frozen=True)
class Section:
    """A section and its place in the file."""

    kind: int
    head: bytes
    payload_length: int
    offset: int

    @property
    def entry(self) -> bytes:
        """What the section begins with, and the index repeats."""
        out = bytearray((self.kind,))
        put_bytes(out, self.head)
        put_varint(out, self.payload_length)
        return bytes(out)

    @property
    def payload_offset(self) -> int:
        """File offset of the payload."""
        return self.offset + len(self.entry)

    @property
    def end(self) -> int:
        """File offset behind the section."""
        return self.payload_offset + self.payload_length + CRC_BYTES


def section(kind: int, head: bytes, payload: bytes) -> bytes:
    """Return a whole section."""
    data = Section(kind, head, len(payload), 0).entry + payload
    return data + struct.pack("<I", zlib.crc32(data))


def read_entry(source: ByteReader, offset: int) -> Section:
    """Read the entry of the section at file ``offset``."""
    start = source.position
    kind = source.u8()
    head = source.take(source.varint(_MAX_HEAD))
    found = Section(kind, head, source.varint(), offset)
    if source.position - start != len(found.entry):
        raise IntegrityError(f"{source.what}: a number that is longer than it need be")
    return found


def entry_at(source: RangeSource, offset: int, stop: int) -> Section:
    """Read the entry of a section that lies between ``offset`` and ``stop`` in a file."""
    what = f"{source.name}: section at byte {offset}"
    window = source.read(offset, min(_WINDOW, stop - offset))
    reader = ByteReader(window, what)
    reader.u8()
    need = reader.varint(_MAX_HEAD) + reader.position + 9
    if need > len(window):
        window = source.read(offset, min(need, stop - offset))
    found = read_entry(ByteReader(window, what), offset)
    if found.end > stop:
        raise IntegrityError(f"{what}: longer than the file; it is cut short or damaged")
    return found


def crc_problem(data: bytes, what: str) -> str:
    """Return what is wrong, naming ``what``, if a whole section's CRC-32 does not hold, else ""."""
    body, tail = memoryview(data)[:-CRC_BYTES], data[-CRC_BYTES:]
    if len(tail) < CRC_BYTES or struct.unpack("<I", tail)[0] != zlib.crc32(body):
        return f"{what}: CRC mismatch; the data are damaged"
    return ""


def check_crc(data: bytes, what: str) -> None:
    """Raise IntegrityError, naming ``what``, unless a whole section's CRC-32 holds."""
    if problem := crc_problem(data, what):
        raise IntegrityError(problem)


def check_letter(letter: int, what: str) -> None:
    """Refuse the kind or tag of a later version that a reader must know.

    Raises FormatError for a capital letter, and IntegrityError for what is no letter.
    """
    text = chr(letter)
    if not (text.isascii() and text.isalpha()):
        raise IntegrityError(f"{what}: unknown kind {letter}; the data are damaged")
    if text.isupper():
        raise FormatError(f"{what}: {text!r} is of a later version of seqcoder; upgrade seqcoder")


def get_extras(source: ByteReader, known: bytes) -> tuple[dict[int, bytes], bytes]:
    """Read the extras up to the end of a head: those whose tags are ``known``, and the others."""
    found: dict[int, bytes] = {}
    others = bytearray()
    last = 0
    while len(source):
        tag = source.u8()
        contents = source.take(source.varint())
        if tag <= last:
            raise IntegrityError(f"{source.what}: extras out of order; the data are damaged")
        last = tag
        if tag in known:
            found[tag] = contents
        else:
            check_letter(tag, source.what)
            others.append(tag)
            put_bytes(others, contents)
    return found, bytes(others)
