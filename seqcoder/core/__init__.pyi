"""The native core's functions, with what each takes and gives.

Arrays are contiguous; a wrong dtype or number of dimensions is a TypeError, a wrong size a
ValueError. All release the interpreter's lock while they work.
"""

import numpy as np
from numpy.typing import NDArray

VARIANT: str

def supports_v3() -> bool:
    """Whether this processor runs the ``v3`` build."""

def pack_bases(bases: NDArray[np.uint8], packed: NDArray[np.uint8]) -> None:
    """Pack bases, four in a byte, the first in the highest bits.

    Args:
        bases: uint8, 0..3, shape ``(n,)``.
        packed: uint8, shape ``((n + 3) // 4,)``, written.
    """

def unpack_bases(packed: NDArray[np.uint8], bases: NDArray[np.uint8]) -> None:
    """Unpack the first ``n`` bases.

    Args:
        packed: uint8, shape ``((n + 3) // 4,)`` or longer.
        bases: uint8, shape ``(n,)``, written.
    """

class Library:
    """Residues of known proteins and an index of their seeds; never changes once made."""

    def __init__(self, residues: NDArray[np.uint8], counts: NDArray[np.uint32] | None) -> None:
        """Index residues (half a second for ten million).

        Args:
            residues: uint8, any values (above 31: 31, a gap), shape ``(m,)``, m below 2^28 - 2.
            counts: uint32, shape ``(2 * 65536,)``: what the two tables of contexts begin with, four
                counts of 8 bits, A in the lowest; None: zeros. Copied.
        """

    @property
    def memory(self) -> int:
        """Bytes it takes."""

def trace_library(
    library: Library,
    bases: NDArray[np.uint8],
    classes: NDArray[np.uint8],
    contexts: NDArray[np.uint16],
    confidence: NDArray[np.uint8],
) -> None:
    """Say what a library knows of every base of a sequence, from the bases before it.

    Args:
        library: the library.
        bases: uint8, 0..3, shape ``(n,)``.
        classes: uint8, 0..15, shape ``(n,)``.
        contexts: uint16, shape ``(2, n)``, written: two context numbers, 0 for none.
        confidence: uint8, shape ``(n,)``, written: 0..8.
    """

def encode_mixing(
    level: int,
    bases: NDArray[np.uint8],
    classes: NDArray[np.uint8] | None,
    library: Library | None,
) -> bytes:
    """Code a chunk by mixing.

    Args:
        level: 2 or 3.
        bases: uint8, the low two bits count, shape ``(n,)``, n below 2^31.
        classes: uint8, the low four bits count, shape ``(m,)`` with m at most n (0 behind it).
        library: what is read along the classes.
    """

def mixing_memory(level: int, bases: int) -> int:
    """Bytes a coder or decoder of a chunk takes for tables and buffers, at the most."""

class MixingDecoder:
    """Decodes a chunk from its start and goes on from where it stopped.

    Any bytes are a payload of any number of bases. Threads may share it: one at a time works.
    """

    def __init__(
        self,
        level: int,
        payload: NDArray[np.uint8],
        n: int,
        classes: NDArray[np.uint8] | None,
        library: Library | None,
    ) -> None:
        """Set up the tables; payload and classes (as in ``encode_mixing``) are copied."""

    def read(self, bases: NDArray[np.uint8]) -> None:
        """Decode as many more bases as ``bases`` (uint8, written) has room for."""

    def read_costs(self, bases: NDArray[np.uint8], step: int, bits: NDArray[np.float64]) -> None:
        """Decode as ``read`` does; say what each ``step`` of the bases took.

        Args:
            bases: uint8, shape ``(k,)``, written.
            step: bases counted together; at least 1.
            bits: float64, shape ``((k + step - 1) // step,)``, written.
        """

    @property
    def done(self) -> int:
        """Bases decoded so far."""
