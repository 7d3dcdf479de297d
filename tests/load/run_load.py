"""``python tests/load/run_load.py``: make a corpus by mutation, submit it, tell the cost."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path

from load_corpus import Shape, generate
from load_run import load

from seqcoder.settings import parse_size


def main() -> None:
    """Run a load test; everything it makes stays below FOLDER."""
    parser = argparse.ArgumentParser(prog="python tests/load/run_load.py", description=__doc__)
    parser.add_argument("folder", type=Path, help="for corpus/ and archive/")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--bases", default="12K", help="of each file, about")
    parser.add_argument("--rate", type=float, default=0.01, help="substitutions per base")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--from", dest="parents", type=Path, nargs="*", default=[], help="genomes to mutate"
    )
    parser.add_argument("--options", default="-1 --no-groups", help="of submit, in one word")
    arguments = parser.parse_args()
    corpus, archive = arguments.folder / "corpus", arguments.folder / "archive"
    if not corpus.exists():
        shape = Shape(arguments.files, parse_size(arguments.bases), arguments.rate)
        generate(corpus, shape, arguments.parents, arguments.seed)
    cost = load(corpus, archive, arguments.options.split())
    facts = asdict(cost) | {"slowdown": cost.slowdown, "slowdown_cpu": cost.slowdown_cpu}
    facts["load_average"] = os.getloadavg()
    print(json.dumps(facts, indent=1))


main()
