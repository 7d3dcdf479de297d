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
