"""Reading containers from Python: ``seqcoder.open(path)``.

A :class:`Container` is a mapping of genome names to :class:`Genome`; a genome is a sequence of
:class:`Record`, also reachable by name; a record gives residues by slice, as pyfaidx users expect.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

from seqcoder.container.index import Index
from seqcoder.container.reader import ContainerReader
from seqcoder.errors import IntegrityError, MemoryLimitError, NoSuchNameError
from seqcoder.pangenome.walk import NEAR
from seqcoder.reading.genome import Genome
from seqcoder.reading.record import Record
from seqcoder.reading.reference import find_reference
from seqcoder.settings import DEFAULT_CACHE_BYTES, thread_count
from seqcoder.storage.range_source import RangeSource
from seqcoder.wording import count_of

if TYPE_CHECKING:
    from seqcoder.pangenome.walk_reading import Kept
    from seqcoder.reading.base_decoder import BaseDecoder


class References:
    """References in use, each opened once for all containers that extend it. Safe for threads."""

    def __init__(self, open_source: Callable[[str], RangeSource] = RangeSource) -> None:
        """``open_source`` opens a path or URL; raises InputError."""
        self._open_source = open_source
        self._open: dict[tuple[bytes, bytes], Container] = {}
        self._lock = threading.Lock()

    def get(self, reader: ContainerReader, threads: int, cache_bytes: int) -> Container:
        """Return the reference of the container that ``reader`` reads.

        Raises ReferenceMissingError, IntegrityError as ``find_reference``.
        """
        extends = reader.index.extends
        assert extends is not None
        digests = reader.reference_digests()
        key = extends.sha256, b"".join(digests)
        with self._lock:
            if key not in self._open:
                source, index = find_reference(reader.source.name, extends, self._open_source)
                container = Container(source, threads=threads, cache_bytes=cache_bytes, index=index)
                container.reader.expected = digests
                self._open[key] = container
            return self._open[key]

    def forget(self, path: str) -> None:
        """Let go the decoded bases of the reference at ``path``."""
        for container in list(self._open.values()):
            if container.path == path:
                container.forget()

    def close(self) -> None:
        """Close them all."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()


class Container(Mapping[str, Genome]):
    """An open container: a mapping of genome names to genomes, in the order they went in."""

    def __init__(
        self,
        source: str | os.PathLike[str] | bytes | BinaryIO | RangeSource,
        *,
        threads: int = 0,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
        index: Index | None = None,
        memory: int | None = None,
        references: References | None = None,
    ) -> None:
        """Open a path, a seekable binary file or bytes; ``threads`` 0 takes all cores.

        ``index`` stands in for the container's own (repair). ``memory`` is the most bytes that
        one reading may take; None: 2 GiB or more, see ``seqcoder.storage.memory``.
        ``references`` is shared with other containers that are open.

        Raises InputError if it is no container, IntegrityError if its index is damaged.
        """
        ranges = source if isinstance(source, RangeSource) else RangeSource(source)
        self.path = ranges.name
        try:
            self.reader = ContainerReader(ranges, index, memory)
        except BaseException:
            ranges.close()
            raise
        self._decoding = thread_count(threads), cache_bytes
        self._decoder: BaseDecoder | None = None
        self._own_references = References() if references is None else None
        self._references = references or self._own_references
        self._lock = threading.Lock()
        self._genomes = {entry.row.name: Genome(self, entry) for entry in self.reader.index.genomes}

    @property
    def decoder(self) -> BaseDecoder:
        """What gives bases; made, and all that decoding needs imported, when first asked for."""
        from seqcoder.reading.base_decoder import BaseDecoder

        with self._lock:
            if self._decoder is None:
                extends = self.reader.index.extends
                before = (lambda: self.reference.decoder) if extends else None
                self._decoder = BaseDecoder(self.reader, *self._decoding, before)
            return self._decoder

    @property
    def reference(self) -> Container:
        """The container that this one extends, opened when first asked for.

        Raises ReferenceMissingError where it is not to be had, IntegrityError if it is damaged.
        """
        assert self._references is not None
        return self._references.get(self.reader, *self._decoding)

    def __getitem__(self, name: str) -> Genome:
        try:
            return self._genomes[name]
        except KeyError:
            raise NoSuchNameError(self.path, "genome", name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._genomes)

    def __len__(self) -> int:
        return len(self._genomes)

    def __repr__(self) -> str:
        return f"<Container {self.path}: {count_of(len(self), 'genome')}>"

    @cached_property
    def by_ordinal(self) -> dict[int, Genome]:
        """The genomes by their place; in a repair, some may be missing."""
        return {genome.entry.ordinal: genome for genome in self._genomes.values()}

    def at(self, ordinal: int) -> Genome:
        """Return a genome by its place, those of the reference counted first; KeyError."""
        first = self.reader.index.first_genome
        return self.by_ordinal[ordinal - first] if ordinal >= first else self.reference.at(ordinal)

    @cached_property
    def kept_walks(self) -> Kept:
        """The walks read last, which other genomes' may be coded against."""
        from seqcoder.pangenome.walk_reading import Kept

        return Kept(self._decoding[1] // 2)

    def records_called(self, name: str) -> list[Record]:
        """Return all records called ``name``, in any genome."""
        return [
            Record(genome, ordinal)
            for genome in self._genomes.values()
            for ordinal in genome.ordinals_of(name)
        ]

    def expect(self, names: Collection[str] | None = None) -> None:
        """Say which genomes (None: all) will be read, so that no chunk is decoded twice for them.

        What is wrong with one of them shows when it is read.
        """
        if names is None:
            self.decoder.expect()
        for name in names or ():
            with suppress(IntegrityError, MemoryLimitError):
                self.decoder.expect(self[name].walk.spans(NEAR))

    def forget(self) -> None:
        """Let decoded bases and walks go; what is asked for again is read and decoded again."""
        self.decoder.forget()
        self.reader.forget()
        vars(self).pop("kept_walks", None)

    def close(self) -> None:
        """Close the file, and that of the reference, if no one else may read it."""
        self.reader.source.close()
        if self._own_references is not None:
            self._own_references.close()

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
