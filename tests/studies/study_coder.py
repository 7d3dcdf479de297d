"""What the residual coder costs and gains: per level, and per model by leaving it out.

Times are CPU time of one call each way, tables' allocation included. No container, no
latents: classes come from a file (one byte a base) where there are any.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqcoder.coder import copying, engine
from seqcoder.coder.levels import LEVELS, Level
from seqcoder.fasta import read_bases


def measure(
    level: Level, bases: NDArray[np.uint8], classes: NDArray[np.uint8] | None
) -> tuple[int, float, float]:
    """Payload bytes, and nanoseconds of CPU time a base to code and to decode."""
    n = len(bases)
    start = time.process_time()
    mixing = bool(level.models)
    payload = engine.encode(bases, level, classes) if mixing else copying.encode(bases)
    between = time.process_time()
    back = engine.decode(payload, n, level, classes, n) if mixing else copying.decode(payload, n)
    end = time.process_time()
    if not np.array_equal(back, bases):
        raise AssertionError("decoded bases differ")
    return len(payload), (between - start) * 1e9 / n, (end - between) * 1e9 / n


def variants(level: Level) -> list[tuple[str, Level]]:
    """Make the level less one part at a time, with a name for each."""
    out = []
    for index, m in enumerate(level.models):
        kind = "nibble" if m.nibble else "fast" if m.limit < 255 else "byte"
        name = f"order {m.order} {kind}{' class' if m.with_class else ''}"
        out.append((name, level.without(index)))
    if level.repeats:
        out.append(("repeats", replace(level, repeats=None)))
        for seed in level.repeats.seeds:
            others = tuple(x for x in level.repeats.seeds if x != seed)
            if others:
                kept = replace(level.repeats, seeds=others)
                out.append((f"seed {seed}", replace(level, repeats=kept)))
    if len(level.selectors) > 1:
        for name in level.selectors:
            rest = tuple(x for x in level.selectors if x != name)
            out.append((f"weights by {name}", replace(level, selectors=rest)))
    return out


def main(arguments: list[str]) -> int:
    """Run the benchmark; prints tab-separated rows."""
    parser = argparse.ArgumentParser(
        prog="python tests/studies/study_coder.py", description=__doc__
    )
    parser.add_argument("fasta", nargs="+", type=Path)
    parser.add_argument("--levels", default="1,2,3", help="levels, with commas between")
    parser.add_argument("--classes", type=Path, help="a byte a base; for one FASTA only")
    parser.add_argument("--bases", type=int, help="only the first so many bases")
    parser.add_argument("--leave-one-out", action="store_true", help="cost of every model")
    options = parser.parse_args(arguments)
    print("file\tlevel\tclasses\twhat\tbytes\tbits/base\tenc ns\tdec ns\tenc MB/s\tdec MB/s")
    for path in options.fasta:
        bases = read_bases(path)[: options.bases]
        classes = None
        if options.classes:
            classes = np.fromfile(options.classes, np.uint8)[: options.bases]
        for number in (int(x) for x in options.levels.split(",")):
            level = LEVELS[number]
            rows = [("all", level)]
            measure(level, bases[:1000], None if classes is None else classes[:1000])
            if options.leave_one_out:
                rows += [(f"- {name}", less) for name, less in variants(level)]
            whole = 0
            for what, trial in rows:
                size, enc, dec = measure(trial, bases, classes)
                whole = whole or size
                note = what if trial is level else f"{what} ({size - whole:+d})"
                print(
                    f"{path.stem}\t{number}\t{'yes' if classes is not None else 'no'}\t{note}\t"
                    f"{size}\t{size * 8 / len(bases):.5f}\t{enc:.0f}\t{dec:.0f}\t"
                    f"{1e3 / enc:.2f}\t{1e3 / dec:.2f}",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
