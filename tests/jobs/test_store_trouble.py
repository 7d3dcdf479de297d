"""Archives in object stores on bad days: what a submit says, and when."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_runner import submit_here

from seqcoder.errors import InputError


def test_nothing_is_read_where_nothing_can_be_written(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("seqcoder_jobs.writing.submit.list_corpora", lambda *_, **__: 1 / 0)
    with pytest.raises(InputError, match=r"s3://nosuchbucket/a/plan.json: no such bucket"):
        submit_here(["corpus"], "s3://nosuchbucket/a")
    monkeypatch.setenv("SEQCODER_SCRATCH", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"no scratch space: .*SEQCODER_SCRATCH"):
        submit_here(["corpus"], f"{bucket}/a")
