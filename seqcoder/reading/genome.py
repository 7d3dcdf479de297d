"""One file of a container: its records, its bases, itself again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from seqcoder import fasta
from seqcoder.container import rows
from seqcoder.container.index import GenomeEntry
from seqcoder.container.reader import ContainerReader
from seqcoder.errors import IntegrityError, MemoryLimitError, NoSuchNameError, UsageError
from seqcoder.pangenome.walk import NEAR, Walk
from seqcoder.reading.record import Record
from seqcoder.storage.memory import PER_FILE_BYTE, check_memory
from seqcoder.storage.varint import ByteReader
from seqcoder.wording import count_of

if TYPE_CHECKING:
    from seqcoder.pangenome.walk_reading import Kept
    from seqcoder.reading.base_decoder import BaseDecoder


class Home(Protocol):
    """What a genome needs of the container it lies in."""

    path: str
    reader: ContainerReader

    @property
    def decoder(self) -> BaseDecoder:
        """What gives bases."""
        ...

    @property
    def kept_walks(self) -> Kept:
        """The walks read last."""
        ...

    @property
    def reference(self) -> Home:
        """The container that it extends."""
        ...

    @property
    def by_ordinal(self) -> Mapping[int, Genome]:
        """Its genomes by their place."""
        ...

    def at(self, ordinal: int) -> Genome:
        """Return a genome by its place, those of the reference counted first; KeyError."""
        ...


class Genome(Sequence[Record]):
    """One file of a container."""

    def __init__(self, container: Home, entry: GenomeEntry) -> None:
        """The genome at ``entry`` of ``container``'s index."""
        self.container = container
        self.entry = entry
        self.row = entry.row

    @property
    def name(self) -> str:
        """The file's relative path in the container."""
        return self.row.name

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, hex."""
        return self._digest.hex()

    @property
    def stored(self) -> bool:
        """Whether the file was stored as it is, not being nucleotide FASTA."""
        return self.row.kind == rows.STORED

    def __len__(self) -> int:
        return self.row.n_records

    def __contains__(self, item: object) -> bool:
        """Whether there is a record of a name, or a record is of this genome."""
        if isinstance(item, str):
            return item.encode("utf-8", "surrogateescape") in self.table.names
        return isinstance(item, Record) and item.genome is self

    def __repr__(self) -> str:
        return f"<Genome {self.name}: {count_of(len(self), 'record')}>"

    @cached_property
    def _digest(self) -> bytes:
        return self.container.reader.file_digest(self.entry)

    @cached_property
    def _parts(self) -> tuple[bytes, bytes]:
        """Record table and side streams of the side frame."""
        frame = self.container.reader.genome_frame(self.entry, "side")
        source = ByteReader(frame, f"{self._what}: side frame")
        table = source.take(source.varint())
        return table, source.take(len(source))

    @property
    def _what(self) -> str:
        return f"{self.container.path}: genome {self.name}"

    @cached_property
    def table(self) -> fasta.RecordTable:
        """Names and residue lengths of the records."""
        if self.stored:
            return fasta.RecordTable((), np.empty(0, np.int64))
        packed = self.entry.record_table
        if packed is None:
            packed = self._parts[0]
        table = fasta.unpack_record_table(packed, self.row.size, self._what)
        total = int(table.lengths.sum())
        if (len(table), total) != (self.row.n_records, self.row.n_residues):
            raise IntegrityError(f"{self._what}: record table and index disagree")
        return table

    @cached_property
    def full_side(self) -> fasta.SideStreams:
        """All side streams, with the headers' descriptions."""
        side = fasta.unpack_side(self._parts[1], self.table, self.row.size, self._what)
        exceptions, expected = int(side.exceptions.lengths.sum()), self.row.n_residues
        if exceptions + self.row.n_bases != expected or side.width != self.row.line_width:
            raise IntegrityError(f"{self._what}: side streams and index disagree")
        if self.row.plain and not side.plain:
            raise IntegrityError(f"{self._what}: is not as plain as the index says")
        return side

    @property
    def side(self) -> fasta.SideStreams:
        """The side streams a region needs: for a plain genome, none need to be read."""
        if self.row.plain:
            return fasta.SideStreams(width=self.row.line_width)
        return self.full_side

    @cached_property
    def walk(self) -> Walk:
        """Where the genome's bases lie in base space."""
        if self.row.base_start is not None:
            return Walk.contiguous(self.row.base_start, self.row.n_bases)
        from seqcoder.pangenome.walk_reading import read_walk

        home = self.container
        index = home.reader.index
        mine = index.first_genome + self.entry.ordinal

        def genome_at(ordinal: int) -> Genome:
            return self if ordinal == mine else home.at(ordinal)

        # In a repair two genomes may claim one ordinal.
        known = home.by_ordinal.get(self.entry.ordinal) is self
        try:
            return read_walk(
                mine,
                lambda ordinal: genome_at(ordinal).walk_data,
                lambda ordinal: genome_at(ordinal).row.n_bases,
                index.n_bases,
                home.reader.memory,
                home.kept_walks if known else None,
            )
        except KeyError as error:
            raise IntegrityError(f"{self._what}: needs genome {error}, which is lost") from None
        except (IntegrityError, MemoryLimitError) as error:
            raise type(error)(f"{self._what}: {error}") from None

    @cached_property
    def walk_data(self) -> bytes:
        """The walk as it is stored; that of a genome in a row is made up."""
        if self.row.base_start is not None:
            from seqcoder.pangenome.plain_walk import write_plain

            return write_plain(Walk.contiguous(self.row.base_start, self.row.n_bases))
        return self.container.reader.genome_frame(self.entry, "walk")

    def bases(self, start: int = 0, stop: int | None = None) -> NDArray[np.uint8]:
        """Return bases ``start`` to ``stop`` of all records in a row (uint8, A C G T = 0..3).

        They may be a view of what the container keeps, which cannot be written to: copy first.
        """
        stop = self.row.n_bases if stop is None else stop
        check_memory(2 * (stop - start), self.container.reader.memory, self._what)
        if self.row.base_start is not None:
            at = self.row.base_start
            return self.container.decoder.fetch(at + start, at + stop)
        self.container.decoder.prepare()
        walk = self.walk.slice(start, stop)
        return walk.apply(self.container.decoder.along(walk.spans(NEAR)), NEAR)

    def region(self, record: int, start: int, stop: int) -> bytes:
        """Return residues ``start`` to ``stop`` (0-based, half-open) of record ``record``."""
        first, last = fasta.residue_to_base_range(self.table, self.side, record, start, stop)
        bases = self.bases(first, last)
        return fasta.render_region(self.table, self.side, record, start, stop, bases)

    def restore(self) -> bytes:
        """Return the whole file as decoded, its SHA-256 not compared (see :meth:`read`)."""
        if self.stored:
            return self.container.reader.genome_frame(self.entry, "stored")
        self.container.decoder.prepare()
        _ = self.table, self.full_side, self.walk  # what contradicts itself is not too large
        check_memory(PER_FILE_BYTE * self.row.size, self.container.reader.memory, self._what)
        return fasta.render(fasta.ParsedFasta(self.table, self.full_side, self.bases()))

    def read(self) -> bytes:
        """Return the whole file; raises IntegrityError unless it matches its SHA-256."""
        data = self.restore()
        self.check(sha256(data).digest())
        return data

    def check(self, digest: bytes) -> None:
        """Raise IntegrityError unless ``digest`` is the file's SHA-256."""
        if digest != self._digest:
            raise IntegrityError(
                f"{self._what}: the file restored does not match its SHA-256; the data are damaged"
            )

    @overload
    def __getitem__(self, key: int | str) -> Record: ...
    @overload
    def __getitem__(self, key: slice) -> list[Record]: ...
    def __getitem__(self, key: int | str | slice) -> Record | list[Record]:
        if isinstance(key, slice):
            return [Record(self, i) for i in range(*key.indices(len(self)))]
        if isinstance(key, int):
            if not -len(self) <= key < len(self):
                raise IndexError(f"record {key} of genome {self.name!r}, which has {len(self)}")
            return Record(self, key % len(self))
        found = self.ordinals_of(key)
        if not found:
            raise NoSuchNameError(self._what, "record", key)
        if len(found) > 1:
            raise UsageError(
                f"{self._what}: {len(found)} records are called {key!r}; take one by its number, "
                "from 0"
            )
        return Record(self, found[0])

    def ordinals_of(self, name: str) -> list[int]:
        """Return the ordinals of the records called ``name``."""
        return self._ordinals.get(name.encode("utf-8", "surrogateescape"), [])

    @cached_property
    def _ordinals(self) -> dict[bytes, list[int]]:
        ordinals: dict[bytes, list[int]] = {}
        for i, name in enumerate(self.table.names):
            ordinals.setdefault(bytes(name), []).append(i)
        return ordinals
