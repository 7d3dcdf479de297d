"""Genomes of an archive chosen by ``--where`` and ``--from-file``."""

from __future__ import annotations

from functools import partial

from seqcoder.cli.extract import name_list
from seqcoder.errors import UsageError
from seqcoder.reading.naming import all_named
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.cli.console import NAME, note


def chosen_names(
    archive: Archive, where: str | None, from_file: str | None, quiet: bool = False
) -> set[str] | None:
    """Return the genomes that --where and --from-file name, maybe none; None for all.

    Raises NoSuchNameError, UsageError where a name means none, or an expression is none.
    """
    chosen: set[str] | None = None
    if where is not None:
        from seqcoder_jobs.archive.where import genomes_where

        chosen = set(genomes_where(archive, where, partial(note, quiet=quiet)))
    if from_file is not None:
        from seqcoder_jobs.archive.manifest.files import read_table

        there = read_table(archive.store, "genomes", ["genome"])["genome"].to_pylist()
        named = set(all_named(there, name_list(from_file), str(archive), NAME))
        chosen = named if chosen is None else chosen & named
    return chosen


def some_names(
    archive: Archive, where: str | None, from_file: str | None, quiet: bool = False
) -> set[str] | None:
    """Return the same; raises UsageError also where it is none at all."""
    chosen = chosen_names(archive, where, from_file, quiet)
    if chosen is not None and not chosen:
        if where is not None:
            raise none_meets(archive, where, among=from_file is not None)
        raise none_listed(from_file or "")
    return chosen


def none_listed(from_file: str) -> UsageError:
    """Return what is told of a list without names."""
    return UsageError(f"{'standard input' if from_file == '-' else from_file}: names no genome")


def none_meets(archive: Archive, where: str, *, among: bool) -> UsageError:
    """Return what is told where an expression holds for no genome, or none ``among`` some."""
    which = "none of the genomes named" if among else "no genome"
    return UsageError(f"{archive}: {which} meets --where {where}")
