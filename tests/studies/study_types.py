"""What better types could gain in short chunks: the network against types that know more.

::

    python tests/studies/study_types.py --model twin.sqmodel [--other trained.sqmodel] genomes/*.fa

Bytes of latents and residual at level 2, without latents where that is smaller: of contigs, of
chunks of contigs of several genomes, and of small records (plasmids, phages). *Whole genome*: types
of the same windows as chosen there. *Searched*: the best of all columns, changed run by run and
border by border while the coder's own bytes become fewer, of every ``--every``-th piece up to
32,000 bases, against the network on the same. What that saves is in part chance.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqcoder import coder, core
from seqcoder.fasta.decompression import open_bytes
from seqcoder.fasta.model import NotFasta
from seqcoder.fasta.parsing import parse
from seqcoder.latent import LatentModel, load_model, pack_latents
from seqcoder.latent import phase_model as phase
from seqcoder.latent.choice import NETWORK_BELOW
from seqcoder.latent.types import STRIDE, classes_to_latents, latents_to_classes, mirror
from seqcoder.settings import DEFAULT_MODEL

Array = NDArray[np.uint8]
DRAWS = {1000: 16, 3000: 12, 10_000: 8, 30_000: 4, 100_000: 2}  # of every genome, by length
MIXED = {"mixed, contigs to 6,000": 6000, "mixed, contigs to 40,000": 40_000}
SEARCHED_BELOW, MOST_TRIED = 32_000, 1500  # bases, variants


def price(bases: Array, types: Array, model: LatentModel) -> int:
    """The bytes that a chunk takes by the types of its windows."""
    if not types.any():
        return len(coder.encode(bases, 2))
    latents = types.view(np.int8)
    classes = model.classes(latents, bases.size)
    return len(pack_latents(latents)) + len(coder.encode(bases, 2, classes, model.library))


def runs(values: NDArray[np.generic]) -> Iterator[tuple[int, int]]:
    edges = (np.flatnonzero(values[1:] != values[:-1]) + 1).tolist()
    yield from zip([0, *edges], [*edges, values.size], strict=True)


def edits(types: Array, others: list[Array]) -> Iterator[tuple[int, int, Array | int]]:
    """Windows from, to, and their new types: as others have them, a run joined, a border moved."""
    for other in others:
        for a, b in runs(other != types):
            yield a, b, other[a:b]
    for a, b in runs(types):
        before = int(types[max(0, a - 1)])
        yield from ((a, b, new) for new in (0, before, int(types[min(b, types.size - 1)])))
        for far in (1, 2, 4, 8):
            yield max(0, a - far), a, int(types[a])
            yield a, a + far, before


def searched(bases: Array, starts: list[Array], paid: list[int], model: LatentModel) -> int:
    """The fewest bytes found: an edit is kept as soon as it makes them fewer."""
    best, now = min(paid), starts[int(np.argmin(paid))]
    tried, before = 0, best + 1
    while best < before:
        before = best
        for a, b, new in edits(now, starts):
            types = now.copy()
            types[a:b] = new
            if tried < MOST_TRIED and not np.array_equal(types, now):
                tried += 1
                if (found := price(bases, types, model)) < best:
                    best, now = found, types
    return best


def cut(rng: np.random.Generator, bases: Array, types: Array, n: int) -> tuple[Array, Array]:
    """A contig of n bases, whole windows, on a random strand; and its types."""
    w = int(rng.integers(0, (bases.size - n) // STRIDE))
    part, known = bases[w * STRIDE :][:n], types[w:][: n // STRIDE]
    if rng.integers(2):
        classes = mirror(latents_to_classes(known.view(np.int8), n))
        part, known = 3 - part[::-1], classes_to_latents(classes).view(np.uint8)
    return np.ascontiguousarray(part), np.ascontiguousarray(known)


def pieces(files: list[Path], model: LatentModel) -> Iterator[tuple[str, Array, Array]]:
    """Group, bases, and types of the windows as the whole genome has them."""
    rng, genomes, options = np.random.default_rng(20), [], phase.PhaseOptions()
    for path in files:
        parsed = map(parse, open_bytes(path).replace(b">", b"\0>").split(b"\0")[1:])
        records = [x.bases for x in parsed if not isinstance(x, NotFasta) and x.bases.size]
        bases = np.concatenate(records)
        types = model.encode(bases).view(np.uint8)
        costs = phase.word_costs(phase.count_words(bases, types))
        for record in records if len(records) <= 8 else ():
            if 1500 < record.size < NETWORK_BELOW:
                known = np.empty(-(-record.size // STRIDE), np.uint8)
                core.cheapest_types(record, costs, options.into_gene, options.into_other, known)
                yield "plasmids, phages", record, known
        if bases.size > NETWORK_BELOW:
            genomes.append((bases, types))
            for n, draws in DRAWS.items():
                for _ in range(draws):
                    yield f"{n:,}", *cut(rng, bases, types, n // STRIDE * STRIDE)
    for group, most in MIXED.items():
        for _ in range(30):
            sizes = np.exp(rng.uniform(np.log(1000), np.log(most), rng.integers(4, 16)))
            drawn = [(genomes[rng.integers(len(genomes))], int(n) // 24 * 24) for n in sizes]
            contigs, theirs = zip(*(cut(rng, *genome, n) for genome, n in drawn), strict=True)
            yield group, np.concatenate(contigs), np.concatenate(theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--other", help="a model whose network is tried too")
    parser.add_argument("--every", type=int, default=8)
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args()
    models = [load_model(name) for name in (given.model, given.other) if name]
    columns = ["no latents", "open frames", "network", "other"][: 2 + len(models)]
    sums: dict[str, NDArray[np.int64]] = {}
    for number, (group, bases, known) in enumerate(pieces(given.files, models[0])):
        found = [m.encode(bases).view(np.uint8) for m in models]
        tried = [np.zeros_like(known), phase.fit_types(bases), *found, known]
        alone, *paid = (price(bases, types, models[0]) for types in tried)
        paid = [alone, *(min(alone, x) for x in paid)]
        search = number % given.every == 0 and bases.size < SEARCHED_BELOW
        best = [paid[2], searched(bases, tried, paid, models[0])] if search else [0, 0]
        row = np.array([1, bases.size, *paid, *best])
        for name in (group, "all"):
            sums[name] = sums.get(name, np.zeros_like(row)) + row
    print(f"| contigs | pieces | bases | {' | '.join(columns)} | whole genome | searched |")
    print("| --- |" + " ---: |" * (len(columns) + 4))
    for name, (n, size, *sizes, some, least) in sorted(sums.items(), key=lambda x: x[0] == "all"):
        cells = [f"{x:,}" for x in (n, size, *sizes[:3])]
        cells += [f"{x:,} ({100 * (x / sizes[2] - 1):+.2f} %)" for x in sizes[3:]]
        cells += [f"{100 * (least / some - 1):+.2f} %" if some else ""]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
