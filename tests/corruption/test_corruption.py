"""The corruption campaign, its short form: nothing damaged is ever given out as whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from campaign import OUTCOMES, mutations, run
from damage import places, sections
from judge import WrongError, judge
from subjects import NAMES, subjects

import seqcoder
from seqcoder import Settings

COUNT = 600  # of each container; nine containers


@pytest.mark.parametrize("name", NAMES)
def test_mutations_are_found_or_harmless(name: str) -> None:
    (subject,) = (subject for subject in subjects() if subject.name == name)
    found = run(subject, COUNT, seed=6)
    assert found["mutations"] > COUNT * 0.95
    assert sum(found[key] for key in OUTCOMES) == found["mutations"]
    # Damage to one genome leaves the others, and a chunk names its genome.
    assert found["damage found"] > COUNT / 10
    assert found["repaired"] > 0


def test_the_judge_sees_a_wrong_base_and_a_wrong_name() -> None:
    """A campaign that cannot fail would prove nothing."""
    files = {"a.fa": b">a\nACGTACGT\n"}
    data = seqcoder.compress_bytes(files, settings=Settings(level=1))
    assert judge(data, [data], files)["harmless"] == 1
    with pytest.raises(WrongError, match="other bytes than went in"):
        judge(data, [data], {"a.fa": b">a\nACGTACGA\n"})
    with pytest.raises(WrongError, match=r"a genome called 'a\.fa'"):
        judge(data, [data], {})
    with pytest.raises(WrongError, match="verify says intact"):
        judge(data, [b"x" + data], files)


def test_places_are_those_of_the_format() -> None:
    for subject in subjects():
        bounds, found = sections(subject.data), places(subject.data)
        assert bounds[-1] == len(subject.data)
        assert set(bounds[:-1]) <= set(found)
        assert len(found) > 15 * (len(bounds) - 1)


def cli(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from seqcoder.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["verify", "decompress"])
def test_exit_code_and_one_line(command: str, tmp_path: Path) -> None:
    """What the Python calls raise, the commands end with: 3, one line that names the file."""
    subject = subjects()[0]
    data = bytearray(subject.data)
    with seqcoder.open(subject.data) as container:
        chunk = container.reader.index.chunks[0]
    data[chunk.residual_offset + 20] ^= 4
    (tmp_path / "x.sqc").write_bytes(data)
    arguments = ["-o", "out/"] if command == "decompress" else []
    done = cli(command, "x.sqc", *arguments, folder=tmp_path)
    assert done.returncode == 3
    assert "x.sqc: chunk 0 at byte" in done.stderr
    assert all(line.startswith("seqcoder: ") for line in done.stderr.splitlines())


def test_a_seed_gives_the_same_mutations() -> None:
    subject = subjects()[1]
    one, two = (list(mutations(subject, 50, seed=4)) for _ in range(2))
    assert one == two
    assert one != list(mutations(subject, 50, seed=5))
    assert np.mean([mutation.data != subject.data for mutation in one]) > 0.9
