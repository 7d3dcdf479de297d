"""Files that are given out: never over what they are made from, never over each other."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from seqcoder.errors import ExistsError, UsageError
from seqcoder.storage.atomic import is_same_file, write_atomically
from seqcoder.storage.names import file_path


def check_other(target: Path, source: str | os.PathLike[str]) -> None:
    """Raise UsageError if an output is the file it is made from: originals are never touched."""
    if is_same_file(target, Path(source)):
        raise UsageError(f"{target}: is the input itself; name another output")


def check_free(target: Path, force: bool, written_files: Collection[tuple[int, int]]) -> None:
    """Raise ExistsError if ``target`` exists, unless ``force``; UsageError if this run wrote it.

    ``written_files`` (device and inode) are the files this run wrote: one of them can be there
    already where the folder does not tell names apart that differ only in case.
    """
    if not target.exists():
        return
    status = target.stat()
    if (status.st_dev, status.st_ino) in written_files:
        raise UsageError(
            f"{target}: two genomes have this name in this folder (which does not tell upper from "
            "lower case); restore one of them elsewhere"
        )
    if not force:
        raise ExistsError(f"{target}: exists already; use --force to replace it")


def write_below(target: Path, data: bytes, written_files: set[tuple[int, int]]) -> None:
    """Write a restored file, whole or not at all, and note its place; raises UsageError where a
    file stands in the way of its folder.
    """
    make_folder(target)
    write_atomically(target, data)
    status = target.stat()
    written_files.add((status.st_dev, status.st_ino))


def make_folder(target: Path) -> None:
    """Make the folder that ``target`` is to lie in; UsageError where a file stands in its way."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(
            f"{target}: a file is in the way of its folder; write it elsewhere"
        ) from None


def output_path(folder: Path, name: str) -> Path:
    """Return where a genome called ``name`` goes below ``folder``; UsageError if it leads out.

    What is spelt in the name is what it was in the file's.
    """
    root = folder.resolve()
    target = root / file_path(name)
    try:
        parent = target.parent.resolve()
    except RuntimeError:  # what Python 3.11 makes of links that lead to themselves
        raise UsageError(f"{target.parent}: a loop of symbolic links; remove it") from None
    if not parent.is_relative_to(root):
        raise UsageError(f"{name}: leads out of {folder} by a symbolic link; remove the link")
    return target
