"""The fault campaign: eleven trials in the suite, any number by one command.

    pytest tests/faults -m faults_long --trials 200 --seed 1

Each trial is a submit that is harmed at a random moment, and repeated. ``docs/campaigns.md``
has the counts.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fault_kinds import HALF_AS_OFTEN, KINDS, WITH_DRIVER, WITH_MOUNTS
from fault_site import Site
from fault_trial import Result, choose_corpus, run_trial

pytestmark = pytest.mark.ray

# One of each, but those that take long (a node's loss takes seconds to be noticed) or are near
# to another one.
IN_SUITE = [
    ("coder killed", "plain"),
    ("coordinator killed", "appended"),
    ("coordinator killed", "references"),
    ("model actor killed", "latents"),
    ("driver killed", "references"),
    ("worker stopped", "plain"),
    ("memory starved", "plain"),
    ("disk too small", "plain"),
    ("output read-only", "plain"),
    ("input deleted", "plain"),
    ("node lost", "plain"),
]


def needs_mounts(kind: str) -> None:
    if kind in WITH_MOUNTS and os.geteuid() != 0:
        pytest.skip("needs root, to mount a small file system")


def trial(number: int, kind: str, corpus: Any, nodes: Any, folder: Path) -> Result:
    site = Site(nodes, folder / "archive", corpus, Random(number))
    result = run_trial(number, kind, site)
    shutil.rmtree(folder)
    return result


@pytest.mark.parametrize(("kind", "corpus"), IN_SUITE)
def test_nothing_is_lost(
    nodes: Any, corpora: Callable[[str], Any], tmp_path: Path, kind: str, corpus: str
) -> None:
    needs_mounts(kind)
    for number in range(1, 21):  # until the harm has met a run at work
        folder = tmp_path / str(number)
        folder.mkdir()
        if trial(number, kind, corpora(corpus), nodes, folder).met:
            return
    pytest.fail("each run was over before the harm was done")


@pytest.mark.faults_long
@pytest.mark.timeout(0)
def test_campaign(
    nodes: Any, corpora: Callable[[str], Any], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Trials in turn over all kinds, until so many have met a run at work."""
    trials, seed = request.config.getoption("--trials"), request.config.getoption("--seed")
    report = Path(request.config.getoption("--report"))
    wanted = request.config.getoption("--kinds")
    may_mount = os.geteuid() == 0
    kinds = [k for k in KINDS if wanted in k and (may_mount or k not in WITH_MOUNTS)]
    in_turn = [*kinds, *(kind for kind in kinds if kind not in HALF_AS_OFTEN)]
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    failures: list[str] = []
    number = met = 0
    while met < trials:
        random = Random(f"{seed} {number}")
        kind = in_turn[number % len(in_turn)]
        folder = tmp_path / str(number)
        folder.mkdir()
        corpus = request.config.getoption("--corpus") or choose_corpus(kind, random)
        try:
            result = trial(seed * 1_000_000 + number, kind, corpora(corpus), nodes, folder)
        except Exception as error:
            counts[kind]["FAILED"] += 1
            failures.append(f"{number} {kind} {corpus}: {type(error).__name__}: {error}")
            met += 1
            if "has not ended" in str(error) and kind not in WITH_DRIVER:
                break  # it still runs in this process
        else:
            outcome = "finished" if result.code == 0 else "stopped, resumed"
            counts[kind][outcome if result.met else "over before"] += 1
            met += result.met
            print(result, flush=True)
        number += 1
        facts = {"seed": seed, "met": met, "counts": counts, "failures": failures}
        report.write_text(json.dumps(facts, indent=1) + "\n")
    assert not failures, "\n".join(failures)
