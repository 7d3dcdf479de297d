"""The manifest's files as files of this machine, for what searches them again and again."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pyarrow.parquet as pq

from seqcoder.storage.atomic import write_atomically
from seqcoder.storage.folder import Folder
from seqcoder.storage.scratch import scratch_folder
from seqcoder.storage.store import Store
from seqcoder_jobs.archive.manifest.files import (
    hidden_genomes,
    manifest_files,
    read_table,
    steadily,
)


def local_files(store: Store, table: str) -> list[str]:
    """Return the paths of a table's files; those of an object store are copied to scratch once.

    Raises IntegrityError where one is damaged, InputError where there is no scratch space.
    """
    return steadily(lambda: _local_files(store, table))


def _local_files(store: Store, table: str) -> list[str]:
    files = manifest_files(store, table)
    hidden = hidden_genomes(store)
    if hidden:
        return [_without_hidden(store, table, hidden)]
    if isinstance(store, Folder):
        return [store.locate(file.name) for file in files]
    folder = scratch_folder(store.url)
    paths = []
    for file in files:
        stem = f"{table}-{Path(file.name).stem}"
        state = hashlib.sha256(file.identity.encode()).hexdigest()[:16]
        path = folder / f"{stem}-{state}.parquet"
        if not path.exists():
            data = store.get(file.name)[0]
            for old in folder.glob(f"{stem}-{'?' * 16}.parquet"):
                old.unlink(missing_ok=True)
            write_atomically(path, data)
        paths.append(str(path))
    return paths


def _without_hidden(store: Store, table: str, hidden: set[tuple[str, str]]) -> str:
    """Return the path of a file of all rows but those of genomes that were removed."""
    states = [*sorted(hidden), *(file.identity for file in manifest_files(store, table))]
    state = hashlib.sha256(repr(states).encode()).hexdigest()[:16]
    folder = scratch_folder(store.url)
    path = folder / f"{table}-shown-{state}.parquet"
    if not path.exists():
        out = io.BytesIO()
        pq.write_table(read_table(store, table), out)
        for old in folder.glob(f"{table}-shown-*.parquet"):
            old.unlink(missing_ok=True)
        write_atomically(path, out.getvalue())
    return str(path)
