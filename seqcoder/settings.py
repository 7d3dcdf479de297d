"""What decides a container's bytes, apart from the genomes themselves."""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass
from typing import Any

from seqcoder.errors import UsageError

DEFAULT_LEVEL = 2
DEFAULT_MODEL = "prokaryote-2"
DEFAULT_CACHE_BYTES = 128 << 20
# Measured in docs/benchmarks.md: a larger chunk is smaller by the repeats within it, a smaller
# one is out sooner. A region at the far end of a chunk of this size takes under 3 seconds, cold.
DEFAULT_CHUNK_BASES = 3 << 20
# Some genomes of a genus: the second and later ones come out a little smaller (docs/pangenome.md).
DEFAULT_SOLID_CHUNK_BASES = 32 << 20
MIN_CHUNK_BASES, MAX_CHUNK_BASES = 1 << 10, 1 << 27


@dataclass(frozen=True)
class Settings:
    """Settings of a compression. ``chunk_bases`` is the most bases a chunk may hold."""

    level: int = DEFAULT_LEVEL
    chunk_bases: int = DEFAULT_CHUNK_BASES
    model: str | None = DEFAULT_MODEL
    """Name or path of the model that gives the latents; None: no latents."""
    group: bool = True
    """Whether the genomes of a container are written as walks over one another's bases."""
    solid: bool = False
    """Whether chunks go on over genomes, as long as there is room, so that the coder has learnt
    from relatives too distant for walks. One genome then takes decoding those before it."""

    def __post_init__(self) -> None:
        if self.level not in (1, 2, 3):
            raise UsageError(f"level {self.level} does not exist; choose 1, 2 or 3")
        if not MIN_CHUNK_BASES <= self.chunk_bases <= MAX_CHUNK_BASES:
            raise UsageError(
                f"chunk size {self.chunk_bases} is out of range; choose from "
                f"{MIN_CHUNK_BASES} to {MAX_CHUNK_BASES} bases"
            )

        if self.solid and not self.group:
            raise UsageError(
                "solid chunks are for groups; leave out one of --solid and --no-groups"
            )

    @property
    def uses_model(self) -> bool:
        """Whether chunks get latents: level 1 codes two bits and repeats only."""
        return self.model is not None and self.level > 1

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for a plan file; what is not solid does not say so."""
        data = asdict(self)
        if not self.solid:
            del data["solid"]
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Settings:
        """Read plain data of a plan file."""
        return cls(**data)


def default_chunk_bases(solid: bool) -> int:
    """Return the most bases of a chunk where the user gives none."""
    return DEFAULT_SOLID_CHUNK_BASES if solid else DEFAULT_CHUNK_BASES


def parse_size(text: str) -> int:
    """Read a size as users write it: ``5M``, ``256K``, ``1G`` (powers of 1024) or a number.

    Raises UsageError if it is none, less than 1 or without an end.
    """
    units = {"K": 10, "M": 20, "G": 30, "T": 40}
    cleaned = text.strip().upper().removesuffix("B").removesuffix("I")
    shift = units.get(cleaned[-1:], 0)
    try:
        value = float(cleaned[:-1] if shift else cleaned) * (1 << shift)
    except ValueError:
        value = 0.0
    if not 1 <= value < math.inf:  # and so no NaN
        raise UsageError(f"size {text!r} is not understood; write for example 5M or 256K")
    return int(value)


def thread_count(threads: int) -> int:
    """Return ``threads``, or the number of usable cores for 0."""
    if threads > 0:
        return threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
