from __future__ import annotations

import json
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqcoder.errors import InputError, UsageError

pytest.importorskip("torch")

from seqcoder.fasta.bases import read_bases
from seqcoder.latent import load_model
from seqcoder_jobs.training.checkpoint import read_weights
from seqcoder_jobs.training.corpus import corpus_sources, draw_batch, load_genome
from seqcoder_jobs.training.encoder import NetworkShape
from seqcoder_jobs.training.loss import TrainOptions
from seqcoder_jobs.training.run import read_families, train_model
from seqcoder_jobs.training.train import train

SMALL = NetworkShape(stem=8, down=(8, 8, 16), blocks=2, funnel=8)


def options(steps: int) -> TrainOptions:
    return TrainOptions(steps=steps, batch=2, windows=32, shape=SMALL, stage_two=0.5)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from synthetic import synthetic_genome  # type: ignore[import-not-found]

    folder = tmp_path_factory.mktemp("corpus")
    for k in range(3):
        bases, _ = synthetic_genome(k, 40)
        letters = np.frombuffer(b"ACGT", np.uint8)[bases].tobytes()
        (folder / f"g{k}.fa").write_bytes(
            b">one\n" + letters[:5000] + b"\nNN\n>two\n" + letters[5000:]
        )
    return folder


def test_corpus_is_read(corpus: Path, tmp_path: Path) -> None:
    found = corpus_sources(corpus)
    assert [source.name for source in found] == ["g0", "g1", "g2"]
    assert set(np.unique(found[0].read())) == {0, 1, 2, 3}
    with pytest.raises(InputError, match="FASTA"):
        corpus_sources(tmp_path)
    assert [source.name for source in corpus_sources(corpus, most=2)] == ["g0", "g1"]
    families = {"g0": "a", "g1": "b", "g2": "b"}
    left = corpus_sources(corpus, families=families, without=["b"])
    assert [source.name for source in left] == ["g0"]


def test_batches_depend_on_seed_and_step_alone(corpus: Path) -> None:
    genomes = [load_genome(source) for source in corpus_sources(corpus)]
    a, b = draw_batch(genomes, 1, 5, 4, 32), draw_batch(genomes, 1, 5, 4, 32)
    assert np.array_equal(a.bases, b.bases)
    assert np.array_equal(a.costs, b.costs)
    assert not np.array_equal(a.bases, draw_batch(genomes, 1, 6, 4, 32).bases)
    assert np.allclose(a.shares.sum(axis=2), 1)
    # the labelled type is what the genome's own code finds cheap
    labelled = np.take_along_axis(a.costs, a.shares.argmax(axis=2)[..., None], axis=2).mean()
    assert labelled < a.costs.mean()


def test_a_run_resumed_is_the_run_uninterrupted(corpus: Path, tmp_path: Path) -> None:
    whole = train(corpus_sources(corpus), tmp_path / "a", options(6), progress=lambda _: None)

    half = tmp_path / "b"
    train(
        corpus_sources(corpus),
        half,
        options(6),
        progress=lambda _: None,
        checkpoint_every=3,
        stop_at=3,
    )
    resumed = train(corpus_sources(corpus), half, options(6), progress=lambda _: None)
    first, head = read_weights(whole)
    second, _ = read_weights(resumed)
    assert head["step"] == 6
    for key, value in first.items():
        assert np.array_equal(value, second[key]), key
    rows = [json.loads(x) for x in (half / "log.jsonl").read_text().splitlines()]
    assert [r["step"] for r in rows] == [6]
    with pytest.raises(UsageError, match=r"steps 6, now 7.*--no-resume"):
        train(corpus_sources(corpus), half, options(7), progress=lambda _: None)
    (tmp_path / "less").mkdir()
    for name in ("g0.fa", "g1.fa"):
        (tmp_path / "less" / name).write_bytes((corpus / name).read_bytes())
    with pytest.raises(UsageError, match="corpus 3 genomes"):
        train(corpus_sources(tmp_path / "less"), half, options(6), progress=lambda _: None)
    assert (half / "curves.png").read_bytes()[:4] == b"\x89PNG"


def test_a_model_comes_out(corpus: Path, tmp_path: Path) -> None:
    families = tmp_path / "families.tsv"
    families.write_text("# genome family\ng0\ta\ng1\tb\ng2\tc\n")
    assert read_families(families) == {"g0": "a", "g1": "b", "g2": "c"}
    said: list[str] = []
    model = train_model(
        corpus, tmp_path, "tiny", steps=2, residues=8000, families=families,
        progress=said.append,
    )  # fmt: skip
    loaded = load_model(str(tmp_path / "tiny.sqmodel"))
    assert loaded.digest == model.digest
    assert len(model.decoder) < 40_000
    with pytest.raises(UsageError, match=r"library.npz: .*library residues 8000, now 9000"):
        train_model(
            corpus, tmp_path, "tiny", steps=2, residues=9000, families=families,
            progress=said.append,
        )  # fmt: skip
    with pytest.raises(UsageError, match="--without d: no genome"):
        train_model(corpus, tmp_path, "tiny", families=families, without=["d"])
    with pytest.raises(UsageError, match="families"):
        train_model(corpus, tmp_path, "tiny", steps=2, residues=8000, progress=said.append)
    bases = read_bases(corpus / "g1.fa")
    assert loaded.encode(bases).size == -(-bases.size // 24)


@pytest.mark.ray
def test_workers_are_of_our_ray_and_leave(
    corpus: Path, tmp_path: Path, ray_cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    from seqcoder_cluster import ClusterOptions, connect
    from seqcoder_jobs.training import parallel

    asked: list[ClusterOptions] = []

    def asking(options: ClusterOptions) -> AbstractContextManager[None]:
        asked.append(options)
        return connect(options)

    monkeypatch.setattr(parallel, "connect", asking)
    path = train(corpus_sources(corpus), tmp_path, options(2), workers=2, progress=lambda _: None)
    assert read_weights(path)[1]["step"] == 2
    assert [a.workers for a in asked] == [2]
    until = time.monotonic() + 60
    while ray.available_resources().get("CPU") != ray.cluster_resources()["CPU"]:
        assert time.monotonic() < until, "the actors are still there"
        time.sleep(0.2)
