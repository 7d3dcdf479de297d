"""Genomes of containers (``.sqc``) as inputs: members, like those of a tar file."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator

from seqcoder.errors import InputError, SeqcoderError
from seqcoder.reading.reader import Container

SUFFIX = ".sqc"


def is_container(name: str) -> bool:
    """Whether a file name is that of a container."""
    return name.lower().endswith(SUFFIX)


def genome_members(location: str) -> Iterator[tuple[str, int]]:
    """Yield name and size of the genomes of a container by its path or URL; raises InputError."""
    try:
        with Container(location, threads=1) as container:
            for name, genome in container.items():
                yield name, genome.row.size
    except SeqcoderError as error:
        raise InputError(str(error)) from None


class _Opened(threading.local):
    """The containers that genomes are read from, each open until the last one expected is read.

    Every thread has its own: it expects and reads.
    """

    def __init__(self) -> None:
        self._left: Counter[str] = Counter()
        self._open: dict[str, Container] = {}

    def expect(self, locations: Iterable[str]) -> None:
        self.close()
        self._left = Counter(locations)

    def read(self, location: str, name: str) -> bytes:
        container = self._open.pop(location, None) or Container(location, threads=1)
        data = container[name].read()
        self._left[location] -= 1
        if self._left[location] > 0:
            self._open[location] = container
        else:
            container.close()
        return data

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()


_OPENED = _Opened()


def expect_genomes(locations: Iterable[str]) -> None:
    """Announce, a location for each genome, what will be read: a container stays open for it."""
    _OPENED.expect(locations)


def read_genome(location: str, name: str) -> bytes:
    """Return the file of a genome of a container; raises InputError, from what was wrong."""
    try:
        return _OPENED.read(location, name)
    except SeqcoderError as error:
        raise InputError(str(error)) from error
