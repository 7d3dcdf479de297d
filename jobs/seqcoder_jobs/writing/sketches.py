"""Sketches saved beside the plan, so that later inputs find their relatives in the archive."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Mapping

import numpy as np

from seqcoder.errors import InputError
from seqcoder.storage.store import Store
from seqcoder_jobs.archive.layout import SKETCHES
from seqcoder_jobs.writing.choose_container import Sketch

SAVED_HASHES = 256
"""Hashes kept of a genome, the smallest: 2 kB."""


_NAME = re.compile(rf"{SKETCHES}/part-(\d+)\.parquet")


def cut(sketch: Sketch) -> Sketch:
    """Return what is kept of a sketch."""
    return sketch[:SAVED_HASHES].copy()


def save_sketches(store: Store, sketches: Mapping[str, Sketch]) -> None:
    """Add a file of sketches (uint64[SAVED_HASHES at most], rising; by name) to an archive."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not sketches:
        return
    table = pa.table(
        {
            "genome": pa.array(list(sketches), pa.string()),
            "hashes": pa.array(
                [sketch[:SAVED_HASHES] for sketch in sketches.values()], pa.list_(pa.uint64())
            ),
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd", use_dictionary=False)
    number = 1 + max(_files(store).values(), default=-1)
    while not store.put_new(f"{SKETCHES}/part-{number:06d}.parquet", out.getvalue()):
        number += 1


def load_sketches(store: Store) -> dict[str, Sketch]:
    """Return all sketches by genome name, {} where none were saved; raises InputError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sketches: dict[str, Sketch] = {}
    for name in _files(store):
        data = store.get(name)[0]
        try:
            with pq.ParquetFile(pa.BufferReader(data)) as file:
                table = file.read(["genome", "hashes"], use_threads=False)
            hashes = table["hashes"].combine_chunks()
            edges = hashes.offsets.to_numpy()
            flat = np.ascontiguousarray(hashes.values.to_numpy(), np.uint64)
        except (OSError, ValueError, AttributeError, pa.ArrowException) as error:
            raise InputError(
                f"{store.locate(name)}: cannot be read ({error}); remove it: new inputs will then "
                "not find the relatives it tells of"
            ) from None
        for i, genome in enumerate(table["genome"].to_pylist()):
            sketches[genome] = flat[edges[i] : edges[i + 1]]
    return sketches


def forget_sketches(store: Store, names: Collection[str]) -> None:
    """Take the sketches of genomes out of the files that have them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name in _files(store):
        with pq.ParquetFile(pa.BufferReader(store.get(name)[0])) as file:
            table = file.read(use_threads=False)
        keep = [genome not in names for genome in table["genome"].to_pylist()]
        if not all(keep):
            out = io.BytesIO()
            left = table.filter(pa.array(keep, pa.bool_()))
            pq.write_table(left, out, compression="zstd", use_dictionary=False)
            store.put(name, out.getvalue())


def _files(store: Store) -> dict[str, int]:
    """Return the files of sketches, in order, and their numbers."""
    found = {s.name: _NAME.fullmatch(s.name) for s in store.files(SKETCHES)}
    return {name: int(match[1]) for name, match in found.items() if match}
