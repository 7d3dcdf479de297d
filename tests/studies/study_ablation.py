"""What each part of the model is worth, genome by genome, as a Markdown table.

::

    python tests/studies/study_ablation.py genomes/*.fa > table.md

Every size is in bytes and holds what a chunk's two frames hold: packed latents and the
residual. Whole genomes are one chunk.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from seqcoder import coder
from seqcoder.fasta.bases import read_bases
from seqcoder.latent import load_model, pack_latents
from seqcoder.latent.mismatch import encode_mismatch

COLUMNS = (
    "genome",
    "bases",
    "latents",
    "latents + mismatch",
    "mixing alone",
    "latents + mixing",
    "+ library (level 2)",
    "against mixing alone",
    "level 3 alone",
    "level 3",
    "stage 1 / level 2 CPU",
)


def row(path: Path, model_name: str = "prokaryote-1") -> list[str]:
    """One line of the table."""
    model = load_model(model_name)
    bases = read_bases(path)
    n = bases.size
    began = time.process_time()
    latents = model.encode(bases)
    stage_one = time.process_time() - began
    classes = model.classes(latents, n)
    side = len(pack_latents(latents))
    two, three = coder.LEVELS[2].coding, coder.LEVELS[3].coding
    began = time.process_time()
    whole = side + len(coder.encode(bases, two, classes, model.library))
    stage_two = time.process_time() - began
    alone = len(coder.encode(bases, two))
    refined = model.encode(bases, refine=True)
    refined_classes = model.classes(refined, n)
    best = len(pack_latents(refined)) + len(
        coder.encode(bases, three, refined_classes, model.library)
    )
    numbers = [
        n,
        side,
        side + len(encode_mismatch(bases, classes)),
        alone,
        side + len(coder.encode(bases, two, classes)),
        whole,
    ]
    return [
        path.name.split(".")[0],
        *(f"{x:,}" for x in numbers),
        f"{100 * (whole / alone - 1):+.2f} %",
        f"{len(coder.encode(bases, three)):,}",
        f"{best:,}",
        f"{100 * stage_one / (stage_one + stage_two):.0f} %",
    ]


def main(paths: Sequence[str]) -> None:
    """Print the table for the FASTA files named."""
    model = load_model()
    model.encode(read_bases(Path(paths[0]))[:2_000_000])  # kernels, once
    print("| " + " | ".join(COLUMNS) + " |")
    print("| --- |" + " ---: |" * (len(COLUMNS) - 1))
    for path in paths:
        print("| " + " | ".join(row(Path(path))) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
