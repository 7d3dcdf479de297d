"""The input files: what each is called, where its bytes are, and reading them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seqcoder.circumstances import system_reason
from seqcoder.errors import InputError, UsageError
from seqcoder.fasta.decompression import SUFFIXES
from seqcoder.storage.devices import check_ends
from seqcoder.storage.names import spell
from seqcoder.storage.url import is_url


@dataclass(frozen=True, slots=True)
class GenomeSource:
    """An input file: its name in the container, and where its bytes are.

    ``size`` and ``mtime_ns`` are those of the file on disk when it was planned (0: not known).
    ``member`` names a member where ``path`` is a tar file.
    """

    name: str
    path: str
    member: str = ""
    size: int = 0
    mtime_ns: int = 0

    @property
    def label(self) -> str:
        """The source as a person would write it."""
        return f"{self.path}::{self.member}" if self.member else self.path


Opener = Callable[[GenomeSource], bytes]
"""Returns the bytes of a source as they are stored (maybe gzipped); raises InputError."""


def read_local(source: GenomeSource) -> bytes:
    """Return the stored bytes of a local file.

    Raises:
        InputError: it cannot be read, or has changed since it was listed, or while it was
            read.
    """
    path = Path(source.path)
    try:
        check_ends(path.stat(), source.label)
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            data = file.read()
            after = os.fstat(file.fileno())
    except OSError as error:
        raise InputError(f"{source.label}: {system_reason(error)}; input skipped") from None
    if source.mtime_ns and _state(status) != (source.size, source.mtime_ns):
        raise InputError(changed_message(source.label))
    if stat.S_ISREG(status.st_mode) and _state(after) != _state(status):
        raise InputError(
            f"{source.label}: changed while it was read; name it again when nobody writes it"
        )
    return data


def _state(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def changed_message(label: str) -> str:
    """Return what is said of an input that is not as it was when it was listed."""
    return f"{label}: changed since it was listed; name it again to take it as it is now"


def local_source(path: str | os.PathLike[str], name: str | None = None) -> GenomeSource:
    """Describe a local file; ``name`` defaults to the file name without
    compression suffix, spelt (``storage.names``). Raises UsageError for a URL.
    """
    text = os.fspath(path)
    if is_url(text):
        raise UsageError(f"{text}: is a URL; copy it here, or 'seqcoder-ray submit' takes URLs")
    try:
        status = Path(text).stat()
        size, mtime_ns = status.st_size, status.st_mtime_ns
    except OSError:
        size = mtime_ns = 0  # prepare_genome will say what is wrong, and the others go on
    name = name or spell(strip_compression(Path(text).name))
    return GenomeSource(name, text, "", size, mtime_ns)


def strip_compression(name: str) -> str:
    """Return a file name without ``.gz``, ``.zst`` or another of ``SUFFIXES``."""
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name
