"""What the residual coder costs and gains, per level: alone, with classes, with the library too.

Times are CPU time of one call each way, tables' allocation included. No container; the bytes of
the latents are not counted. Classes and library are those of a model.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqcoder import coder
from seqcoder.coder import Level
from seqcoder.fasta.bases import read_bases
from seqcoder.latent import load_model
from seqcoder.latent.library import Library


def measure(
    level: Level,
    bases: NDArray[np.uint8],
    classes: NDArray[np.uint8] | None = None,
    library: Library | None = None,
) -> tuple[int, float, float]:
    """Payload bytes, and nanoseconds of CPU time a base to code and to decode."""
    n = len(bases)
    start = time.process_time()
    payload = coder.encode(bases, level.coding, classes, library)
    between = time.process_time()
    back = coder.decode(payload, n, level.coding, classes, library=library)
    end = time.process_time()
    if not np.array_equal(back, bases):
        raise AssertionError("decoded bases differ")
    return len(payload), (between - start) * 1e9 / n, (end - between) * 1e9 / n


def main(arguments: list[str]) -> int:
    """Run the benchmark; prints tab-separated rows."""
    parser = argparse.ArgumentParser(
        prog="python tests/studies/study_coder.py", description=__doc__
    )
    parser.add_argument("fasta", nargs="+", type=Path)
    parser.add_argument("--levels", default="1,2,3", help="levels, with commas between")
    parser.add_argument("--model", default="prokaryote-2", help="gives classes and library")
    parser.add_argument("--bases", type=int, help="only the first so many bases")
    options = parser.parse_args(arguments)
    model = load_model(options.model)
    print("file\tlevel\twith\tbytes\tbits/base\tenc ns\tdec ns")
    for path in options.fasta:
        bases = read_bases(path)[: options.bases]
        classes = model.classes(model.encode(bases), len(bases))
        for number in (int(x) for x in options.levels.split(",")):
            level = coder.LEVELS[number]
            rows = {"nothing": measure(level, bases)}
            if level.mixes:
                rows["classes"] = measure(level, bases, classes)
                rows["library"] = measure(level, bases, classes, model.library)
            for what, (size, enc, dec) in rows.items():
                bits = size * 8 / len(bases)
                row = (path.stem, number, what, size, f"{bits:.5f}", f"{enc:.0f}", f"{dec:.0f}")
                print(*row, sep="\t", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
