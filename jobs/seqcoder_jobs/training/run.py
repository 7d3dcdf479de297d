"""A whole training run: corpus in, model file out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from seqcoder.errors import InputError
from seqcoder.latent.modelfile import SUFFIX, ModelFile
from seqcoder.storage.lists import is_comment, lines_of, read_list
from seqcoder_jobs.training.checkpoint import check_options
from seqcoder_jobs.training.corpus import corpus_files, describe_corpus, draw_crops, load_genome
from seqcoder_jobs.training.export import export_model, load_encoder
from seqcoder_jobs.training.library import choose_residues, starting_counts
from seqcoder_jobs.training.loss import TrainOptions
from seqcoder_jobs.training.proteins import nearness, protein_stream
from seqcoder_jobs.training.quantise import quantise
from seqcoder_jobs.training.train import train

# Crops, and bases of each, that show how large the encoder's activations get.
_MEASURED = 24
_CROP = 24_000


def read_families(path: Path) -> dict[str, str]:
    """Family by genome from lines ``genome<TAB>family``; a genome is its file's stem."""
    found = {}
    for number, line in enumerate(lines_of(read_list(path), str(path)), 1):
        if not is_comment(line):
            name, tab, family = line.partition("\t")
            if not tab:
                raise InputError(f"{path}, line {number}: expected genome<TAB>family")
            found[name.strip()] = family.strip()
    return found


def make_library(
    corpus: Path,
    budget: int,
    families: Mapping[str, str],
    progress: Callable[[str], None] = print,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Residues of a corpus's protein library, ``budget`` bytes once packed, and its counts.

    ``families`` is a table from :func:`read_families`; genomes it does not name are grouped by
    the words their proteins share.
    """
    genomes = [load_genome(path) for path in corpus_files(corpus)]
    streams = [protein_stream(g.bases, g.labels) for g in genomes]
    near = nearness(streams, [families.get(g.name) for g in genomes])
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
    is kept.

    Raises:
        InputError: the corpus holds no FASTA, or the table of families cannot be read.
        UsageError: the checkpoint or the library in ``out`` is of another corpus or of other
            options.
    """
    options = TrainOptions(steps=steps, seed=seed)
    checkpoint = train(corpus, out, options, resume=resume, workers=workers, progress=progress)
    kept = out / "library.npz"
    table = read_families(families) if families else {}
    made_with = {
        "corpus": describe_corpus(corpus_files(corpus)),
        "library bytes": library_bytes,
        "families": table,
    }
    if resume and kept.exists():
        check_options(kept, _kept_options(kept), made_with)
    else:
        residues, counts = make_library(corpus, library_bytes, table, progress)
        partial = out / "library.partial.npz"
        head = np.frombuffer(json.dumps(made_with).encode(), np.uint8)
        np.savez(partial, residues=residues, counts=counts, head=head)
        partial.replace(kept)
    progress("rounding the encoder to integers")
    genomes = [load_genome(path) for path in corpus_files(corpus)[:_MEASURED]]
    crops = draw_crops(genomes, seed, _MEASURED, _CROP)
    network = quantise(load_encoder(checkpoint), crops)
    with np.load(kept, allow_pickle=False) as made:
        return export_model(
            network, made["residues"], made["counts"], out / f"{name}{SUFFIX}", name
        )


def _kept_options(library: Path) -> dict[str, Any]:
    """Return what a kept library was made with; nothing is known of one without a head."""
    try:
        with np.load(library, allow_pickle=False) as data:
            return dict(json.loads(bytes(data["head"]))) if "head" in data.files else {}
    except (OSError, ValueError, BadZipFile) as error:
        raise InputError(
            f"{library}: cannot be read ({error}); remove it to have the library chosen again"
        ) from None
