"""``seqcoder doctor``: sound here, and able to find what is not."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest

from seqcoder import coder, doctor
from test_cli import Cli, cli  # noqa: F401


def test_this_installation_is_sound(cli: Cli) -> None:  # noqa: F811
    assert cli("doctor") == 0
    lines = cli.out.decode().splitlines()
    assert lines[-1] == "sound"
    assert "ok      exactness        4 codings" in cli.out.decode()
    assert cli("doctor", "--json") == 0
    facts = json.loads(cli.out)
    assert facts["sound"] is True
    names = {check["name"] for check in facts["checks"]}
    assert {"numpy", "exactness", "models", "torch", "ray", "temporary files"} <= names


def test_another_decoder_is_found(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    real = coder.decode

    def wrong(*arguments: object, **options: object) -> np.ndarray:
        bases = real(*arguments, **options).copy()  # type: ignore[arg-type]
        bases[-1] ^= 1
        return bases

    monkeypatch.setattr(coder, "decode", wrong)
    assert cli("doctor") == 1
    assert b"BROKEN  exactness" in cli.out
    assert b"error: broken: exactness" in cli.err


def test_another_encoder_is_found(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    real = coder.encode
    monkeypatch.setattr(coder, "encode", lambda *a, **k: real(*a, **k) + b"\0")
    assert cli("doctor", "--json") == 1
    broken = [c for c in json.loads(cli.out)["checks"] if c["state"] == "broken"]
    assert [check["name"] for check in broken] == ["exactness"]
    assert "level 2 encodes to other bytes" in broken[0]["detail"]
    assert broken[0]["remedy"]


def test_lost_vectors_and_damaged_models_are_found(
    cli: Cli,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(doctor, "VECTORS", tmp_path)
    (tmp_path / "bad.sqmodel").write_bytes(b"SQMODEL")
    monkeypatch.setenv("SEQCODER_MODELS", str(tmp_path))
    assert cli("doctor", "-q") == 1
    assert b"BROKEN  exactness" in cli.out
    assert b"BROKEN  models" in cli.out
    assert b"bad.sqmodel: not a seqcoder model file" in cli.out
    assert b"ok " not in cli.out


def test_doctor_without_a_working_folder(
    cli: Cli,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert cli("doctor") == 1
    assert b"BROKEN  working folder   has been removed" in cli.out
    assert b"torch" not in cli.out  # which would end the process
    assert cli.err == b"seqcoder: error: broken: working folder; the remedies are above\n"


def test_doctor_where_temporary_files_cannot_be_written(
    cli: Cli,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TMPDIR", "/nope")
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert cli("doctor") == 1
    assert b"TMPDIR names /nope, which cannot be written" in cli.out


def test_doctor_tells_too_little_memory_from_a_bad_installation(
    cli: Cli,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def starved() -> tuple[list[str], int]:
        raise MemoryError("std::bad_alloc")

    monkeypatch.setattr(doctor, "exactness", starved)
    assert cli("doctor") == 1
    assert b"BROKEN  exactness        out of memory\n" in cli.out
    assert b"ulimit -v" in cli.out
    assert b"install seqcoder again" not in cli.out
