"""Genomes by their names: in full, by what is alone called so, or by a pattern."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from seqcoder.errors import NoSuchNameError, UsageError
from seqcoder.storage.names import spell
from seqcoder.wording import listed

_PATTERN = set("*?[")


def genomes_named(
    names: Collection[str], wanted: str, where: str, program: str = "seqcoder"
) -> list[str]:
    """Return which of ``names`` are wanted: the one of that name, file name or stem.

    The name of its folder will do where a genome is alone there, as accessions of NCBI packages
    are. A pattern (``*``, ``?``, ``[...]``) stands for all names or file names that match.

    Raises:
        NoSuchNameError: there is none. UsageError: it could be several, and is no pattern.
    """
    for called in (wanted, spell(wanted)):
        if called in names:
            return [called]
    paths = {name: PurePosixPath(name) for name in names}
    like = [name for name, path in paths.items() if wanted in (path.name, path.stem)]
    like = like or [name for name, path in paths.items() if wanted == path.parent.name]
    if len(like) == 1:
        return like
    if like:
        raise UsageError(f"{where}: '{wanted}' could be {listed(like, 5)}; say which")
    if is_pattern(wanted):
        like = [
            name
            for name, path in paths.items()
            if fnmatchcase(name, wanted) or fnmatchcase(path.name, wanted)
        ]
        if like:
            return like
    raise NoSuchNameError(where, "genome", wanted, program=program)


def is_pattern(wanted: str) -> bool:
    """Whether what is wanted is a pattern, where no genome is called so."""
    return not _PATTERN.isdisjoint(wanted)


def all_named(
    names: Collection[str], wanted: Iterable[str], where: str, program: str = "seqcoder"
) -> list[str]:
    """Return what all of ``wanted`` stand for, each name once, in the order asked for."""
    found = (name for one in wanted for name in genomes_named(names, one, where, program))
    return list(dict.fromkeys(found))
