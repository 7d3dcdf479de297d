"""What a container says of its models, chunks and genomes, and how it is spelt in bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from seqcoder.errors import IntegrityError, UsageError
from seqcoder.storage.varint import ByteReader, put_bytes, put_varint

FASTA, STORED = 0, 1
PLAIN, RECORDS_INDEXED = 1, 2
MAX_CHUNK_BASES = 1 << 28
MAX_FILE_BYTES = 1 << 40


@dataclass(frozen=True)
class ChunkRow:
    """A chunk: n bases, how they are coded, the lengths of its frames, digest8 of its bases.

    The index leaves the digest out; it is then b"" until the chunk's own head is read.
    """

    n_bases: int
    coding: int
    model: int
    latents_length: int
    residual_length: int
    digest: bytes = b""

    def pack(self, out: bytearray) -> None:
        """Append the row to ``out``, without the digest."""
        put_varint(out, self.n_bases)
        out += bytes((self.coding, self.model))
        put_varint(out, self.latents_length)
        put_varint(out, self.residual_length)

    @classmethod
    def unpack(cls, source: ByteReader, digest_bytes: int) -> ChunkRow:
        """Read a row and so many bytes of digest; raises IntegrityError."""
        return cls(
            source.varint(MAX_CHUNK_BASES),
            source.u8(),
            source.u8(),
            source.varint(),
            source.varint(),
            source.take(digest_bytes),
        )


@dataclass(frozen=True)
class GenomeRow:
    """A genome (one input file): see docs/format.md for the fields.

    ``base_start`` is the genome's place in base space, or None where it has a walk frame.
    """

    name: str
    kind: int
    flags: int
    size: int
    n_records: int
    n_residues: int
    n_bases: int
    line_width: int
    base_start: int | None
    side_length: int
    walk_length: int
    stored_length: int
    sha256: bytes

    @property
    def plain(self) -> bool:
        """Whether every residue is one of ACGT in upper case."""
        return bool(self.flags & PLAIN)

    def pack(self, out: bytearray, digest_bytes: int = 32) -> None:
        """Append the row to ``out``; the genome's own head has 4 bytes of its SHA-256 only."""
        put_bytes(out, self.name.encode())
        out += bytes((self.kind, self.flags))
        for value in (
            self.size,
            self.n_records,
            self.n_residues - self.n_bases,
            self.n_bases,
            self.line_width,
            0 if self.base_start is None else self.base_start + 1,
            self.side_length,
            self.walk_length,
            self.stored_length,
        ):
            put_varint(out, value)
        out += self.sha256[:digest_bytes]

    @classmethod
    def unpack(cls, source: ByteReader, digest_bytes: int = 32) -> GenomeRow:
        """Read a row; raises IntegrityError, also for a name that could leave the output folder."""
        name = source.text()
        try:
            check_name(name)
        except UsageError as error:
            raise IntegrityError(f"{source.what}: {error}") from None
        kind, flags = source.u8(), source.u8()
        if kind > STORED:
            raise IntegrityError(f"{source.what}: genome {name!r} of unknown kind {kind}")
        size = source.varint(MAX_FILE_BYTES)
        n_records, n_exceptions, n_bases = (source.varint(size) for _ in range(3))
        width, walk = source.varint(size), source.varint()
        side, walk_length, stored = (source.varint() for _ in range(3))
        counts = (n_records, n_exceptions, n_bases, width, side, walk_length)
        if (kind == STORED and any(counts)) or (flags & PLAIN and n_exceptions):
            raise IntegrityError(f"{source.what}: genome {name!r} contradicts itself")
        return cls(
            name,
            kind,
            flags,
            size,
            n_records,
            n_exceptions + n_bases,
            n_bases,
            width,
            walk - 1 if walk else None,
            side,
            walk_length,
            stored,
            source.take(digest_bytes),
        )


# Control characters, which would break listings and reach terminals, line ends of any kind, and
# lone surrogates, which stand for bytes of a file name that are not UTF-8.
NOT_IN_NAMES = re.compile("[\\x00-\\x1f\\\\\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")
"""What no genome name may contain, a character at a time."""


def check_name(name: str) -> None:
    """Raise UsageError unless ``name`` is a relative path that stays below its folder."""
    if any(part in ("", ".", "..") for part in name.split("/")) or NOT_IN_NAMES.search(name):
        raise UsageError(
            f"genome name {name!r} is not a plain relative path; rename the file or pass a name"
        )
