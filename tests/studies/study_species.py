"""What it costs to cut a species into containers, and how time grows within one.

    python tests/studies/study_species.py FILE...          # sizes and times at several cuts
    python tests/studies/study_species.py --grow 200 FILE  # time a genome as a container fills
    python tests/studies/study_species.py --group 100000   # time and memory of grouping

Genomes are cut as a cluster cuts a group that is larger than a container (`pieces`): neighbours
together, farthest first within each. Times are CPU seconds of one process.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

Bases = npt.NDArray[np.uint8]
Sketch = npt.NDArray[np.uint64]


def cuts(files: Sequence[Path], parts: Sequence[int]) -> Iterator[tuple[int, int, float]]:
    """Yield for each number of containers how many bytes they have in all, and CPU seconds."""
    from seqcoder import fasta
    from seqcoder.pangenome import arrange, sketch
    from seqcoder.pangenome.grouping import neighbours
    from seqcoder.settings import Settings
    from seqcoder.writing.chunk import ChunkCoder
    from seqcoder.writing.executor import ThreadExecutor
    from seqcoder.writing.genome_source import GenomeSource
    from seqcoder.writing.pipeline import write_container

    sketches = []
    for file in files:
        parsed = fasta.parse(file.read_bytes())
        if isinstance(parsed, fasta.NotFasta):
            raise typer.BadParameter(f"{file}: no FASTA")
        sketches.append(sketch(parsed.bases))
    order = neighbours(range(len(files)), sketches)
    coder = ChunkCoder(Settings())
    for n in parts:
        edges = [len(files) * i // n for i in range(n + 1)]
        size, started = 0, time.process_time()
        for a, b in pairwise(edges):
            members = [files[i] for i in arrange(order[a:b], sketches)]
            sources = [
                GenomeSource(path=str(file), name=file.name, size=file.stat().st_size)
                for file in members
            ]
            with tempfile.TemporaryDirectory() as folder:
                out = Path(folder) / "container.sqc"
                executor = ThreadExecutor(coder, 1)
                write_container(sources, Settings(), coder.model_digests(), executor, out)
                size += out.stat().st_size
        yield n, size, time.process_time() - started


def strains(ancestor: Bases, n: int) -> Iterator[Bases]:
    """Yield ``n`` simulated strains of 8 lineages.

    Each has 1 % substitutions of its lineage, 0.1 % of its own and 20 stretches of 2000 bases
    of its own.
    """
    rng = np.random.default_rng(1)

    def changed(bases: Bases, rate: float) -> Bases:
        out = bases.copy()
        where = rng.integers(0, len(out), int(rate * len(out)))
        out[where] ^= rng.integers(1, 4, len(where)).astype(np.uint8)
        return out

    lineages = [changed(ancestor, 0.01) for _ in range(8)]
    for i in range(n):
        bases = changed(lineages[i % 8], 0.001)
        at = np.sort(rng.integers(0, len(bases), 20))
        pieces = np.split(bases, at)
        new = [rng.integers(0, 4, 2000).astype(np.uint8) for _ in at]
        yield np.concatenate(
            [p for pair in zip(pieces, [*new, bases[:0]], strict=True) for p in pair]
        )


def growth(ancestor: Bases, n: int, every: int) -> Iterator[tuple[int, float, int, int]]:
    """Yield after ``every`` genomes: how many, CPU seconds a genome since, base space, walks."""
    from seqcoder.pangenome import PanGenome

    pan = PanGenome()
    walks, seconds = 0, 0.0
    for i, bases in enumerate(strains(ancestor, n), 1):
        started = time.process_time()
        walks += len(pan.add(bases).data)
        seconds += time.process_time() - started
        if i % every == 0:
            yield i, seconds / every, pan.n_bases, walks
            seconds = 0.0


def simulated_sketches(n: int, family: int, kept: float) -> Iterator[Sketch]:
    """Yield sketches of 3 Mb genomes in families, ``kept``: what they have of the ancestor's."""
    rng = np.random.default_rng(1)
    limit = (1 << 64) // 3000  # all hashes of a genome that can be among its 1000 smallest
    size = 1300
    for first in range(0, n, family):
        ancestor = rng.integers(0, limit, size, dtype=np.uint64)
        for _ in range(min(family, n - first)):
            own = rng.random(size) >= kept
            hashes = ancestor.copy()
            hashes[own] = rng.integers(0, limit, int(own.sum()), dtype=np.uint64)
            yield np.unique(hashes)


def grouping(n: int, family: int, kept: float) -> tuple[int, float, int]:
    """Return the number of groups, CPU seconds, and the process's largest memory in MB."""
    from seqcoder.pangenome import group
    from seqcoder.pangenome.sketches import SketchTable

    table = SketchTable.of(simulated_sketches(n, family, kept), n)
    started = time.process_time()
    found = len(group(table))
    seconds = time.process_time() - started
    return found, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def main(
    files: Annotated[list[Path] | None, typer.Argument(help="FASTA files of one species")] = None,
    parts: Annotated[str, typer.Option(help="numbers of containers")] = "1,2,3",
    grow: Annotated[int, typer.Option(help="add so many simulated strains of FILE")] = 0,
    group: Annotated[int, typer.Option(help="group so many simulated sketches")] = 0,
    family: Annotated[int, typer.Option(help="genomes in a family")] = 100,
    kept: Annotated[float, typer.Option(help="hashes kept of the family's ancestor")] = 0.8,
) -> None:
    """Measure what large groups cost."""
    out = sys.stdout
    if group:
        found, seconds, memory = grouping(group, family, kept)
        out.write(f"{group} genomes, families of {family}: ")
        out.write(f"{found} groups, {seconds:.1f} s, {memory} MB\n")
    elif grow and files:
        from seqcoder import fasta

        parsed = fasta.parse(files[0].read_bytes())
        if isinstance(parsed, fasta.NotFasta):
            raise typer.BadParameter(f"{files[0]}: no FASTA")
        out.write("genomes\tseconds/genome\tbase space\twalks\n")
        for n, seconds, space, walks in growth(parsed.bases, grow, max(1, grow // 10)):
            out.write(f"{n}\t{seconds:.3f}\t{space}\t{walks}\n")
            out.flush()
    elif files:
        out.write("containers\tgenomes each\tbytes\tCPU s\n")
        for n, size, seconds in cuts(files, [int(part) for part in parts.split(",")]):
            out.write(f"{n}\t{len(files) / n:.1f}\t{size}\t{seconds:.1f}\n")
            out.flush()
    else:
        raise typer.BadParameter("give files, or --group")


if __name__ == "__main__":
    typer.run(main)
