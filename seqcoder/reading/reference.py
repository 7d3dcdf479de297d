"""Finding the reference that a container extends: beside it, or in folders of a variable."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import PurePosixPath

from seqcoder.container.extends import Extends
from seqcoder.container.index import SIGNATURE, Index
from seqcoder.container.reader import index_before
from seqcoder.container.scan import scan_sections
from seqcoder.container.sections import EXTENDS, entry_at
from seqcoder.errors import (
    FormatError,
    InputError,
    IntegrityError,
    ReferenceMissingError,
    SeqcoderError,
)
from seqcoder.storage.container_name import container_of
from seqcoder.storage.opening import open_parent
from seqcoder.storage.range_source import RangeSource
from seqcoder.storage.url import is_url, join_url

VARIABLE = "SEQCODER_REFERENCES"
"""Folders and URLs where references are looked for, separated as in PATH."""


def find_reference(
    container: str, extends: Extends, open_source: Callable[[str], RangeSource] = RangeSource
) -> tuple[RangeSource, Index]:
    """Return the reference of a container, by the container's path or URL, and its index.

    Its size and its counts are compared; its chunks are when they are read (``expected``).

    Raises:
        ReferenceMissingError: it is nowhere, or what lies there is another container.
        IntegrityError: it is there and damaged.
    """
    what = f"{container}: extends {extends.name} (SHA-256 {extends.sha256.hex()[:16]})"
    others: list[str] = []
    for place in _places(container, extends.name):
        try:
            source = open_source(place)
        except InputError:
            continue
        try:
            index = _index_of(source, extends)
        except BaseException:
            source.close()
            raise
        if index is not None:
            return source, index
        source.close()
        others.append(place)
    if others:
        raise ReferenceMissingError(
            f"{what}, and {others[0]} is another container; put the right one in its place, or "
            f"name its folder in {VARIABLE}"
        )
    raise ReferenceMissingError(
        f"{what}, which is not there; put it beside the container, or name its folder in {VARIABLE}"
    )


def digests_of(container: str, extends: Extends) -> list[bytes]:
    """Return ``digest8`` of the bases of each chunk of a reference; raises as `find_reference`."""
    source, _ = find_reference(container, extends)
    try:
        return [chunk.row.digest for chunk in scan_sections(source).index.chunks]
    finally:
        source.close()


def extends_of(source: RangeSource, index: Index) -> Extends | None:
    """Return what the first section of a damaged container says of a reference, or its index."""
    with suppress(SeqcoderError):
        found = entry_at(source, len(SIGNATURE), source.size)
        if found.kind == EXTENDS:
            return Extends.unpack(found, source.name)
    return index.extends


def _places(container: str, name: str) -> Iterator[str]:
    """Yield where a reference may be: as ``name`` says, and in the folders of the variable.

    In an object store every state of the reference is an object.
    """
    if not is_url(container):
        yield container[: container.rfind("/") + 1] + name
    else:
        with suppress(InputError):
            store, _ = open_parent(container)
            yield store.locate(name)
            yield from (store.locate(s.name) for s in store.files() if container_of(s.name) == name)
    for folder in re.split(f"{os.pathsep}(?!//)", os.environ.get(VARIABLE, "")):
        if folder:
            for way in dict.fromkeys((name, PurePosixPath(name).name)):
                yield join_url(folder, way)


def _index_of(source: RangeSource, extends: Extends) -> Index | None:
    """Return the index at the end of the reference's bytes; None if it is another container."""
    if source.size >= extends.size:
        whole, source.size = source.size, extends.size  # what was appended since is not of it
        try:
            index = index_before(source, extends.size)
        except FormatError:
            return None
        if index is not None:
            counts = len(index.chunks), index.n_bases, len(index.genomes)
            wanted = extends.n_chunks, extends.n_bases, extends.n_genomes
            return index if counts == wanted and index.extends is None else None
        source.size = whole
    if source.read(0, min(4, source.size)) == b"" or index_before(source, source.size) is not None:
        return None
    raise IntegrityError(
        f"{source.name}: a reference, damaged or cut short; 'seqcoder repair' mends it from its "
        "parity file, or restore it from a copy"
    )
