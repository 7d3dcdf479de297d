"""The levels that mix models, on top of the native core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.coder.levels import Level, by_coding
from seqcoder.errors import UsageError

if TYPE_CHECKING:
    from seqcoder.latent.library import Library

_MOST_BASES = (1 << 31) - 1
_SHORTEST_GENE = 10


@dataclass(frozen=True)
class Leader:
    """What a chunk is coded after: the state its leader left, the leader's genes, or both."""

    state: core.MixingState | None = None
    genes: core.Library | None = None

    def memory_bytes(self, coding: int) -> int:
        """Bytes that going on from it takes beyond what the chunk itself does."""
        level = by_coding(coding)
        if self.state is None or level is None:
            return 0
        return core.mixing_memory(level.number, self.state.bases)


def learn(
    bases: NDArray[np.uint8],
    level: Level,
    classes: NDArray[np.uint8] | None,
    library: Library | None,
) -> core.MixingState:
    """Return the state that coding a chunk leaves, in the time that takes."""
    return core.learn_mixing(
        level.number,
        np.ascontiguousarray(bases),
        None if classes is None else np.ascontiguousarray(classes),
        None if library is None else library.index,
    )


def index_genes(bases: NDArray[np.uint8], classes: NDArray[np.uint8]) -> core.Library:
    """Return the genes of a chunk as a library: those of ten codons or more, in its order."""
    residues = core.translate_genes(
        np.ascontiguousarray(bases), np.ascontiguousarray(classes), _SHORTEST_GENE
    )
    return core.Library(residues, None)


def encode(
    bases: NDArray[np.uint8],
    level: Level,
    classes: NDArray[np.uint8] | None,
    library: Library | None,
    leader: Leader | None = None,
) -> bytes:
    """Code bases under a level."""
    n = len(bases)
    if n > _MOST_BASES:
        raise UsageError(f"a chunk of {n} bases; the most is {_MOST_BASES}: use smaller chunks")
    if classes is not None and len(classes) < n:
        raise UsageError(f"{len(classes)} classes given for {n} bases; there must be one a base")
    return core.encode_mixing(
        level.number,
        np.ascontiguousarray(bases),
        None if classes is None else np.ascontiguousarray(classes[:n]),
        None if library is None else library.index,
        None if leader is None else leader.state,
        None if leader is None else leader.genes,
    )


class Decoder:
    """Decodes a payload from its start, as far as is wanted, and goes on from there.

    Safe to share between threads: one at a time works. Takes ``memory_bytes`` until it is gone.
    """

    def __init__(
        self,
        payload: bytes | memoryview,
        n: int,
        level: Level,
        classes: NDArray[np.uint8] | None = None,
        library: Library | None = None,
        leader: Leader | None = None,
    ) -> None:
        """Begin with the first of ``n`` bases.

        Args:
            payload: what ``encode`` returned (copied).
            n: bases it holds.
            level: the level it was coded under.
            classes: the classes it was coded with (copied), of all the bases that will be read.
            library: the protein library it was coded with.
            leader: what it was coded after (its state is copied).
        """
        self._decoder = core.MixingDecoder(
            level.number,
            np.frombuffer(payload, np.uint8),
            n,
            None if classes is None else np.ascontiguousarray(classes[:n]),
            None if library is None else library.index,
            None if leader is None else leader.state,
            None if leader is None else leader.genes,
        )
        self.n = n

    @property
    def done(self) -> int:
        """Bases decoded so far."""
        return self._decoder.done

    def read(self, bases: NDArray[np.uint8]) -> None:
        """Decode the next ``len(bases)`` bases into ``bases`` (uint8, contiguous).

        Damage that does not show gives other bases; the caller holds a digest against that.
        """
        self._decoder.read(bases)

    def take_state(self) -> core.MixingState:
        """Return the state once all is read; nothing more may be asked of the decoder."""
        return self._decoder.take_state()

    def read_costs(self, bases: NDArray[np.uint8], step: int) -> NDArray[np.float64]:
        """Decode as ``read`` does; return the bits that each ``step`` of the bases took."""
        bits = np.zeros(-(-len(bases) // step))
        self._decoder.read_costs(bases, step, bits)
        return bits
