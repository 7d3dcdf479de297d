"""FracMinHash sketches: which genomes are relatives, without aligning them.

A sketch keeps the hashes of canonical 21-mers that fall below 2**64 / SCALED (Irber et al.
2022, as in sourmash): about one base in SCALED, the same ones in every genome that has them.
"""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,arg-type,assignment"

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

Bases = npt.NDArray[np.uint8]
Sketch = npt.NDArray[np.uint64]

K = 21
SCALED = 500

_U = np.uint64
_MASK = np.uint64((1 << (2 * K)) - 1)
_TOP = np.uint64(2 * (K - 1))
_LIMIT = np.uint64((1 << 64) // SCALED)
_ONE = np.uint64(0xBF58476D1CE4E5B9)
_TWO = np.uint64(0x94D049BB133111EB)


@numba.njit("int64(uint8[::1], uint64[::1])", cache=True, nogil=True)
def _collect(bases, out):
    """Fill ``out`` with the hashes below the limit; returns how many there are."""
    f = _U(0)
    r = _U(0)
    n = 0
    for i in range(bases.size):
        base = _U(bases[i])
        f = ((f << _U(2)) | base) & _MASK
        r = (r >> _U(2)) | ((_U(3) - base) << _TOP)
        # The finaliser of splitmix64 without its last step: a bijection of 64 bits.
        h = min(f, r)
        h = (h ^ (h >> _U(30))) * _ONE
        h = (h ^ (h >> _U(27))) * _TWO
        if h < _LIMIT and i >= K - 1:
            if n < out.size:
                out[n] = h
            n += 1
    return n


@numba.njit("int64(uint64[::1], uint64[::1])", cache=True, nogil=True)
def _shared(one, two):
    """Return how many values two sorted arrays share."""
    i = 0
    j = 0
    n = 0
    while i < one.size and j < two.size:
        a = one[i]
        b = two[j]
        n += a == b
        i += a <= b
        j += b <= a
    return n


def sketch(bases: Bases) -> Sketch:
    """Return the sketch of a genome's bases (uint8, 0..3): sorted distinct hashes, uint64."""
    bases = np.require(bases, dtype=np.uint8, requirements=["C", "W"])
    out = np.empty(64 + 2 * len(bases) // SCALED, dtype=np.uint64)
    found = _collect(bases, out)
    if found > len(out):
        out = np.empty(found, dtype=np.uint64)
        _collect(bases, out)
    return np.unique(out[:found])


def similarity(one: Sketch, two: Sketch) -> float:
    """Return the Jaccard index of two sketches, 0 where both are empty."""
    shared = int(_shared(one, two))
    union = len(one) + len(two) - shared
    return shared / union if union else 0.0
