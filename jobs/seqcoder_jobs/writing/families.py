"""Families: groups that share proteins come side by side, so that few genomes can lead the others.

Groups of relatives are found by sketches of DNA, which see nothing between genera. Of each group
one genome is sketched once more, by its proteins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcoder import fasta
from seqcoder.errors import SeqcoderError
from seqcoder.writing.genome_source import GenomeSource
from seqcoder_jobs.corpus.opener import open_source

Mapper = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[tuple[Any, Any]]]
"""Yields each item with the function's value, in order: ``map_here``, or tasks of a cluster."""

RELATED_PROTEINS = 0.04
"""Jaccard index of stretches of residues from which groups are of one family: genera of a family
have 0.1 and more, what is not related less than 0.03 (docs/leaders.md)."""


def order_by_family(
    groups: Sequence[Sequence[int]],
    sources: Sequence[GenomeSource],
    batches: Callable[[Sequence[GenomeSource]], Iterable[tuple[GenomeSource, ...]]],
    mapper: Mapper,
) -> list[int]:
    """Return the order in which groups (places in ``sources``) are put into containers.

    Families come in the order of their first groups, and their groups as they come. The first
    genome of each group is read once more, by ``mapper``'s workers.
    """
    from seqcoder.pangenome.leaders import assign
    from seqcoder.pangenome.sketches import SketchTable

    if len(groups) < 3:
        return list(range(len(groups)))
    first = [sources[members[0]] for members in groups]
    found = mapper(sketch_proteins, list(batches(first)))
    table = SketchTable.of((sketch for _, some in found for sketch in some), len(first))
    families = assign(table, related=RELATED_PROTEINS)
    return np.argsort(families, kind="stable").tolist()  # type: ignore[no-any-return]


def sketch_proteins(sources: Sequence[GenomeSource]) -> list[NDArray[np.uint64]]:
    """Read inputs and sketch their proteins; what cannot be read or is no FASTA has none."""
    from seqcoder.pangenome.kinship import protein_sketch
    from seqcoder.pangenome.sketches import SIZE

    none = np.zeros(0, np.uint64)
    sketches = []
    for source in sources:
        try:
            parsed = fasta.parse(fasta.decompress(open_source(source), source.label).data)
        except SeqcoderError:
            parsed = fasta.NotFasta("")  # told when it is compressed
        if isinstance(parsed, fasta.NotFasta):
            sketches.append(none)
        else:
            sketches.append(protein_sketch(parsed.bases)[:SIZE].copy())
    return sketches
