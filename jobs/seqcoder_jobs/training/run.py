"""A whole training run: corpus in, model file out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqcoder.errors import InputError
from seqcoder.latent.modelfile import SUFFIX, ModelFile
from seqcoder_jobs.training.corpus import corpus_files, load_genome
from seqcoder_jobs.training.export import export_model
from seqcoder_jobs.training.library import choose_residues, starting_counts
from seqcoder_jobs.training.proteins import nearness, protein_stream
from seqcoder_jobs.training.train import TrainOptions, train


def read_families(path: Path) -> dict[str, str]:
    """Family by genome from lines ``genome<TAB>family``; a genome is its file's stem."""
    found = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            name, tab, family = line.partition("\t")
            if not tab:
                raise InputError(f"{path}, line {number}: expected genome<TAB>family")
            found[name.strip()] = family.strip()
    return found


def make_library(
    corpus: Path,
    budget: int,
    families: Path | None = None,
    progress: Callable[[str], None] = print,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Residues of a corpus's protein library, ``budget`` bytes once packed, and its counts.

    ``families`` names a table for :func:`read_families`; genomes it does not name, and
    all where it is None, are told apart by the words their proteins share.
    """
    genomes = [load_genome(path) for path in corpus_files(corpus)]
    streams = [protein_stream(g.bases, g.labels) for g in genomes]
    table = read_families(families) if families else {}
    near = nearness(streams, [table.get(g.name) for g in genomes])
    residues, owner = choose_residues(streams, near, budget, progress)
    pairs = [(g.bases, g.labels) for g in genomes]
    return residues, starting_counts(pairs, near, residues, owner)


def train_model(
    corpus: Path,
    out: Path,
    name: str,
    *,
    steps: int = 6000,
    seed: int = 1,
    workers: int = 1,
    library_bytes: int = 3_600_000,
    families: Path | None = None,
    resume: bool = True,
    progress: Callable[[str], None] = print,
) -> ModelFile:
    """Train the encoder, choose the library, write ``out/name.sqmodel``.

    With ``resume`` the encoder goes on from its checkpoint and a library already chosen
    is kept. Raises InputError if the corpus holds no FASTA.
    """
    options = TrainOptions(steps=steps, seed=seed)
    checkpoint = train(corpus, out, options, resume=resume, workers=workers, progress=progress)
    kept = out / "library.npz"
    if not (resume and kept.exists()):
        residues, counts = make_library(corpus, library_bytes, families, progress)
        partial = out / "library.partial.npz"
        np.savez(partial, residues=residues, counts=counts)
        partial.replace(kept)
    with np.load(kept, allow_pickle=False) as made:
        return export_model(
            checkpoint, made["residues"], made["counts"], out / f"{name}{SUFFIX}", name
        )
