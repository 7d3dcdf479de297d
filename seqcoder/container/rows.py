"""What a container says of its models, chunks and genomes, and how it is spelt in bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seqcoder.container.sections import get_extras
from seqcoder.errors import IntegrityError, UsageError
from seqcoder.storage.names import ODD
from seqcoder.storage.varint import ByteReader, put_bytes, put_varint

FASTA, STORED = 0, 1
STORED_FILE, PLAIN = 1, 2
"""Flags of a genome's head."""
_FLAGS = STORED_FILE | PLAIN
MAX_CHUNK_BASES = 1 << 28
MAX_FILE_BYTES = 1 << 40
_LEADER, _MODEL = b"L", b"M"
MODEL_PREFIX = 8
"""Bytes of its SHA-256 by which a model is named."""


@dataclass(frozen=True)
class LedBy:
    """The chunk that a chunk is coded after: its first base, and what of it is used.

    ``state``: the coder goes on from where it was at that chunk's end; ``genes``: its genes are
    library. One of them at least.
    """

    first_base: int
    state: bool
    genes: bool

    def pack(self) -> bytes:
        """Return the text of the extra."""
        out = bytearray((self.state * _STATE | self.genes * _GENES,))
        put_varint(out, self.first_base)
        return bytes(out)

    @classmethod
    def unpack(cls, text: bytes, what: str) -> LedBy:
        """Read the text of the extra; raises IntegrityError."""
        source = ByteReader(text, what)
        uses = source.u8()
        first_base = source.varint()
        led = cls(first_base, bool(uses & _STATE), bool(uses & _GENES))
        if not uses or led.pack() != text:
            raise IntegrityError(f"{what}: an impossible leader; the data are damaged")
        return led


_STATE, _GENES = 1, 2


@dataclass(frozen=True)
class ChunkRow:
    """A chunk: n bases, how they are coded, the lengths of its frames, digest8 of its bases.

    ``model`` is the beginning of the SHA-256 of the model that its latents are of, b"" where it
    has none. ``leader`` is the chunk it is coded after, None for most. The index leaves the digest
    out; it is then b"" until the chunk itself is read.
    ``extras`` are what a later version may have added to the head, as it stands there.
    """

    n_bases: int
    coding: int
    model: bytes
    latents_length: int
    residual_length: int
    digest: bytes = b""
    extras: bytes = b""
    leader: LedBy | None = None

    def pack(self, out: bytearray) -> None:
        """Append the row to ``out``, without the digest and the length of the residual."""
        put_varint(out, self.n_bases)
        out.append(self.coding)
        put_varint(out, self.latents_length)
        if self.leader is not None:
            out += _LEADER
            put_bytes(out, self.leader.pack())
        if self.model:
            out += _MODEL
            put_bytes(out, self.model)
        out += self.extras

    @classmethod
    def unpack(cls, source: ByteReader, frames_length: int) -> ChunkRow:
        """Read a row to the end of ``source``; its frames have ``frames_length`` bytes together.

        Raises IntegrityError, and FormatError for what only a later version reads.
        """
        n_bases, coding = source.varint(MAX_CHUNK_BASES), source.u8()
        latents = source.varint()
        extras, others = get_extras(source, _LEADER + _MODEL)
        model = extras.get(_MODEL[0], b"")
        text = extras.get(_LEADER[0])
        leader = None if text is None else LedBy.unpack(text, source.what)
        if leader is not None and leader.genes and not model:
            raise IntegrityError(f"{source.what}: a leader's genes, and no model to read them by")
        if not n_bases or latents > frames_length or (latents and not model):
            raise IntegrityError(f"{source.what}: impossible chunk; the data are damaged")
        if model and not MODEL_PREFIX <= len(model) <= 32:
            raise IntegrityError(f"{source.what}: a model named by {len(model)} bytes")
        row = cls(n_bases, coding, model, latents, frames_length - latents, b"", others)
        return replace(row, leader=leader) if leader else row


@dataclass(frozen=True)
class GenomeRow:
    """A genome (one input file): see docs/format.md for the fields.

    ``base_start`` is the genome's place in base space, or None where it has a walk frame. Read
    from the index, ``sha256`` is b"". ``extras``: see ``ChunkRow``.
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
    sha256: bytes = b""
    extras: bytes = b""

    @property
    def plain(self) -> bool:
        """Whether every residue is one of ACGT in upper case."""
        return bool(self.flags & PLAIN)

    def pack(self, out: bytearray) -> None:
        """Append the row to ``out``, without the SHA-256 and the length of the last frame."""
        put_bytes(out, self.name.encode())
        out.append(self.flags | (STORED_FILE if self.kind == STORED else 0))
        put_varint(out, self.size)
        if self.kind != STORED:
            for value in (
                self.n_records,
                self.n_residues - self.n_bases,
                self.n_bases,
                self.line_width,
                0 if self.base_start is None else self.base_start + 1,
                self.side_length,
            ):
                put_varint(out, value)
        out += self.extras

    @classmethod
    def unpack(cls, source: ByteReader, frames_length: int) -> GenomeRow:
        """Read a row to the end of ``source``; its frames have ``frames_length`` bytes together.

        Raises IntegrityError, also for a name that could leave the output folder, and
        FormatError for what only a later version reads.
        """
        name = source.text()
        try:
            check_name(name)
        except UsageError as error:
            raise IntegrityError(f"{source.what}: {error}") from None
        flags = source.u8()
        size = source.varint(MAX_FILE_BYTES)
        if flags & STORED_FILE:
            _, extras = get_extras(source, b"")
            good = flags == STORED_FILE
            row = cls(name, STORED, 0, size, 0, 0, 0, 0, 0, 0, 0, frames_length, b"", extras)
        else:
            n_records, n_exceptions, n_bases = (source.varint(size) for _ in range(3))
            width, walk, side = source.varint(size), source.varint(), source.varint()
            _, extras = get_extras(source, b"")
            good = side <= frames_length and not flags & ~_FLAGS
            good &= not (flags & PLAIN and n_exceptions)
            row = cls(
                name,
                FASTA,
                flags,
                size,
                n_records,
                n_exceptions + n_bases,
                n_bases,
                width,
                walk - 1 if walk else None,
                side,
                frames_length - side,
                0,
                b"",
                extras,
            )
        if not good:
            raise IntegrityError(f"{source.what}: genome {name!r} contradicts itself")
        return row


def check_name(name: str) -> None:
    """Raise UsageError unless ``name`` is a relative path that stays below its folder."""
    if any(part in ("", ".", "..") for part in name.split("/")) or ODD.search(name):
        raise UsageError(
            f"genome name {name!r} is not a plain relative path; rename the file or pass a name"
        )
