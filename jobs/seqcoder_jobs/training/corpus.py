"""The training corpus: genomes of a folder or an archive, their labels, and batches of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqcoder.errors import InputError
from seqcoder.fasta.bases import read_bases
from seqcoder.latent import phase_model
from seqcoder.latent.phase_model import COST_ONE_BIT, ORDER
from seqcoder.latent.types import CLASS_OF, STRIDE, TYPES, base_types, latents_to_classes, mirror
from seqcoder.storage.checksum import file_sha256
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.lookup import ArchivedGenome, archived_genomes_now
from seqcoder_jobs.reading.archive_reader import OpenArchive

_SUFFIXES = (".fa", ".fna", ".fasta", ".fa.zst", ".fna.zst", ".fasta.zst")


@dataclass(frozen=True)
class TrainingGenome:
    """One training genome: bases and labels (n,) uint8, window costs' table (4096, 8) int32."""

    name: str
    bases: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    costs: NDArray[np.int32]


@dataclass(frozen=True)
class Source:
    """A genome to train on: its name, its SHA-256, and how its bases are read, (n,) uint8."""

    name: str
    sha256: str
    read: Callable[[], NDArray[np.uint8]]


def corpus_sources(
    corpus: Path,
    *,
    most: int | None = None,
    families: Mapping[str, str] | None = None,
    without: Collection[str] = (),
) -> list[Source]:
    """Genomes of a folder of FASTA files, by name, or of an archive, in its order.

    Of more than ``most`` as many are taken, evenly spaced. Those that ``families`` says are of a
    family in ``without`` are left out.

    Raises:
        InputError: there is none.
    """
    archive = Archive(corpus)
    found = _archived(archive) if archive.exists else _files(corpus)
    names = families or {}
    found = [source for source in found if names.get(source.name) not in without]
    if not found:
        what = "genomes" if archive.exists else f"FASTA files ({', '.join(_SUFFIXES)})"
        raise InputError(f"{corpus}: no {what} to train on")
    if most is not None and len(found) > most:
        found = [found[len(found) * k // most] for k in range(most)]
    return found


def _stem(name: str) -> str:
    return name.rpartition("/")[2].split(".")[0]


def _files(folder: Path) -> list[Source]:
    files = sorted(p for p in folder.iterdir() if p.name.endswith(_SUFFIXES))
    return [Source(_stem(p.name), file_sha256(p), partial(read_bases, p)) for p in files]


def _archived(archive: Archive) -> list[Source]:
    found = []
    places = archived_genomes_now(archive)
    with OpenArchive(archive, places) as opened:
        for place in places:
            genome = opened[place.name]
            if genome.row.n_bases:
                read = partial(_read_archived, archive, place)
                found.append(Source(_stem(place.name), genome.sha256, read))
    return found


def _read_archived(archive: Archive, place: ArchivedGenome) -> NDArray[np.uint8]:
    with OpenArchive(archive, [place], threads=1, most_open=1) as opened:
        return opened[place.name].bases()


def describe_corpus(sources: list[Source]) -> str:
    """Say which genomes a run is made from, names and contents, so that another corpus differs."""
    facts = "".join(f"{source.sha256}  {source.name}\n" for source in sources)
    return f"{len(sources)} genomes, SHA-256 {sha256(facts.encode()).hexdigest()[:16]}"


def load_genome(source: Source) -> TrainingGenome:
    """Read one genome and label it with the phase model (a tenth of a second for 5 Mbases)."""
    bases = source.read()
    types = phase_model.fit_types(bases, options=phase_model.PhaseOptions(rounds=8))
    costs = phase_model.word_costs(phase_model.count_words(bases, types)).astype(np.int32)
    labels = latents_to_classes(types.view(np.int8), bases.size)
    return TrainingGenome(source.name, bases, labels, costs)


@dataclass(frozen=True)
class Batch:
    """Crops: bases (b, 24 k) uint8, type shares (b, k, 7) and type costs in bits, float32."""

    bases: NDArray[np.uint8]
    shares: NDArray[np.float32]
    costs: NDArray[np.float32]


def _crop(
    genome: TrainingGenome, start: int, windows: int, flip: bool
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    size = windows * STRIDE
    # five bases more on the left complete the first words
    left = genome.bases[start - ORDER : start + size].astype(np.int64)
    labels = genome.labels[start : start + size]
    if flip:
        left = 3 - genome.bases[start : start + size + ORDER][::-1].astype(np.int64)
        labels = mirror(labels)
    bases = left[ORDER:].astype(np.uint8)
    types = base_types(labels).reshape(windows, STRIDE)
    shares = (types[:, :, None] == np.arange(TYPES)).mean(axis=1, dtype=np.float32)
    words = np.zeros(size, np.int64)
    for k in range(ORDER + 1):
        words = words * 4 + left[k : k + size]
    by_class = genome.costs[words].reshape(windows, STRIDE // 3, 3, 8)
    costs = np.zeros((windows, TYPES), np.float32)
    for j in range(3):
        costs += by_class[:, :, j, CLASS_OF[:, j]].sum(axis=1)
    return bases, shares.astype(np.float32), (costs / COST_ONE_BIT).astype(np.float32)


def draw_batch(
    genomes: list[TrainingGenome], seed: int, step: int, size: int, windows: int
) -> Batch:
    """Draw ``size`` crops of ``windows`` windows at random: a function of (seed, step) alone.

    Genomes are drawn by the square root of their length; half of the crops are reverse
    complements.
    """
    rng = np.random.default_rng([seed, step])
    need = windows * STRIDE + 2 * ORDER
    usable = [g for g in genomes if g.bases.size > need]
    if not usable:
        raise InputError(f"no genome of the corpus is longer than a crop of {need} bases")
    weights = np.sqrt([float(g.bases.size) for g in usable])
    rows = []
    for pick in rng.choice(len(usable), size, p=weights / weights.sum()):
        genome = usable[pick]
        start = int(rng.integers(ORDER, genome.bases.size - need + ORDER + 1))
        rows.append(_crop(genome, start, windows, bool(rng.integers(2))))
    return Batch(*(np.stack(part) for part in zip(*rows, strict=True)))


def draw_crops(
    genomes: list[TrainingGenome], seed: int, count: int, size: int
) -> list[NDArray[np.uint8]]:
    """Draw ``count`` crops of ``size`` bases, or whole genomes where they are shorter."""
    rng = np.random.default_rng(seed)
    crops = []
    for pick in rng.choice(len(genomes), count):
        bases = genomes[pick].bases
        start = int(rng.integers(0, max(1, bases.size - size)))
        crops.append(bases[start : start + size])
    return crops
