"""Where the network of stage 1 pays: pieces of genomes, first types by it or by open frames.

::

    python tests/studies/study_network.py --model twin.sqmodel genomes/*.fa > table.md

Bytes of latents and residual at level 2, without latents where that is smaller.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqcoder import coder
from seqcoder.fasta.bases import read_bases
from seqcoder.latent import LatentModel, load_model, pack_latents
from seqcoder.settings import DEFAULT_MODEL

# Bases of a piece, and how many are drawn from a genome.
SIZES = {
    1500: 8, 3000: 8, 6000: 4, 12_000: 4, 25_000: 2, 50_000: 2, 100_000: 1, 200_000: 1, 400_000: 1,
}  # fmt: skip


def coded(bases: NDArray[np.uint8], model: LatentModel) -> int:
    latents = model.encode(bases)
    classes = model.classes(latents, bases.size)
    return len(pack_latents(latents)) + len(coder.encode(bases, 2, classes, model.library))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args()
    model = load_model(given.model)
    without = replace(model, file=replace(model.file, encoder=memoryview(b""), encoder_digest=""))
    genomes = [read_bases(path) for path in given.files]
    rng = np.random.default_rng(5)
    print("| bases | pieces | no latents | open frames | network | network against frames |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for n, draws in SIZES.items():
        sums = np.zeros(3, np.int64)
        for genome in genomes:
            for _ in range(draws if genome.size > n else 0):
                start = int(rng.integers(0, genome.size - n))
                piece = genome[start : start + n]
                alone = len(coder.encode(piece, 2))
                sums += [alone, *(min(alone, coded(piece, m)) for m in (without, model))]
        cells = [f"{n:,}", f"{draws * len(genomes)}", *(f"{x:,}" for x in sums.tolist())]
        print(f"| {' | '.join(cells)} | {100 * (sums[2] / sums[1] - 1):+.2f} % |", flush=True)


if __name__ == "__main__":
    main()
