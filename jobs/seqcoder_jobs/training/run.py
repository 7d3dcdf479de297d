"""A whole training run: corpus in, model file out."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqcoder.errors import InputError, UsageError
from seqcoder.latent.choice import load_network
from seqcoder.latent.model import load_model
from seqcoder.latent.modelfile import SUFFIX, ModelFile
from seqcoder.latent.network import Network
from seqcoder.storage.lists import is_comment, lines_of, read_list
from seqcoder_jobs.training.corpus import (
    Source,
    corpus_sources,
    describe_corpus,
    draw_crops,
    load_genome,
)
from seqcoder_jobs.training.export import export_model
from seqcoder_jobs.training.kept import check_options, kept_options
from seqcoder_jobs.training.library import choose_residues, starting_counts
from seqcoder_jobs.training.proteins import nearness, protein_stream

RESIDUES = 24_000_000
"""Of the shipped model's library: more would pay, and take longer to load (docs/model.md)."""
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
    sources: list[Source],
    residues: int,
    families: Mapping[str, str],
    progress: Callable[[str], None] = print,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Residues of a corpus's protein library, at most so many, and its counts.

    ``families`` is a table from :func:`read_families`; genomes it does not name are grouped by
    the words their proteins share.
    """
    names = [source.name for source in sources]
    progress(f"translating the genes of {len(sources)} genomes")
    streams = []
    for genome in map(load_genome, sources):
        streams.append(protein_stream(genome.bases, genome.labels))
    near = nearness(streams, [families.get(name) for name in names])
    chosen, owner = choose_residues(streams, near, residues, progress)
    progress(f"{chosen.size} residues chosen; reading genomes for what their contexts begin with")
    return chosen, starting_counts(_to_read(sources), near, chosen, owner)


def _to_read(
    sources: list[Source],
) -> Iterator[tuple[int, NDArray[np.uint8], NDArray[np.uint8]]]:
    """Every fourth genome: number, bases and classes."""
    for number in range(0, len(sources), 4):
        genome = load_genome(sources[number])
        yield number, genome.bases, genome.labels


def train_model(
    corpus: Path,
    out: Path,
    name: str,
    *,
    residues: int = RESIDUES,
    families: Path | None = None,
    without: Collection[str] = (),
    most_genomes: int = 500,
    steps: int = 0,
    seed: int = 1,
    workers: int = 1,
    resume: bool = True,
    progress: Callable[[str], None] = print,
) -> ModelFile:
    """Choose a protein library, train an encoder if asked to, write ``out/name.sqmodel``.

    ``corpus`` is a folder of FASTA files or an archive. Without ``steps`` the encoder is the
    shipped model's. ``without`` are families whose genomes are left out. With ``resume`` a library
    already chosen is kept, and an encoder goes on from its checkpoint.

    Raises:
        InputError: the corpus has no genomes, or the table of families cannot be read.
        UsageError: ``out`` is a file; the checkpoint or the library in it is of another corpus or
            of other options; families are to be left out that the table does not have.
    """
    table = read_families(families) if families else {}
    unknown = sorted(set(without) - set(table.values()))
    if unknown:
        raise UsageError(f"--without {unknown[0]}: no genome in the table of families is of it")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; name a folder for the model")
    sources = corpus_sources(corpus, most=most_genomes, families=table, without=without)
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "library.npz"
    made_with = {
        "corpus": describe_corpus(sources),
        "library residues": residues,
        "families": {s.name: table[s.name] for s in sources if s.name in table},
    }
    if resume and kept.exists():
        check_options(kept, kept_options(kept), made_with)
    else:
        chosen, counts = make_library(sources, residues, table, progress)
        partial = out / "library.partial.npz"
        head = np.frombuffer(json.dumps(made_with).encode(), np.uint8)
        np.savez(partial, residues=chosen, counts=counts, head=head)
        partial.replace(kept)
    network = (
        _train_network(sources, out, steps, seed, workers, resume, progress)
        if steps
        else load_network(load_model().file)
    )
    with np.load(kept, allow_pickle=False) as made:
        path = out / f"{name}{SUFFIX}"
        return export_model(network, made["residues"], made["counts"], path, name)


def _train_network(
    sources: list[Source],
    out: Path,
    steps: int,
    seed: int,
    workers: int,
    resume: bool,
    progress: Callable[[str], None],
) -> Network:
    from seqcoder_jobs.training.loss import TrainOptions
    from seqcoder_jobs.training.quantise import load_encoder, quantise
    from seqcoder_jobs.training.train import train

    options = TrainOptions(steps=steps, seed=seed)
    checkpoint = train(sources, out, options, resume=resume, workers=workers, progress=progress)
    progress("rounding the encoder to integers")
    genomes = [load_genome(source) for source in sources[:_MEASURED]]
    crops = draw_crops(genomes, seed, _MEASURED, _CROP)
    return quantise(load_encoder(checkpoint), crops)
