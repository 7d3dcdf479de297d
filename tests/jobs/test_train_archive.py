"""A model learned from an archive: the same as from its files, and worth having."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_runner import submit_here

import kin_genomes
from seqcoder import coder
from seqcoder.errors import InputError
from seqcoder.latent import LatentModel, load_model
from seqcoder_jobs.training.run import train_model


def quiet(_: str) -> None:
    pass


def coded(model: LatentModel, seed: int) -> int:
    bases = kin_genomes.genome(kin_genomes.species(1), seed)
    classes = model.classes(model.encode(bases), bases.size)
    return len(coder.encode(bases, 2, classes, model.library))


def test_an_archive_teaches_what_its_files_do(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    for name in ("a1.fa", "a2.fa", "a3.fa"):
        (folder / name).write_bytes(kin_genomes.files()[name])
    submit_here([folder], tmp_path / "archive")
    made = [
        train_model(corpus, tmp_path / out, "lab-1", residues=120_000, progress=quiet)
        for corpus, out in ((folder, "one"), (tmp_path / "archive", "two"))
    ]
    assert made[0].digest == made[1].digest
    model = load_model(str(tmp_path / "two" / "lab-1.sqmodel"))
    assert model.encode(kin_genomes.genome(kin_genomes.species(1), 4)[:3000]).size == 125
    assert coded(model, 14) < 0.7 * coded(load_model(), 14)


def test_an_archive_of_nothing_teaches_nothing(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "empty.fa").write_bytes(b"")
    submit_here([tmp_path / "lab"], tmp_path / "archive")
    with pytest.raises(InputError, match="archive: no genomes to train on"):
        train_model(tmp_path / "archive", tmp_path / "out", "none", progress=quiet)
