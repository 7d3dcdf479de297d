"""A record of a genome: its residues by slice, as pyfaidx users expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from seqcoder.fasta import RecordTable, SideStreams, digest, reverse_complement

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord

_CODES = np.full(256, 4, np.uint8)
_CODES[list(b"ACGTacgt")] = [0, 1, 2, 3] * 2


class Records(Protocol):
    """What a record needs of the genome it belongs to."""

    @property
    def name(self) -> str:
        """The genome's name."""
        ...

    @property
    def table(self) -> RecordTable:
        """Names and lengths of its records."""
        ...

    @property
    def full_side(self) -> SideStreams:
        """Its side streams, with the headers."""
        ...

    @property
    def side(self) -> SideStreams:
        """The side streams that a region needs."""
        ...

    def region(self, record: int, start: int, stop: int) -> bytes:
        """Return residues ``start`` to ``stop`` (0-based, half-open) of a record."""
        ...


class Record:
    """One FASTA record of a genome. ``len`` counts residues, N and gaps included."""

    def __init__(self, genome: Records, ordinal: int) -> None:
        """Record ``ordinal`` (from 0) of ``genome``."""
        self.genome = genome
        self.ordinal = ordinal

    @property
    def name(self) -> str:
        """First whitespace-delimited token of the header."""
        return _text(bytes(self.genome.table.names[self.ordinal]))

    @property
    def header(self) -> str:
        """The whole header line, without ``>`` and line end."""
        name = bytes(self.genome.table.names[self.ordinal])
        header = self.genome.full_side.header_of(self.ordinal, name)
        return _text(header)

    def __len__(self) -> int:
        return int(self.genome.table.lengths[self.ordinal])

    def __repr__(self) -> str:
        return f"<Record {self.name} of {self.genome.name}: {len(self)} residues>"

    def fetch(self, start: int, stop: int) -> bytes:
        """Return residues ``start`` to ``stop`` (0-based, half-open) as in the file, no line ends.

        Raises UsageError for a region that is not within the record.
        """
        return self.genome.region(self.ordinal, start, stop)

    @overload
    def __getitem__(self, key: int) -> str: ...
    @overload
    def __getitem__(self, key: slice) -> str: ...
    def __getitem__(self, key: int | slice) -> str:
        if isinstance(key, int):
            if not -len(self) <= key < len(self):
                raise IndexError(f"residue {key} of record {self.name!r}, which has {len(self)}")
            key %= len(self)
            return _text(self.fetch(key, key + 1))
        if not isinstance(key, slice):
            raise TypeError(f"record {self.name!r} takes a place or a slice, not {key!r}")
        start, stop, step = key.indices(len(self))
        if step == 1:
            return _text(self.fetch(start, max(start, stop)))
        low, high = (start, stop) if step > 0 else (stop + 1, start + 1)
        text = _text(self.fetch(low, max(low, high)))
        return text[::step] if step > 0 else text[::-1][::-step]

    def __str__(self) -> str:
        return self[:]

    def __bytes__(self) -> bytes:
        return self.fetch(0, len(self))

    def codes(self, start: int = 0, stop: int | None = None) -> NDArray[np.uint8]:
        """Return residues ``start`` to ``stop`` as numbers: A C G T are 0 1 2 3, others 4.

        Case does not matter. Raises UsageError for a region that is not within the record.
        """
        residues = self.fetch(start, len(self) if stop is None else stop)
        return _CODES[np.frombuffer(residues, np.uint8)]

    @property
    def seq(self) -> str:
        """All residues."""
        return self[:]

    @property
    def reverse(self) -> str:
        """All residues, the last first."""
        return self[::-1]

    @property
    def complement(self) -> str:
        """What pairs with each residue, in the same order; case is kept."""
        return (-self)[::-1]

    def __neg__(self) -> str:
        """Return the reverse complement."""
        return _text(reverse_complement(bytes(self), self.genome.side.rna))

    def to_biopython(self) -> SeqRecord:
        """Return a ``Bio.SeqRecord.SeqRecord``, as ``Bio.SeqIO`` reads it from the file."""
        from Bio.Seq import Seq
        from Bio.SeqRecord import SeqRecord

        return SeqRecord(Seq(bytes(self)), id=self.name, name=self.name, description=self.header)

    def to_skbio(self) -> Any:
        """Return a ``skbio.DNA``, or ``RNA``, upper case, with ``id`` and ``description``.

        Its positional metadata ``lowercase`` says which residues were in lower case.
        Raises ValueError for letters that are none of IUPAC's.
        """
        import skbio

        kind = skbio.RNA if self.genome.side.rna else skbio.DNA
        description = self.header.removeprefix(self.name).strip()
        metadata = {"id": self.name, "description": description}
        return kind(bytes(self), metadata=metadata, lowercase="lowercase")

    def refget(self) -> str:
        """Return the record's GA4GH refget digest (``SQ.``...), computed from its residues."""
        return digest.refget(self.fetch(0, len(self)))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
