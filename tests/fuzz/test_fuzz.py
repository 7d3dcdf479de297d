"""The fuzz targets: the kept corpus is replayed always, and atheris runs for some seconds."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz_targets import CORPUS, TARGETS, without_checksums

import seqcoder
from seqcoder import Settings

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize("name", TARGETS)
def test_the_kept_corpus(name: str) -> None:
    paths = sorted((CORPUS / name).iterdir())
    assert len(paths) >= 5
    for path in paths:
        TARGETS[name](path.read_bytes())


def test_a_target_fails_where_it_should(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong base given out, and an error that is none of ours, are seen."""
    with without_checksums():
        data = seqcoder.compress_bytes({"a.fa": b">x\nACGT\n"}, settings=Settings(level=1))
    TARGETS["container"](data)

    def wrong(genome: seqcoder.Genome) -> bytes:
        return b">x\nACGA\n"

    monkeypatch.setattr(seqcoder.Genome, "read", wrong)
    with pytest.raises(AssertionError):
        TARGETS["container"](data)

    def index_error(genome: seqcoder.Genome) -> bytes:
        raise IndexError

    monkeypatch.setattr(seqcoder.Genome, "read", index_error)
    with pytest.raises(IndexError):
        TARGETS["container"](data)


def test_atheris_for_some_seconds(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris is not here (pip install atheris)")
    command = [sys.executable, str(HERE / "run_fuzz.py"), "all", "-max_total_time=4", "-seed=1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs, done.stderr[-3000:]
    assert int(runs[1]) > 100
    assert not list(tmp_path.iterdir())
