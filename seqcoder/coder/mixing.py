"""The levels that mix models, on top of the native core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.coder.levels import Level
from seqcoder.errors import UsageError

if TYPE_CHECKING:
    from seqcoder.latent.library import Library

_MOST_BASES = (1 << 31) - 1


def encode(
    bases: NDArray[np.uint8],
    level: Level,
    classes: NDArray[np.uint8] | None,
    library: Library | None,
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
    ) -> None:
        """Begin with the first of ``n`` bases.

        Args:
            payload: what ``encode`` returned (copied).
            n: bases it holds.
            level: the level it was coded under.
            classes: the classes it was coded with (copied), of all the bases that will be read.
            library: the protein library it was coded with.
        """
        self._decoder = core.MixingDecoder(
            level.number,
            np.frombuffer(payload, np.uint8),
            n,
            None if classes is None else np.ascontiguousarray(classes[:n]),
            None if library is None else library.index,
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

    def read_costs(self, bases: NDArray[np.uint8], step: int) -> NDArray[np.float64]:
        """Decode as ``read`` does; return the bits that each ``step`` of the bases took."""
        bits = np.zeros(-(-len(bases) // step))
        self._decoder.read_costs(bases, step, bits)
        return bits
