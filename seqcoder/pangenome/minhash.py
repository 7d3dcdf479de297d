"""FracMinHash sketches: which genomes are relatives, without aligning them.

A sketch keeps the hashes of canonical 21-mers that fall below 2**64 / SCALED (Irber et al.
2022, as in sourmash): about one base in SCALED, the same ones in every genome that has them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqcoder import core

Bases = npt.NDArray[np.uint8]
Sketch = npt.NDArray[np.uint64]

K = core.SKETCH_LENGTH
SCALED = 500

_LIMIT = (1 << 64) // SCALED


def sketch(bases: Bases) -> Sketch:
    """Return the sketch of a genome's bases (uint8, 0..3): sorted distinct hashes, uint64."""
    return np.unique(core.sketch_hashes(np.ascontiguousarray(bases), _LIMIT))


def similarity(one: Sketch, two: Sketch) -> float:
    """Return the Jaccard index of two sketches, 0 where both are empty."""
    shared = core.count_shared(one, two)
    union = len(one) + len(two) - shared
    return shared / union if union else 0.0
