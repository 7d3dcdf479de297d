"""What runs of window types are like in genomes, for the core to start packing from.

::

    python -m seqcoder_jobs.training.run_priors TRAIN_FOLDER > seqcoder/core/src/run_priors.hpp

Probabilities of a one in 1/256, counted on the latents of the folder's genomes. The packed bytes
depend on this table: it belongs to the format.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from seqcoder.latent import load_model
from seqcoder_jobs.training.corpus import corpus_sources

_CROP = 300_000
_MAGNITUDES = 16
Slot = tuple[str, int, int, int]


def run_bits(types: Sequence[int]) -> Iterator[tuple[Slot, int]]:
    """Every modelled bit of the packed types with the slot that models it, as the core has them."""
    before = last = 0
    for kind, run in groupby(types):
        node = 1
        for k in (2, 1, 0):
            bit = kind >> k & 1
            yield ("next", before, last, node), bit
            node = 2 * node + bit
        before, last = last, kind
        length = len(list(run))
        strand = (kind + 2) // 3
        magnitude = length.bit_length() - 1
        for m in range(magnitude + 1):
            yield ("magnitude", strand, m, 0), int(m < magnitude)
        for k in (magnitude - 1, magnitude - 2):
            if k >= 0:
                yield ("leading", strand, magnitude, length >> (k + 1)), length >> k & 1


def _rows(name: str, shape: tuple[int, int, int], ones: Counter[Slot], all_: Counter[Slot]) -> str:
    """One table as C++: half a count each way, and nothing nearer to certain than 1/256."""
    a, b, c = shape
    lines = []
    for i in range(a):
        inner = []
        for j in range(b):
            slots = [(name, i, j, k) for k in range(c)]
            values = [256 * (ones[s] + 0.5) / (all_[s] + 1) for s in slots]
            inner.append("{" + ", ".join(str(min(255, max(1, round(v)))) for v in values) + "}")
        lines.append("{{" + ", ".join(inner) + "}}")
    return "{{" + ",\n".join(lines) + "}}"


def main(folder: str) -> None:
    """Print the header."""
    model = load_model()
    rng = np.random.default_rng(0)
    ones: Counter[Slot] = Counter()
    seen: Counter[Slot] = Counter()
    for source in corpus_sources(Path(folder)):
        bases = source.read()
        start = int(rng.integers(0, max(1, bases.size - _CROP)))
        for slot, bit in run_bits(model.encode(bases[start : start + _CROP]).tolist()):
            seen[slot] += 1
            ones[slot] += bit
    print(
        "// Made by seqcoder_jobs/training/run_priors.py: what runs of window types are like,\n"
        "// probabilities of a one in 1/256. Part of the format: the packed bytes depend on it.\n"
        "#pragma once\n\n#include <array>\n#include <cstddef>\n#include <cstdint>\n\n"
        "namespace seqcoder {\n\n"
        "template <std::size_t A, std::size_t B, std::size_t C>\n"
        "using Priors = std::array<std::array<std::array<std::uint8_t, C>, B>, A>;\n\n"
        "/// Of the next type, by the type before the last, the last one, the node in the tree.\n"
        f"inline constexpr Priors<7, 7, 8> kNextPriors{_rows('next', (7, 7, 8), ones, seen)};\n\n"
        "/// Of a run's leading bit lying higher, by kind (none, forward, reverse) and place.\n"
        "inline constexpr Priors<3, 16, 1> kMagnitudePriors"
        f"{_rows('magnitude', (3, _MAGNITUDES, 1), ones, seen)};\n\n"
        "/// Of the two bits below the leading one, by kind, its place and the bits above.\n"
        "inline constexpr Priors<3, 16, 4> kLeadingPriors"
        f"{_rows('leading', (3, _MAGNITUDES, 4), ones, seen)};\n\n"
        "}  // namespace seqcoder"
    )


if __name__ == "__main__":
    main(sys.argv[1])
