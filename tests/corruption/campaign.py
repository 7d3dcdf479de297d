"""The corruption campaign: python tests/corruption/campaign.py [COUNT] [SEED]

Makes COUNT (200,000) mutations of small containers of every kind and says what came of them. The
first mutation that breaks the rules is written to ``broken-SEED.sqc``, and the exit code is 1.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import damage  # noqa: E402
from judge import WrongError, judge, judge_repair  # noqa: E402
from subjects import Subject, subjects  # noqa: E402

REPAIRED = 8
"""One mutation in so many is also given to repair."""


def mutations(subject: Subject, count: int, seed: int) -> Iterator[damage.Mutation]:
    """Yield ``count`` mutations: of sections, at structural places, and anywhere."""
    rng = np.random.default_rng([seed, *subject.name.encode()])
    others = [other.data for other in subjects()]
    yield from itertools.islice(damage.of_sections(subject.data, others, rng), count // 5)
    structural = list(itertools.islice(damage.at_places(subject.data, rng), count * 3 // 5))
    yield from structural
    left = count - count // 5 - len(structural)
    yield from itertools.islice(damage.anywhere(subject.data, rng), left)


def run(subject: Subject, count: int, seed: int) -> Counter[str]:
    """Judge ``count`` mutations of a container; raises WrongError, the mutation beside it."""
    files = {name: data for other in subjects() for name, data in other.files.items()}
    wholes = [other.data for other in subjects()]
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number, mutation in enumerate(mutations(subject, count, seed)):
            if mutation.data in wholes:
                continue
            try:
                spliced = mutation.name.startswith(("take", "put", "tail"))
                found += judge(mutation.data, wholes, files, spliced=spliced)
                if number % REPAIRED == 0:
                    found += judge_repair(mutation.data, files, Path(folder))
            except WrongError as error:
                Path(f"broken-{seed}.sqc").write_bytes(mutation.data)
                raise WrongError(f"{subject.name}, {mutation.name}: {error}") from error
            found["mutations"] += 1
            if sum(found[key] for key in OUTCOMES) != found["mutations"]:
                raise WrongError(f"{subject.name}, {mutation.name}: no outcome")
    return found


OUTCOMES = ("not recognised", "refused", "damage found", "harmless")


def main(count: int = 200_000, seed: int = 1) -> int:
    """Run the long form."""
    total: Counter[str] = Counter()
    for subject in subjects():
        began = time.process_time()
        found = run(subject, count // len(subjects()), seed)
        total += found
        places = len(damage.places(subject.data))
        print(f"{subject.name} ({len(subject.data)} bytes, {places} places)", end=": ")
        print(", ".join(f"{key} {found[key]}" for key in sorted(found)), end="; ")
        print(f"{time.process_time() - began:.0f} s", flush=True)
    print("all:", ", ".join(f"{key} {total[key]}" for key in sorted(total)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
