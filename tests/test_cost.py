"""What reading takes is told before: bases decoded, and memory within a factor of two."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import seqcoder
from genomes import coding_genome, fasta_bytes, letters, random_bases
from seqcoder import Settings
from seqcoder.cli.info import run_info
from seqcoder.reading.cost import cost

N = 600_000


@pytest.fixture(scope="module", params=[1, 2])
def container(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cost") / "two.sqc"
    files = {
        "genes.fa": coding_genome(N, seed=1),
        "small.fa": fasta_bytes(("s", letters(random_bases(5000)))),
    }
    path.write_bytes(seqcoder.compress_bytes(files, settings=Settings(level=request.param)))
    return path


WATCHED = """
import sys
from seqcoder.cli import main
try:
    main()
finally:
    with open("/proc/self/status") as status:  # of this program alone, unlike ru_maxrss
        sys.stderr.write(next(line for line in status if line.startswith("VmHWM")).split()[1])
"""


def peak(*arguments: str) -> int:
    """Return the most memory of a command, in bytes."""
    command = [sys.executable, "-c", WATCHED, *arguments]
    done = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True
    )
    return int(done.stderr) << 10


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_told_is_what_it_takes(container: Path) -> None:
    with seqcoder.open(container, threads=1) as opened:
        one, whole = cost(opened, opened["genes.fa"], 1), cost(opened, None, 1)
        opened["genes.fa"].read()
        assert N <= one.bases == opened.decoder.bases_decoded <= whole.bases
    took = peak("decompress", "-c", "-T1", "-g", "genes.fa", str(container))
    assert 0.75 * took < one.memory < 2 * took
    took = peak("decompress", "-c", "-T1", str(container))
    assert 0.75 * took < whole.memory < 2 * took


def test_info_says_it(container: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_info(str(container), json=True)
    facts = json.loads(capsys.readouterr().out)
    assert facts["bases decoded for the largest genome"] >= N
    assert facts["memory for the largest genome"] <= facts["memory for all genomes"]


def test_what_is_damaged_is_unknown(
    container: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object) -> None:
        raise seqcoder.IntegrityError("a walk")

    monkeypatch.setattr("seqcoder.cli.info.cost", damaged)
    run_info(str(container), json=False)
    assert "memory for all genomes\tunknown" in capsys.readouterr().out
