"""The columns of the manifest's four tables (docs/manifest.md says what each means)."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa

from seqcoder.version import __version__

SCHEMA_VERSION = 1

LEVEL1 = (
    *("lengths", "names", "sequences"),
    *("sorted_sequences", "name_length_pairs", "sorted_name_length_pairs"),
)
"""The attributes of a GA4GH sequence collection that have a digest."""

_WORD = pa.dictionary(pa.int32(), pa.string())

GENOMES = pa.schema(
    [
        pa.field("genome", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("status", _WORD, nullable=False),
        pa.field("error", pa.string()),
        pa.field("warning", pa.string()),
        pa.field("attempt", pa.int16(), nullable=False),
        pa.field("container", _WORD),
        pa.field("ordinal", pa.int32()),
        pa.field("compression", _WORD),
        pa.field("source_bytes", pa.int64()),
        pa.field("raw_bytes", pa.int64()),
        pa.field("records", pa.int64()),
        pa.field("residues", pa.int64()),
        pa.field("bases", pa.int64()),
        pa.field("novel_bases", pa.int64()),
        pa.field("side_bytes", pa.int64()),
        pa.field("latent_bytes", pa.int64()),
        pa.field("residual_bytes", pa.int64()),
        pa.field("bits_per_base", pa.float64()),
        pa.field("coding", _WORD),
        pa.field("model_digest", _WORD),
        pa.field("sha256", pa.string()),
        pa.field("seqcol", pa.string()),
        pa.field("seqcol_level1", pa.struct([pa.field(name, pa.string()) for name in LEVEL1])),
        pa.field("parse_seconds", pa.float32()),
        pa.field("walk_seconds", pa.float32()),
        pa.field("model_seconds", pa.float32()),
        pa.field("code_seconds", pa.float32()),
        pa.field("verify_seconds", pa.float32()),
        pa.field("worker", _WORD),
        pa.field("device", _WORD),
    ]
)

RECORDS = pa.schema(
    [
        pa.field("genome", _WORD, nullable=False),
        pa.field("container", _WORD, nullable=False),
        pa.field("ordinal", pa.int32(), nullable=False),
        pa.field("record", pa.string(), nullable=False),
        pa.field("length", pa.int64(), nullable=False),
        pa.field("refget", pa.string(), nullable=False),
        pa.field("md5", pa.string(), nullable=False),
    ]
)

CHUNKS = pa.schema(
    [
        pa.field("container", _WORD, nullable=False),
        pa.field("chunk", pa.int32(), nullable=False),
        pa.field("status", _WORD, nullable=False),
        pa.field("first_base", pa.int64(), nullable=False),
        pa.field("bases", pa.int64(), nullable=False),
        pa.field("coding", pa.int16(), nullable=False),
        pa.field("model_digest", _WORD),
        pa.field("latent_bytes", pa.int64(), nullable=False),
        pa.field("residual_bytes", pa.int64(), nullable=False),
        pa.field("bits_per_base", pa.float64(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("model_seconds", pa.float32()),
        pa.field("code_seconds", pa.float32()),
        pa.field("verify_seconds", pa.float32()),
        pa.field("worker", _WORD),
        pa.field("device", _WORD),
    ]
)

CONTAINERS = pa.schema(
    [
        pa.field("container", pa.string(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("genomes", pa.int64(), nullable=False),
        pa.field("chunks", pa.int64(), nullable=False),
        pa.field("bases", pa.int64(), nullable=False),
        pa.field("frame_bytes", pa.int64(), nullable=False),
        pa.field("model_digest", _WORD),
        pa.field("reference", _WORD),
    ]
)

SCHEMAS = {"genomes": GENOMES, "records": RECORDS, "chunks": CHUNKS, "containers": CONTAINERS}

_VERSION_KEY, _COVERS_KEY = b"seqcoder.schema", b"seqcoder.containers"


def metadata(containers: Sequence[str]) -> dict[bytes, bytes]:
    """Return the metadata of a manifest file: schema version and the containers it covers."""
    return {
        _VERSION_KEY: str(SCHEMA_VERSION).encode(),
        b"seqcoder.version": __version__.encode(),
        _COVERS_KEY: json.dumps(list(containers)).encode(),
    }


def covered(found: dict[bytes, bytes] | None) -> tuple[str, ...] | None:
    """Return the containers a file's metadata say it covers; None if it is not of our schema."""
    if not found or found.get(_VERSION_KEY) != str(SCHEMA_VERSION).encode():
        return None
    return tuple(json.loads(found.get(_COVERS_KEY, b"[]")))
