"""What an extending container says of its reference: which container its base space begins with.

The reference may have grown since by appends: what counts is its first ``size`` bytes, a whole
container up to the end section of that time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from seqcoder.container.rows import check_name
from seqcoder.container.sections import EXTENDS, Section
from seqcoder.errors import IntegrityError, UsageError
from seqcoder.storage.varint import ByteReader, put_bytes, put_varint

_OFFSET = 4  # behind the signature
_SHA256, _DIGEST = 32, 8


@dataclass(frozen=True)
class Extends:
    """A reference container, as one that extends it names it (docs/format.md)."""

    sha256: bytes
    """SHA-256 of the reference's first ``size`` bytes."""
    size: int
    n_bases: int
    """Size of its base space."""
    n_genomes: int
    n_chunks: int
    name: str
    """Where it was: a relative path from this container's folder, with ``/``. A hint."""

    @cached_property
    def section(self) -> Section:
        """The section, without its payload: the digest of each chunk's bases (`digests`)."""
        head = bytearray(self.sha256)
        for number in (self.size, self.n_bases, self.n_genomes, self.n_chunks):
            put_varint(head, number)
        put_bytes(head, self.name.encode())
        return Section(EXTENDS, bytes(head), _DIGEST * self.n_chunks, _OFFSET)

    @classmethod
    def unpack(cls, found: Section, what: str) -> Extends:
        """Read the head of a section; raises IntegrityError."""
        head = ByteReader(found.head, what)
        sha256 = head.take(_SHA256)
        size, n_bases, n_genomes, n_chunks = (head.varint() for _ in range(4))
        try:
            name = head.take(head.varint()).decode()
            check_name(name)
        except (UnicodeDecodeError, UsageError):
            raise IntegrityError(f"{what}: a reference of an impossible name") from None
        extends = cls(sha256, size, n_bases, n_genomes, n_chunks, name)
        if extends.section.entry != found.entry:
            raise IntegrityError(f"{what}: lengths disagree; the data are damaged")
        return extends

    def digests(self, payload: bytes) -> list[bytes]:
        """Return ``digest8`` of each of the reference's chunks, in order."""
        return [payload[at : at + _DIGEST] for at in range(0, len(payload), _DIGEST)]
