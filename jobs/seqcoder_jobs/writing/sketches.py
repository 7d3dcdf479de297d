"""Sketches saved beside the plan, so that later inputs find their relatives in the archive."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from seqcoder.errors import InputError
from seqcoder_jobs.writing.choose_container import Sketch

SAVED_HASHES = 256
"""Hashes kept of a genome, the smallest: 2 kB."""


def cut(sketch: Sketch) -> Sketch:
    """Return what is kept of a sketch."""
    return sketch[:SAVED_HASHES].copy()


def save_sketches(folder: Path, sketches: Mapping[str, Sketch]) -> None:
    """Add a file of sketches (uint64[SAVED_HASHES at most], rising; by name) to ``folder``."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from seqcoder.storage.atomic import atomic_file

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
    try:
        folder.mkdir(exist_ok=True)
        number = 1 + max((int(path.stem[5:]) for path in _files(folder)), default=-1)
        with atomic_file(folder / f"part-{number:06d}.parquet") as out:
            pq.write_table(table, out, compression="zstd", use_dictionary=False)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror or error}") from error


def load_sketches(folder: Path) -> dict[str, Sketch]:
    """Return all sketches by genome name, {} where none were saved; raises InputError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sketches: dict[str, Sketch] = {}
    for path in _files(folder):
        try:
            with pq.ParquetFile(path) as file:
                table = file.read(["genome", "hashes"])
            hashes = table["hashes"].combine_chunks()
            edges = hashes.offsets.to_numpy()
            flat = np.ascontiguousarray(hashes.values.to_numpy(), np.uint64)
        except (OSError, ValueError, AttributeError, pa.ArrowException) as error:
            raise InputError(
                f"{path}: cannot be read ({error}); remove it: new inputs will then not find "
                "the relatives it tells of"
            ) from None
        for i, name in enumerate(table["genome"].to_pylist()):
            sketches[name] = flat[edges[i] : edges[i + 1]]
    return sketches


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("part-*.parquet") if path.stem[5:].isdigit())
