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
from seqcoder_jobs.training.library import choose_residues
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


def library_residues(
    corpus: Path,
    budget: int,
    families: Path | None = None,
    progress: Callable[[str], None] = print,
) -> NDArray[np.uint8]:
    """The protein library of a corpus, in at most ``budget`` bytes once packed.

    ``families`` names a table for :func:`read_families`; genomes it does not name, and
    all where it is None, are told apart by the words their proteins share.
    """
    names, streams = [], []
    for path in corpus_files(corpus):
        genome = load_genome(path)
        names.append(genome.name)
        streams.append(protein_stream(genome.bases, genome.labels))
    table = read_families(families) if families else {}
    near = nearness(streams, [table.get(n) for n in names])
    return choose_residues(streams, near, budget, progress)


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
    kept = out / "library.npy"
    if not (resume and kept.exists()):
        partial = out / "library.partial.npy"
        np.save(partial, library_residues(corpus, library_bytes, families, progress))
        partial.replace(kept)
    residues = np.load(kept, allow_pickle=False)
    return export_model(checkpoint, residues, out / f"{name}{SUFFIX}", name)
