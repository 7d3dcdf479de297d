"""The temporary file a container grows in, and taking up what an interrupted run left there."""

from __future__ import annotations

import glob
import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import BinaryIO

from seqcoder.container.frames import bases_digest
from seqcoder.container.index import ChunkEntry
from seqcoder.container.scan import read_section, scan_sections
from seqcoder.container.writer import ChunkFrames
from seqcoder.errors import SeqcoderError
from seqcoder.settings import Settings
from seqcoder.storage.atomic import open_no_link, short_name
from seqcoder.storage.range_source import RangeSource
from seqcoder.version import __version__
from seqcoder.writing.chunk import CodedChunk
from seqcoder.writing.chunk_input import ChunkInput


def partial_path(
    out: Path, settings: Settings, models: Sequence[bytes], basis: Sequence[int | str] = ()
) -> Path:
    """Return the hidden temporary name of ``out``: one for each setting, model and version.

    ``basis`` tells what is appended to.
    """
    listed = [__version__, settings.to_dict(), [model.hex() for model in models], *basis]
    facts = json.dumps(listed)
    key = hashlib.sha256(facts.encode()).hexdigest()[:8]
    return out.with_name(f".{short_name(out.name)}.{key}.partial")


def remove_partials(out: Path) -> None:
    """Remove the temporary files of ``out``, of whatever settings; the caller holds its lock."""
    key = "[0-9a-f]" * 8
    for path in out.parent.glob(f".{glob.escape(short_name(out.name))}.{key}.partial"):
        path.unlink(missing_ok=True)


def keep_chunks(path: Path, start: int) -> bool:
    """Whether a temporary file has a whole chunk, behind byte ``start``, to go on from.

    One that has none is removed, where that can be. The caller holds the lock.
    """
    with suppress(OSError):
        with suppress(SeqcoderError), closing(RangeSource(str(path))) as source:
            while start < source.size:
                found, part = read_section(source, start)
                if isinstance(part, ChunkEntry):
                    return True
                start = found.end
        path.unlink(missing_ok=True)
    return False


def open_partial(path: Path) -> BinaryIO:
    """Open (or create) the temporary file for reading and writing; the caller holds the lock."""
    return os.fdopen(open_no_link(path, os.O_RDWR | os.O_CREAT), "r+b")


class FoundChunks:
    """The whole chunks in a temporary file, offered one after the other."""

    def __init__(self, path: Path, start: int) -> None:
        """Scan the file; chunks count from byte ``start`` on, where this run would begin."""
        self._source = RangeSource(str(path))
        chunks = scan_sections(self._source).index.chunks
        self._entries: list[ChunkEntry] = [chunk for chunk in chunks if chunk.offset >= start]
        self._next = 0

    def take(self, chunk: ChunkInput) -> CodedChunk | None:
        """Return the next chunk found if it is the one for ``chunk``; else there are no more."""
        if self._next >= len(self._entries):
            return None
        entry, bases = self._entries[self._next], chunk.bases
        led = entry.row.leader.first_base if entry.row.leader else None
        leader = chunk.leader.first_base if chunk.leader else None
        same = (entry.row.n_bases, entry.row.digest) == (len(bases), bases_digest(bases))
        if not same or led != leader:
            self._entries = []
            return None
        self._next += 1
        latents = self._source.read(entry.latents_offset, entry.row.latents_length)
        residual = self._source.read(entry.residual_offset, entry.row.residual_length)
        return CodedChunk(ChunkFrames(entry.row, latents, residual), resumed=True)

    def close(self) -> None:
        """Close the second handle on the file."""
        self._source.close()
