"""Generates draft assemblies of one species, thousands of them, as FASTA files.

    python tests/scale/generate.py OUT --genomes 2000 --bases 3000000 --lineages 4 --seed 1

Not a toy: genomes evolve along coalescent trees (Kingman 1982), one a lineage, the lineages'
ancestors from one common chromosome. Along a branch happen substitutions (transitions twice as
likely as transversions), short indels, inversions, homologous recombination (stretches of some
kilobases taken over from other lineages, found by exact anchors), gain of islands from a pool
that the species shares (prophages, plasmids, resistance islands), of insertion sequences and,
rarely, of genes nobody else has, and loss of stretches. What comes out is an assembly: contigs of
log-normal lengths in random order and on random strands, or now and then a complete genome.

The same arguments give the same files, whatever the number of processes. Files are numbered at
random, so that the first n are a sample of the species.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Bases = np.ndarray
ANCHOR = 24
STOPS = (48, 50, 56)  # TAA, TAG, TGA with A, C, G, T = 0..3


@dataclass(frozen=True)
class Species:
    """What a species is like. Rates are per base, or per genome, of one unit of divergence 1."""

    genomes: int = 2000
    bases: int = 3_000_000
    lineages: int = 4
    seed: int = 1
    between: float = 0.010
    """Substitutions per base from the common chromosome to a lineage's ancestor."""
    within: float = 0.0020
    """Substitutions per base from a lineage's ancestor to its genomes, on average."""
    indels: float = 0.08
    """Indels a substitution."""
    imports: float = 0.02
    """Recombinations a substitution; each brings some 3,000 bases of another lineage."""
    islands: int = 300
    """In the pool that the species shares."""
    gains: float = 6e3
    """Islands gained for a divergence of 1; as much is lost again."""
    insertions: float = 5e3
    novel: float = 1.5e3
    """Stretches of genes nobody else has, gained for a divergence of 1."""
    inversions: float = 600.0
    contigs: float = 90_000.0
    """Mean length of a contig."""
    complete: float = 0.1
    """Share of complete genomes."""


