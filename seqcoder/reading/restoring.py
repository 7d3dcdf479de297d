"""Restoring the files of a container: ``seqcoder.decompress``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from seqcoder.reading.opening import AnyPath, open
from seqcoder.storage.output_files import check_free, check_other, output_path, write_below


def decompress(
    source: AnyPath | bytes | BinaryIO,
    folder: AnyPath,
    *,
    genomes: str | Sequence[str] | None = None,
    force: bool = False,
    threads: int = 0,
) -> list[Path]:
    """Restore files of a container (all, or the ``genomes`` named) below ``folder``.

    Each file appears whole, checked against its SHA-256, or not at all. Names are relative and
    stay below ``folder``; a symbolic link on the way that leads out of it is refused.

    Raises:
        UsageError: a file exists and ``force`` is not set, or a name leads out of ``folder``.
        NotFoundError: no such genome.
        IntegrityError: the container is damaged.
    """
    written: list[Path] = []
    written_files: set[tuple[int, int]] = set()
    if isinstance(genomes, str):
        genomes = [genomes]
    with open(source, threads=threads) as container:
        container.expect(genomes)
        for name in genomes if genomes is not None else list(container):
            genome = container[name]
            target = output_path(Path(folder), name)
            if isinstance(source, str | os.PathLike):
                check_other(target, source)
            check_free(target, force, written_files)
            write_below(target, genome.read(), written_files)
            written.append(target)
    return written
