"""Load in small: what a submit of many files costs the driver does not grow with their number.

The large one is ``python tests/load/run_load.py``; ``docs/campaigns.md`` has its figures.
"""

from __future__ import annotations

from pathlib import Path

import load_run as run
import numpy as np
import pytest
from load_corpus import Shape, fasta_text, generate, mutate
from load_run import load
from load_watch import Sample

from genomes import random_bases
from seqcoder import fasta
from seqcoder.errors import IntegrityError


def corpus_bytes(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_corpus_is_the_beginning_of_a_larger_one(tmp_path: Path) -> None:
    for name, files in (("small", 3), ("large", 5)):
        generate(tmp_path / name, Shape(files, 2000), [], seed=7)
    small, large = corpus_bytes(tmp_path / "small"), corpus_bytes(tmp_path / "large")
    assert len(small) == 3
    assert small.items() < large.items()
    generate(tmp_path / "other", Shape(3, 2000), [], seed=8)
    assert set(corpus_bytes(tmp_path / "other").values()).isdisjoint(small.values())


def test_a_mutant_is_a_relative(tmp_path: Path) -> None:
    parent = random_bases(100_000)
    child = mutate(parent, 0.01, np.random.default_rng(1))
    assert abs(len(child) - len(parent)) < 1000
    text = bytes(child)
    # Seeds of 16 from the parent that are found in the child as they are: 0.99 to the 16th is
    # 0.85, the inversion takes up to a twentieth.
    found = sum(bytes(parent[i : i + 16]) in text for i in range(0, 90_000, 1000))
    assert 60 < found < 90
    parsed = fasta.parse(fasta_text("a", child, 70))
    assert isinstance(parsed, fasta.ParsedFasta)
    assert np.array_equal(parsed.bases, child)


def test_tenths_are_measured_from_commit_to_commit() -> None:
    samples = [Sample(float(t), 0, 0, 0, 0, 0, 0, 2.0 * t, 0.0) for t in range(100)]
    commits = [(10.0, 5), (20.0, 4), (30.0, 6)]
    assert run._a_genome(commits) == 2.0
    assert run._a_genome(commits, samples) == 4.0
    assert run._at(samples, 10.5, "cpu_seconds") == 21


@pytest.mark.ray
def test_memory_and_time_do_not_grow(tmp_path: Path) -> None:
    generate(tmp_path / "corpus", Shape(400, 3000), [], seed=1)
    options = ["-1", "--no-groups", "--container-size", "24K"]
    cost = load(tmp_path / "corpus", tmp_path / "archive", options)
    assert cost.genomes == 400
    assert cost.containers >= 40
    assert cost.bytes < cost.raw_bytes / 3
    assert cost.driver_peak < 600 << 20
    # The genomes in hand are the same at the end as at the beginning.
    assert cost.driver_at_last - cost.driver_at_first < 80 << 20
    assert cost.driver_files < 100
    assert cost.most_files < 200
    # The last tenth is a second or less here: a quadratic cost would show all the same.
    assert cost.last_tenth < 10 * cost.first_tenth + 0.05


@pytest.mark.ray
def test_a_submit_that_fails_is_no_measurement(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    with pytest.raises(IntegrityError, match="submit ended with"):
        load(tmp_path / "corpus", tmp_path / "archive")
