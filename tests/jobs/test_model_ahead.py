"""The model that an archive's plan names is loaded while the rest is imported."""

from pathlib import Path

import pytest
from local_runner import submit_here

from seqcoder.latent import load_model
from seqcoder.settings import Settings
from seqcoder_jobs.reading import model_ahead
from seqcoder_jobs.writing.planning import GivenParameters


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(model_ahead, "load_ahead", found.append)
    return found


@pytest.mark.parametrize(("level", "digests"), [(1, 0), (2, 1)])
def test_the_plan_names_it(
    corpus: Path, tmp_path: Path, asked: list[str], level: int, digests: int
) -> None:
    submit_here([corpus], tmp_path / "archive", given=GivenParameters(level=level))
    model_ahead.load_model_ahead(str(tmp_path / "archive"))
    assert Settings.model is not None
    assert asked == [load_model(Settings.model).digest] * digests


@pytest.mark.parametrize(
    "plan", [b"", b'"model_digest": 5,\n', b'"model_digest": "\xff",\n', b'"model_digest": [\n']
)
def test_what_is_no_plan_names_none(tmp_path: Path, asked: list[str], plan: bytes) -> None:
    (tmp_path / "plan.json").write_bytes(plan)
    model_ahead.load_model_ahead(str(tmp_path))
    model_ahead.load_model_ahead(str(tmp_path / "none"))
    model_ahead.load_model_ahead("s3://bucket/archive")
    assert asked == []
