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

def decode_classes(latents: NDArray[np.int8], classes: NDArray[np.uint8]) -> None:
    """Classes of ``n`` bases from their latents.

    Args:
        latents: int8, any values (they count modulo 7 as unsigned bytes), shape ``(w,)``; missing
            ones count as 0, surplus ones are ignored.
        classes: uint8, shape ``(n,)``, written: 0..6.
    """

def open_frame_types(bases: NDArray[np.uint8], types: NDArray[np.uint8]) -> None:
    """Types of the windows inside the longest open reading frames, 0 elsewhere.

    Args:
        bases: uint8, 0..3, shape ``(n,)``, below 2**30.
        types: uint8, shape ``((n + 23) // 24,)``, written.
    """

def count_words(
    bases: NDArray[np.uint8], types: NDArray[np.uint8], counts: NDArray[np.uint32]
) -> None:
    """Count words of six bases by the class of their last base, and their reverse complements.

    Args:
        bases: uint8, 0..3, shape ``(n,)``, below 2**30.
        types: uint8, shape ``((n + 23) // 24,)``; one of 7 or more is unknown, not counted.
        counts: uint32, shape ``(4096, 8)``, by word (first base highest) and class, written.
    """

def word_costs(counts: NDArray[np.uint32], prior: int, costs: NDArray[np.uint16]) -> None:
    """Code lengths of the last base of every word.

    Args:
        counts: uint32, shape ``(4096, 8)``, as of `count_words`.
        prior: Counts by which every order is smoothed towards the next lower one, 1 to 255.
        costs: uint16, in 1/256 bit, at most 8191, shape ``(4096, 8)``, written.
    """

def cheapest_types(
    bases: NDArray[np.uint8],
    costs: NDArray[np.uint16],
    into_gene: int,
    into_other: int,
    types: NDArray[np.uint8],
) -> None:
    """Types of windows that cost least: code lengths and changes of type.

    Args:
        bases: uint8, 0..3, shape ``(n,)``.
        costs: uint16, in 1/256 bit, at most 8191, shape ``(4096, 8)``.
        into_gene: What a change to types 1..6 costs in 1/256 bit, 0 to 2**24.
        into_other: What a change to type 0 costs.
        types: uint8, shape ``((n + 23) // 24,)``, written.
    """

def cheapest_path(
    window_costs: NDArray[np.int32], into_gene: int, into_other: int, types: NDArray[np.uint8]
) -> None:
    """Types that cost least where every window's costs are given.

    Args:
        window_costs: int32, 0 to 2**24 in 1/256 bit, shape ``(w, 8)``; the last column is unused.
        into_gene: What a change to types 1..6 costs, 0 to 2**24.
        into_other: What a change to type 0 costs.
        types: uint8, shape ``(w,)``, written.

    Raises:
        ValueError: a cost is out of range.
    """

def pack_types(types: NDArray[np.uint8]) -> bytes:
    """Entropy code types of windows, (w,) uint8; ValueError if one is 7 or more."""

def unpack_types(data: NDArray[np.uint8], types: NDArray[np.uint8]) -> bool:
    """Write the types that `pack_types` gave the bytes ``data`` for; False if it gave no such.

    Args:
        data: uint8, shape ``(size,)``, anything.
        types: uint8, shape ``(w,)``, written: below 7 up to where damage shows.
    """

def run_layer(
    input: NDArray[np.int8],
    weights: NDArray[np.int8],
    bias: NDArray[np.int32],
    shifts: NDArray[np.uint8],
    residual: NDArray[np.int8] | None,
    output: NDArray[np.int8],
    *,
    kernel: int,
    stride: int,
    dilation: int,
    padding: int,
    depthwise: bool,
    relu: bool,
) -> None:
    """One layer of the encoder network: sums of products, a bias, a shift to the right, a clamp.

    Output p sees inputs p * stride - padding + k * dilation, zeros where there are none.

    Args:
        input: int8, shape ``(length, inputs)``.
        weights: int8, of (kernel, inputs, outputs) or, depthwise, (kernel, outputs), flat.
        bias: int32, of magnitude below 2**24, shape ``(outputs,)``.
        shifts: uint8, below 24, shape ``(outputs,)``.
        residual: int8, shape as ``output``, added after the shift.
        output: int8, shape ``(length // stride, outputs)``, written: -127..127, with ``relu``
            0..127.
        kernel: At most 64 places along the sequence.
        stride: 1 or more.
        dilation: At most 64.
        padding: At most 4096.
        depthwise: Every channel by itself.
        relu: See ``output``.
    """