def coding(rng: np.random.Generator, n: int, usage: np.ndarray) -> Bases:
    """Return ``n`` bases of genes on both strands, in a codon usage, with some bases between."""
    codons = np.flatnonzero(usage)
    lengths = rng.integers(120, 500, n // 600 + 2)
    parts: list[Bases] = []
    for length, flip, gap in zip(
        lengths, rng.random(len(lengths)) < 0.5, rng.integers(10, 180, len(lengths)), strict=True
    ):
        body = rng.choice(codons, int(length), p=usage[codons])
        gene = np.stack([body >> 4, body >> 2 & 3, body & 3], axis=1).reshape(-1).astype(np.uint8)
        parts += [3 - gene[::-1] if flip else gene, rng.integers(0, 4, gap).astype(np.uint8)]
        if sum(map(len, parts[-2:])) and sum(map(len, parts)) > n:
            break
    made = np.concatenate(parts)
    while len(made) < n:
        made = np.concatenate([made, made[: n - len(made)]])
    return made[:n]


def codon_usage(rng: np.random.Generator) -> np.ndarray:
    usage = rng.dirichlet(np.full(64, 0.5))
    usage[list(STOPS)] = 0
    return usage / usage.sum()


@dataclass(frozen=True)
class Pool:
    """What all genomes of the species draw on."""

    root: Bases
    islands: list[Bases]
    elements: list[Bases]
    """Insertion sequences."""
    usage: np.ndarray


def make_pool(species: Species) -> Pool:
    rng = np.random.default_rng([species.seed, 0])
    usage = codon_usage(rng)
    chunks = [coding(rng, 100_000, usage) for _ in range(-(-species.bases // 100_000))]
    root = np.concatenate(chunks)[: species.bases].copy()
    operon = coding(rng, 5_500, usage)  # ribosomal: several copies, all alike
    for at in rng.integers(0, max(len(root) - 6_000, 1), 6 if len(root) > 100_000 else 0):
        root[at : at + 5_500] = operon
    scale = min(1.0, species.bases / 1_000_000)
    sizes = (np.exp(rng.normal(9.3, 0.9, species.islands)) * scale).astype(int) + 300
    islands = [coding(rng, int(min(size, 70_000)), usage) for size in sizes]
    elements = [coding(rng, int(n), usage) for n in rng.integers(700, 2_500, 12)]
    return Pool(root, islands, elements, usage)


def substitute(rng: np.random.Generator, genome: Bases, count: int) -> None:
    """Change bases in place; two of three changes are transitions (A with G, C with T)."""
    at = rng.integers(0, len(genome), count)
    change = rng.choice(np.array([2, 2, 2, 2, 1, 3], np.uint8), count)
    genome[at] = np.where(change == 2, genome[at] ^ 2, genome[at] ^ change)


def spliced(genome: Bases, edits: list[tuple[int, int, Bases]]) -> Bases:
    """Return the genome with stretches [start, stop) replaced; of two that overlap the first."""
    parts, done = [], 0
    for start, stop, new in sorted(edits, key=lambda edit: edit[:2]):
        if start >= done:
            parts += [genome[done:start], new]
            done = max(stop, start)
    return np.concatenate([*parts, genome[done:]])


def homologous(
    rng: np.random.Generator, genome: Bases, donor: Bases, text: bytes
) -> tuple[int, int, Bases] | None:
    """Return a stretch of a donor in place of the genome's own, between exact anchors."""
    length = int(rng.exponential(3_000)) + 300
    if len(genome) < 4 * length:
        return None
    start = int(rng.integers(0, len(genome) - length - 2 * ANCHOR))
    ends = []
    for at in (start, start + length):
        near = max(0, int(at * len(donor) / len(genome)) - 250_000)
        found = text.find(genome[at : at + ANCHOR].tobytes(), near, near + 500_000)
        if found < 0:
            return None
        ends.append(found)
    if not length // 2 < ends[1] - ends[0] < 2 * length:
        return None
    return start, start + length, donor[ends[0] : ends[1]]


def evolve(
    rng: np.random.Generator,
    genome: Bases,
    divergence: float,
    species: Species,
    pool: Pool,
    donors: list[tuple[Bases, bytes]],
) -> Bases:
    """Return a descendant at ``divergence`` substitutions per base."""
    n = len(genome)
    out = genome.copy()
    changes = int(rng.poisson(divergence * n))
    substitute(rng, out, changes)
    edits: list[tuple[int, int, Bases]] = []
    nothing = out[:0]
    for _ in range(rng.poisson(changes * species.indels)):
        at, size = int(rng.integers(0, n - 200)), min(int(rng.geometric(0.3)), 60)
        size = 3 * size if rng.random() < 0.4 else size
        new = rng.integers(0, 4, size).astype(np.uint8)
        edits.append((at, at, new) if rng.random() < 0.5 else (at, at + size, nothing))
    for _ in range(rng.poisson(changes * species.imports) if donors else 0):
        donor, text = donors[int(rng.integers(0, len(donors)))]
        if found := homologous(rng, out, donor, text):
            edits.append(found)
    scale = divergence * n / 3_000_000
    mean = sum(map(len, pool.islands)) / len(pool.islands) * 1.15  # what else is gained, too
    for _ in range(rng.poisson(species.gains * scale)):
        at = int(rng.integers(0, n))
        edits.append((at, at, pool.islands[int(rng.integers(0, len(pool.islands)))]))
        size = int(min(rng.exponential(mean), n / 20))
        at = int(rng.integers(0, n - size))
        edits.append((at, at + size, nothing))
    for _ in range(rng.poisson(species.insertions * scale)):
        at = int(rng.integers(0, n))
        edits.append((at, at, pool.elements[int(rng.integers(0, len(pool.elements)))]))
    for _ in range(rng.poisson(species.novel * scale)):
        at, size = int(rng.integers(0, n)), int(min(rng.exponential(8_000), n / 20)) + 300
        edits.append((at, at, coding(rng, size, pool.usage)))
    for _ in range(rng.poisson(species.inversions * scale)):
        size = int(min(rng.exponential(30_000), n / 10)) + 500
        at = int(rng.integers(0, n - size))
        edits.append((at, at + size, 3 - out[at : at + size][::-1]))
    return spliced(out, edits) if edits else out


def coalescent(rng: np.random.Generator, n: int) -> tuple[list[tuple[int, int]], list[float]]:
    """Return (children of inner nodes n, n + 1, ...), heights of all nodes; the root is the last.

    Heights are scaled so that the leaves are 1 below the root on average over many trees.
    """
    children: list[tuple[int, int]] = []
    heights = [0.0] * n
    alive, now = list(range(n)), 0.0
    while len(alive) > 1:
        k = len(alive)
        now += float(rng.exponential(2.0 / (k * (k - 1)))) / 2.0
        one, two = sorted(rng.choice(k, 2, replace=False).tolist(), reverse=True)
        children.append((alive.pop(one), alive.pop(two)))
        alive.append(n + len(children) - 1)
        heights.append(now)
    return children, heights


def assembly(rng: np.random.Generator, genome: Bases, name: str, species: Species) -> bytes:
    """Return a genome as an assembler leaves it, in FASTA."""
    n = len(genome)
    if rng.random() < species.complete:
        pieces = [genome]
    else:
        wanted = max(1, int(n / species.contigs * rng.uniform(0.5, 2.0)))
        weights = np.exp(rng.normal(0, 1.0, wanted))
        cuts = np.unique((np.cumsum(weights / weights.sum()) * n).astype(int)[:-1])
        lost = rng.integers(0, 300, len(cuts) + 1)  # what no contig holds
        edges = [0, *cuts.tolist(), n]
        pieces = [
            genome[a + int(gap) : b]
            for a, b, gap in zip(edges[:-1], edges[1:], lost, strict=True)
            if b - a - int(gap) >= 200
        ]
        flips = rng.random(len(pieces)) < 0.5
        pieces = [3 - p[::-1] if flip else p for p, flip in zip(pieces, flips, strict=True)]
        pieces = [pieces[i] for i in np.argsort([-len(p) for p in pieces], kind="stable")]
    out = bytearray()
    for number, piece in enumerate(pieces, 1):
        out += f">{name}.contig{number:05d} length={len(piece)}\n".encode()
        text = np.frombuffer(b"ACGT", np.uint8)[piece]
        full = len(text) // 60 * 60
        lines = np.empty((full // 60, 61), np.uint8)
        lines[:, :60] = text[:full].reshape(-1, 60)
        lines[:, 60] = 10
        out += lines.tobytes() + (text[full:].tobytes() + b"\n" if full < len(text) else b"")
    return bytes(out)


def lineage(number: int, count: int, numbers: list[int], out: str, species: Species) -> int:
    """Write the genomes of one lineage, as files of these numbers; returns their bytes."""
    pool = make_pool(species)
    ancestors = []
    for which in range(species.lineages):
        rng = np.random.default_rng([species.seed, 1, which])
        ancestors.append(evolve(rng, pool.root, species.between, species, pool, []))
    donors = [(a, a.tobytes()) for i, a in enumerate(ancestors) if i != number]
    rng = np.random.default_rng([species.seed, 2, number])
    children, heights = coalescent(rng, count)
    written = 0
    # Depth first, so that only one line of descent is in memory.
    stack = [(len(heights) - 1, ancestors[number])]
    while stack:
        node, genome = stack.pop()
        if node < count:
            name = f"SYN{species.seed:02d}{numbers[node]:06d}"
            text = assembly(rng, genome, name, species)
            (Path(out) / f"{name}.fa").write_bytes(text)
            written += len(text)
            continue
        for child in children[node - count]:
            divergence = (heights[node] - heights[child]) * 2 * species.within
            stack.append((child, evolve(rng, genome, divergence, species, pool, donors)))
    return written


def generate(out: Path, species: Species, workers: int = 2) -> int:
    """Write all genomes below ``out``; returns their bytes."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([species.seed, 3])
    shares = rng.dirichlet(np.full(species.lineages, 2.0))
    of = rng.choice(species.lineages, species.genomes, p=shares)
    with ProcessPoolExecutor(workers) as pool:
        jobs = []
        for number in range(species.lineages):
            numbers = np.flatnonzero(of == number).tolist()
            if numbers:
                jobs.append(pool.submit(lineage, number, len(numbers), numbers, str(out), species))
        return sum(job.result() for job in jobs)


def main() -> None:
    """Read the command line and generate."""
    parser = argparse.ArgumentParser(description="Draft assemblies of one species, as FASTA files")
    parser.add_argument("out", type=Path)
    for name in ("genomes", "bases", "lineages", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Species, name))
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    species = Species(given.genomes, given.bases, given.lineages, given.seed)
    written = generate(given.out, species, given.workers)
    print(f"{given.genomes} genomes, {written / 1e9:.2f} GB in {given.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
