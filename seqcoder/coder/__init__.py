"""The residual coder: bases in, few bits out.

A base is a uint8 of 0..3 (A, C, G, T). A class is a uint8 of 0..15 that stage 1 gives
every base: 0 unknown or between genes, 1..3 the codon positions of a gene on this
strand, 4..6 those of a gene on the opposite one (``docs/coder.md``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.coder import mixing, twobit
from seqcoder.coder.levels import LEVELS, TWO_BIT, Level, by_coding
from seqcoder.coder.mixing import Decoder, Leader, index_genes
from seqcoder.errors import IntegrityError

if TYPE_CHECKING:
    from seqcoder.latent.library import Library

__all__ = [
    "LEVELS",
    "TWO_BIT",
    "Decoder",
    "Leader",
    "Level",
    "begin",
    "costs",
    "decode",
    "encode",
    "index_genes",
    "learn",
    "memory_bytes",
    "mixes",
]


def _level(coding: int) -> Level:
    level = by_coding(coding)
    if level is None:
        raise IntegrityError(f"unknown coding id {coding}; a newer seqcoder may know it")
    return level


def encode(
    bases: NDArray[np.uint8],
    coding: int,
    classes: NDArray[np.uint8] | None = None,
    library: Library | None = None,
    leader: Leader | None = None,
) -> bytes:
    """Code bases under a coding id.

    Safe to call from several threads at once: kernels release the interpreter's lock and
    every call has tables of its own (``memory_bytes``).

    Args:
        bases: uint8, 0..3, shape ``(n,)``, ``n`` below 2^31.
        coding: ``TWO_BIT`` or the ``coding`` of one of ``LEVELS``.
        classes: uint8, 0..15, shape ``(n,)``, or None where there is no latent.
        library: the model's protein library, read along the classes; None: none.
        leader: what the chunk is coded after, for a coding that mixes: a state left under the
            same coding, with classes if this has some, and library; None: nothing.

    Raises:
        IntegrityError: no such coding.
        UsageError: fewer classes than bases, or more bases than a chunk may have.
    """
    if coding == TWO_BIT or len(bases) == 0:
        return twobit.pack(bases)
    level = _level(coding)
    if not level.mixes:
        from seqcoder.coder import copying

        return copying.encode(bases)
    return mixing.encode(bases, level, classes, library, leader)


def begin(
    payload: bytes | memoryview,
    n: int,
    coding: int,
    classes: NDArray[np.uint8] | None = None,
    library: Library | None = None,
    leader: Leader | None = None,
) -> Decoder:
    """Return a decoder at the start of a payload of a coding that mixes; see ``decode``."""
    return Decoder(payload, n, _level(coding), classes, library, leader)


def mixes(coding: int) -> bool:
    """Whether a coding mixes models: only then a chunk goes on after another one."""
    level = by_coding(coding)
    return level is not None and level.mixes


def learn(
    bases: NDArray[np.uint8],
    coding: int,
    classes: NDArray[np.uint8] | None = None,
    library: Library | None = None,
) -> core.MixingState:
    """Return the state that coding a chunk, without a leader, leaves: others may go on from it.

    ``coding`` is one that mixes. Takes the time of coding, and ``memory_bytes`` as long as it is.
    """
    return mixing.learn(bases, _level(coding), classes, library)


def decode(
    payload: bytes | memoryview,
    n: int,
    coding: int,
    classes: NDArray[np.uint8] | None = None,
    stop: int | None = None,
    library: Library | None = None,
    leader: Leader | None = None,
) -> NDArray[np.uint8]:
    """Decode the first ``stop`` (default: all) of the ``n`` bases of a payload.

    Args:
        payload: what ``encode`` returned.
        n: bases the payload holds.
        coding: the coding id it was coded under.
        classes: the classes it was coded with; of the first ``stop`` bases at least.
        stop: bases wanted (a region's end); the work ends there.
        library: the protein library it was coded with.
        leader: what it was coded after.

    Raises:
        IntegrityError: the payload is damaged and it shows. Damage that does not show
            gives other bases; the caller holds a digest against that.
    """
    count = n if stop is None else min(stop, n)
    if coding == TWO_BIT or count == 0:
        return twobit.unpack(payload, count)
    level = _level(coding)
    if not level.mixes:
        from seqcoder.coder import copying

        return copying.decode(payload, count)
    bases = np.empty(count, np.uint8)
    Decoder(payload, n, level, classes, library, leader).read(bases)
    return bases


def costs(
    payload: bytes | memoryview,
    n: int,
    coding: int,
    step: int,
    classes: NDArray[np.uint8] | None = None,
    library: Library | None = None,
    leader: Leader | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Decode a payload and say what each ``step`` of its bases cost.

    Takes the time of decoding: the range coder's place in the payload is noted on the way.

    Returns:
        The ``n`` bases (uint8), and bits, float64 of shape ``(ceil(n / step),)``, the last
        for what is left. Their sum is the payload's length but for its last few bytes.

    Raises:
        IntegrityError: as ``decode``.
    """
    level = None if coding == TWO_BIT else _level(coding)
    if level is not None and level.mixes and n:
        bases = np.empty(n, np.uint8)
        decoder = Decoder(payload, n, level, classes, library, leader)
        return bases, decoder.read_costs(bases, step)
    bases = decode(payload, n, coding, classes)
    if level is None or n == 0:
        edges = np.append(np.arange(0, n, step), n)
        return bases, 2.0 * np.diff(edges)
    from seqcoder.coder import copying

    return bases, copying.costs(payload, n, step)


def memory_bytes(coding: int, n: int) -> int:
    """Bytes a coder needs for a chunk of ``n`` bases: its tables and its own buffers."""
    if coding == TWO_BIT:
        return 2 * n
    level = _level(coding)
    if not level.mixes:
        return 3 * n + (1 << 20)
    return core.mixing_memory(level.number, n)
