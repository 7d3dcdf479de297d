from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from seqcoder.errors import ModelError
from seqcoder.latent import find_model, list_models, load_model, survey_models
from seqcoder.latent.modelfile import read_model, write_model
from seqcoder.latent.types import STRIDE
from seqcoder.storage.opening import open_store

TrainingGenome = tuple[NDArray[np.uint8], NDArray[np.uint8]]

Genome = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEQCODER_MODELS", str(tmp_path))
    residues = np.random.default_rng(8).integers(0, 21, 4000).astype(np.uint8)
    write_model(tmp_path / "small.sqmodel", "small", residues)
    return tmp_path


def test_the_shipped_model_is_whole() -> None:
    model = load_model()
    assert model.path.stat().st_size <= 24_000_000
    assert hashlib.sha256(model.file.decoder).hexdigest() == model.digest
    assert model.file.encoder
    assert find_model(model.digest[:16]).digest == model.digest


def test_loading_starts_no_torch() -> None:
    code = (
        "import sys; from seqcoder.latent import load_model; m = load_model();"
        "import numpy as np; m.classes(np.ones(3, np.int8), 60);"
        "assert not {'torch', 'ray'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_same_contents_give_the_same_file(models: Path) -> None:
    residues = np.random.default_rng(8).integers(0, 21, 4000).astype(np.uint8)
    again = write_model(models / "again.sqmodel", "small", residues)
    assert (models / "again.sqmodel").read_bytes() == (models / "small.sqmodel").read_bytes()
    assert load_model("small").digest == again.digest
    assert {m.name for m in list_models()} >= {"small", "prokaryote-2"}


def test_models_in_a_bucket(
    bucket: str, models: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any
) -> None:
    scratch = tmp_path_factory.mktemp("scratch")
    monkeypatch.setenv("SEQCODER_SCRATCH", str(scratch))
    open_store(f"{bucket}/models").put("small.sqmodel", (models / "small.sqmodel").read_bytes())
    small = load_model("small")
    monkeypatch.setenv("SEQCODER_MODELS", f"/nowhere:{bucket}/models")
    found = load_model("small")
    assert found.digest == find_model(small.digest).digest == small.digest
    assert found.path.is_relative_to(scratch)


def test_counts_and_residues_come_back(models: Path) -> None:
    rng = np.random.default_rng(9)
    residues = rng.integers(0, 21, 500).astype(np.uint8)
    counts = rng.integers(0, 256, (2, 65536, 4)).astype(np.uint8)
    write_model(models / "counted.sqmodel", "counted", residues, counts)
    library = load_model("counted").library
    assert np.array_equal(library.residues, residues)
    unpacked = np.stack([(library.counts >> (8 * s)) & 255 for s in range(4)], axis=1)
    assert np.array_equal(unpacked.reshape(2, 65536, 4), counts)


def test_a_missing_or_different_model_is_refused(models: Path) -> None:
    for call in (
        lambda: load_model("no-such-model"),
        lambda: load_model("small", "0" * 64),
        lambda: load_model(str(models / "absent.sqmodel")),
        lambda: find_model("ffffffffffffffff"),
    ):
        with pytest.raises(ModelError) as caught:
            call()
        assert caught.value.exit_code == 4
        assert "\n" not in str(caught.value)


def test_a_digest_finds_its_model_under_another_name(models: Path) -> None:
    wanted = load_model("small").digest
    assert load_model("renamed-since", wanted).digest == wanted


def test_a_damaged_file_is_not_in_the_way(models: Path) -> None:
    small, shipped = load_model("small").digest, load_model().digest
    (models / "a.sqmodel").write_bytes(b"SQCMODEL")
    assert {find_model(digest).digest for digest in (small, shipped)} == {small, shipped}
    found, problems = survey_models()
    assert [model.name for model in found] == ["small", "prokaryote-2"]
    assert [problem.partition(": ")[0] for problem in problems] == [str(models / "a.sqmodel")]
    # One of the name of the default is damaged: what an archive needs is found all the same.
    (models / "prokaryote-2.sqmodel").write_bytes(b"")
    assert load_model(digest=shipped).digest == shipped
    with pytest.raises(ModelError, match=r"prokaryote-2\.sqmodel: not a seqcoder model"):
        load_model()
    with pytest.raises(ModelError, match=r"is needed, but .*prokaryote-2\.sqmodel: not a"):
        load_model(digest="f" * 64)


def test_a_model_of_the_first_format_is_refused(models: Path) -> None:
    path = models / "small.sqmodel"
    path.write_bytes(path.read_bytes().replace(b'"format": 2', b'"format": 1'))
    with pytest.raises(ModelError, match="a model of format 1, not 2"):
        read_model(path)


@pytest.mark.parametrize("at", [0, 9, 40, -1, -2000])
def test_a_damaged_file_is_refused(models: Path, at: int) -> None:
    path = models / "small.sqmodel"
    data = bytearray(path.read_bytes())
    data[at] ^= 0x55
    path.write_bytes(data)
    with pytest.raises(ModelError, match="small"):
        read_model(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ModelError, match="small"):
        read_model(path)


def test_encoding_works_with_the_network_and_without(genome: Genome, models: Path) -> None:
    bases, truth = genome
    windows = -(-bases.size // STRIDE)
    for name in ("small", "prokaryote-2"):
        model = load_model(name)
        latents = model.encode(bases)
        assert latents.shape == (windows,)
        assert latents.dtype == np.int8
        assert (model.classes(latents, bases.size) == truth).mean() > 0.85


@pytest.mark.parametrize("n", [0, 1, 23, 24, 25, 96, 500])
def test_short_chunks_have_latents(n: int) -> None:
    bases = np.random.default_rng(n).integers(0, 4, n).astype(np.uint8)
    assert load_model().encode(bases, refine=True).shape == (-(-n // STRIDE),)
