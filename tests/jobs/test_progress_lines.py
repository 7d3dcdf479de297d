"""Progress of a submit whose stderr is no terminal: a line now and then."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_jobs_cli import SMALL, Run, run  # noqa: F401

from seqcoder_cluster.options import ProgressCounts
from seqcoder_jobs.cli import console


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still; its one item is the time."""
    now = [1000.0]
    monkeypatch.setattr("seqcoder_jobs.cli.console.time.monotonic", lambda: now[0])
    return now


def test_lines_are_due_after_30_s_and_then_every_minute(
    clock: list[float], capfd: pytest.CaptureFixture[str]
) -> None:
    told = {}
    with console.progress(10_000_000, 20, False, 4) as update:
        for second in range(160):
            clock[0] = 1000.0 + second
            update(ProgressCounts(second // 10, bases=second * 20_000, containers=second // 50))
            said = capfd.readouterr().err
            if said:
                told[second] = said
    assert list(told) == [30, 90, 150]
    assert told[90] == (
        "seqcoder-ray: 9/20 genomes read, 1/4 containers done, 0.02 MB/s, about 7 min left\n"
    )


def test_nothing_read_yet_and_more_than_was_guessed(
    clock: list[float], capfd: pytest.CaptureFixture[str]
) -> None:
    with console.progress(1000, 2, False, 1) as update:
        clock[0] += 31
        update(ProgressCounts())
        clock[0] += 61
        update(ProgressCounts(1, bases=9_200_000))
    assert capfd.readouterr().err.splitlines() == [
        "seqcoder-ray: 0/2 genomes read, 0/1 containers done",
        "seqcoder-ray: 1/2 genomes read, 0/1 containers done, 0.10 MB/s",
    ]


def test_a_submit_of_hours(
    run: Run,  # noqa: F811
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(console, "_FIRST_SECONDS", 0.0)
    monkeypatch.setattr(console, "_LINE_SECONDS", 0.0)
    line = re.compile(r"^seqcoder-ray: \d+/6 genomes read, 1/\d containers done$", re.MULTILINE)
    assert line.search(run("submit", corpus, "-o", tmp_path / "a", *SMALL)[2])
    assert run("submit", corpus, "-o", tmp_path / "b", *SMALL, "-q")[2] == ""
