"""A genome on its way into a container."""

from __future__ import annotations

from dataclasses import dataclass

from seqcoder.writing.genome import PreparedGenome
from seqcoder.writing.source import GenomeSource


@dataclass
class GenomeRun:
    """A genome on its way: prepared (its bases dropped once placed), or failed; its novel bases.

    ``start`` and ``stop`` are the part of base space that the genome brought.
    """

    source: GenomeSource
    start: int
    stop: int
    base_start: int | None = None
    walk: bytes = b""
    prepared: PreparedGenome | None = None
    error: str = ""
