"""What each part of the model is worth, genome by genome, as a Markdown table.

::

    python tests/studies/study_ablation.py --model twin.sqmodel genomes/*.fa > table.md

Every size is in bytes and holds what a chunk's two frames hold: packed latents and the
residual. Whole genomes are one chunk.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from seqcoder import coder
from seqcoder.fasta.bases import read_bases
from seqcoder.latent import LatentModel, load_model, pack_latents
from seqcoder.latent.mismatch import encode_mismatch
from seqcoder.settings import DEFAULT_MODEL

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


def row(path: Path, model: LatentModel) -> list[str]:
    """One line of the table."""
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


def main() -> None:
    """Print the table for the FASTA files named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args()
    model = load_model(given.model)
    print("| " + " | ".join(COLUMNS) + " |")
    print("| --- |" + " ---: |" * (len(COLUMNS) - 1))
    for path in given.files:
        print("| " + " | ".join(row(path, model)) + " |", flush=True)


if __name__ == "__main__":
    main()
