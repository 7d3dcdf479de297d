"""References of groups that fill more than one container: which genomes, or which container."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from seqcoder.writing.genome_source import GenomeSource
from seqcoder_jobs.writing.choose_container import Held, evenly

LEAST, MOST = 12, 32
"""Genomes of a reference: so many at least, whatever a container takes, and at most. Measured in
docs/decisions/references.md: further ones make the containers that extend it hardly smaller."""
_FEW = 8
"""A group of no more genomes has no reference."""
_MOST_RELATIVES = 24
"""Genomes of a container that was not made as a reference that those extending it are written
against: what of it has to be decoded for each of them."""


def divide(
    members: Sequence[int],
    sources: Sequence[GenomeSource],
    container_bytes: int,
    choose: Callable[[list[int], int], list[int]],
) -> tuple[list[int], list[int]]:
    """Return the members (places in ``sources``) of a group's reference, and the others, in order.

    ``choose(members, count)`` says which serve the group best, in the order they are written. A
    group that fits into one container has no reference.
    """
    total = sum(sources[member].size for member in members)
    if total <= container_bytes or len(members) <= _FEW:
        return [], list(members)
    fit = container_bytes * len(members) // total
    least = min(LEAST, len(members) - 1)
    chosen = choose(list(members), max(least, min(MOST, fit)))
    few = set(chosen)
    return chosen, [member for member in members if member not in few]


def extended(group: int, held: Held) -> tuple[str, tuple[str, ...]]:
    """Return the container that new ones of a group extend, and their relatives there, by name.

    That is the group's reference or, the first time it needs a new container, the one that holds
    most of it: it stands alone, so that it can be a reference. ("", ()) for a group that is not
    in the archive; no relatives: all that are there.
    """
    files = Counter(
        file for file, number in zip(held.files, held.groups, strict=True) if number == group
    )
    if not files:
        return "", ()
    file = next((held.references[f] for f in files if f in held.references), "")
    file = file or files.most_common(1)[0][0]
    if held.references.get(file) == file:
        return file, ()
    there = [
        source.name
        for source, its, number in zip(held.sources, held.files, held.groups, strict=True)
        if its == file and number == group
    ]
    if not there:
        return "", ()
    return file, tuple(there[i] for i in evenly(range(len(there)), _MOST_RELATIVES))
