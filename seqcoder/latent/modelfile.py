"""Model files: plain data, named by SHA-256.

A model has two parts, and a file holds both::

    b"SQCMODEL"          8 bytes
    u32                  length of the header, little-endian
    header               JSON: format (2), name, note, and each part's length and SHA-256
    decoder part         zstd frame: u32 m, m residues of the protein library (uint8), and
                         2 * 65536 * 4 initial counts of its contexts (uint8); Huffman codes
                         and hardly a match, which are read at 1 GB/s
    encoder part         zstd frame of: u32, JSON (shape, arrays), arrays one after another: the
                         network in integers, :func:`seqcoder.latent.network.network_arrays`

**What an archive needs is the decoder part alone**, so its SHA-256 is the model's digest
and is what containers name. The encoder part may be trained further, or be left out,
without touching archives already written. There is no pickle and no code in a file.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.circumstances import system_reason
from seqcoder.errors import ModelError

MAGIC = b"SQCMODEL"
FORMAT = 2
SUFFIX = ".sqmodel"
_LIMIT = 1 << 30  # bytes a part may unfold to
_COUNTS = 2 * 65536 * 4
# Matches of residues are short: they would save a tenth, and reading them takes five times as long.
_QUICKLY_READ = zstandard.ZstdCompressionParameters(
    strategy=zstandard.STRATEGY_FAST, min_match=7, hash_log=6, chain_log=6, search_log=1,
    target_length=0, window_log=20,
)  # fmt: skip


@dataclass(frozen=True)
class ModelFile:
    """The parts of a model file, still compressed, with their digests (hex SHA-256)."""

    name: str
    note: str
    decoder: memoryview = field(compare=False, repr=False)
    encoder: memoryview = field(compare=False, repr=False)
    digest: str
    encoder_digest: str


def write_model(
    path: Path,
    name: str,
    residues: NDArray[np.uint8],
    counts: NDArray[np.uint8] | None = None,
    shape: Mapping[str, Any] | None = None,
    weights: Mapping[str, NDArray[Any]] | None = None,
    note: str = "",
) -> ModelFile:
    """Write a model file: the library, and an encoder's shape and weights if there is one.

    ``residues`` is (m,) uint8, ``counts`` (2, 65536, 4) uint8 (None: zeros).

    The same contents give the same bytes.
    """
    press = zstandard.ZstdCompressor(level=22)
    quick = zstandard.ZstdCompressor(compression_params=_QUICKLY_READ)
    start = np.zeros(_COUNTS, np.uint8) if counts is None else counts.reshape(_COUNTS)
    plain = np.concatenate([residues.astype(np.uint8), start.astype(np.uint8)]).tobytes()
    decoder = quick.compress(struct.pack("<I", residues.size) + plain)
    encoder = b""
    if weights:
        rows = []
        blobs = []
        for key in sorted(weights):
            array = np.ascontiguousarray(weights[key])
            rows.append({"name": key, "dtype": array.dtype.str, "shape": list(array.shape)})
            blobs.append(array.tobytes())
        head = json.dumps({"shape": dict(shape or {}), "arrays": rows}, sort_keys=True).encode()
        encoder = press.compress(struct.pack("<I", len(head)) + head + b"".join(blobs))
    parts = {
        "decoder": {"length": len(decoder), "sha256": hashlib.sha256(decoder).hexdigest()},
        "encoder": {"length": len(encoder), "sha256": hashlib.sha256(encoder).hexdigest()},
    }
    header = json.dumps(
        {"format": FORMAT, "name": name, "note": note, "parts": parts}, sort_keys=True
    ).encode()
    partial = path.with_suffix(".partial")
    partial.write_bytes(MAGIC + struct.pack("<I", len(header)) + header + decoder + encoder)
    partial.replace(path)
    return read_model(path)


def read_model(path: Path) -> ModelFile:
    """Read and verify a model file. Raises ModelError if it is missing or damaged."""
    try:
        # Into an array: it lies on large pages, which costs a tenth of the page faults.
        data = np.fromfile(path, np.uint8).data
    except OSError as error:
        raise ModelError(f"{path}: cannot read the model ({system_reason(error)})") from error
    try:
        if data[:8] != MAGIC:
            raise ValueError("not a seqcoder model file")
        (length,) = struct.unpack_from("<I", data, 8)
        header = json.loads(bytes(data[12 : 12 + length]))
        if header.get("format") != FORMAT:
            raise ValueError(f"a model of format {header.get('format', 1)}, not {FORMAT}")
        at = 12 + length
        found: dict[str, memoryview] = {}
        for part in ("decoder", "encoder"):
            row = header["parts"][part]
            found[part] = data[at : at + row["length"]]
            at += row["length"]
            if hashlib.sha256(found[part]).hexdigest() != row["sha256"]:
                raise ValueError(f"its {part} part does not match its SHA-256")
        if at != len(data):
            raise ValueError("bytes are missing or left over at its end")
        return ModelFile(
            name=str(header["name"]),
            note=str(header["note"]),
            decoder=found["decoder"],
            encoder=found["encoder"],
            digest=header["parts"]["decoder"]["sha256"],
            encoder_digest=header["parts"]["encoder"]["sha256"] if found["encoder"] else "",
        )
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise ModelError(f"{path}: {error}; fetch the model again") from error


def _unfold(data: memoryview, part: str, margin: int = 0) -> NDArray[np.uint8]:
    """Return the bytes of a part, ``margin`` bytes of anything before them."""
    try:
        size = zstandard.frame_content_size(data)
        if not 0 <= size <= _LIMIT:
            raise ModelError(f"the model's {part} part has an impossible length")
        unfolded = np.empty(margin + size, np.uint8)
        with zstandard.ZstdDecompressor().stream_reader(data) as reader:
            whole = reader.readinto(unfolded[margin:].data) == size
    except zstandard.ZstdError as error:
        raise ModelError(f"the model's {part} part is damaged ({error})") from error
    if not whole:
        raise ModelError(f"the model's {part} part is damaged (it ends too soon)")
    return unfolded


def library_text(file: ModelFile) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """The library's residues with the margins that `core.library_over` wants, and its counts.

    uint8 of shape (LIBRARY_FRONT + m + LIBRARY_BACK,); uint32 of shape (2 * 65536,), each four
    counts of a byte. Raises ModelError.
    """
    margin = core.LIBRARY_FRONT - 4
    data = _unfold(file.decoder, "decoder", margin)
    size = int.from_bytes(data[margin : margin + 4].tobytes(), "little")
    stop = core.LIBRARY_FRONT + size
    if len(data) != stop + _COUNTS:
        raise ModelError(f"model {file.name}: its decoder part has an impossible length")
    counts = np.frombuffer(data[stop:].tobytes(), "<u4").astype(np.uint32)
    return data[: stop + core.LIBRARY_BACK], counts


def library_of(file: ModelFile) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """The library's residues, (m,) uint8, and initial counts, (2 * 65536,) of four bytes each."""
    text, counts = library_text(file)
    return text[core.LIBRARY_FRONT : -core.LIBRARY_BACK], counts


def weights_of(file: ModelFile) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The encoder's shape and its arrays. Raises ModelError if the file has none."""
    if not file.encoder:
        raise ModelError(f"model {file.name} has no encoder part")
    data = _unfold(file.encoder, "encoder")
    try:
        (length,) = struct.unpack_from("<I", data.data)
        head = json.loads(data[4 : 4 + length].tobytes())
        at = 4 + length
        arrays: dict[str, NDArray[Any]] = {}
        for row in head["arrays"]:
            dtype = np.dtype(row["dtype"])
            count = int(np.prod(row["shape"], dtype=np.int64))
            # A copy is aligned, which what lies in the file need not be.
            found = np.frombuffer(data, dtype, count, at).copy()
            arrays[row["name"]] = found.reshape(row["shape"])
            at += count * dtype.itemsize
        return dict(head["shape"]), arrays
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise ModelError(f"model {file.name}: its encoder part is damaged ({error})") from error


def verify_model(path: Path) -> ModelFile:
    """Read a model file, checking its digests, and unfold all of it; raises ModelError."""
    file = read_model(path)
    library_of(file)
    if file.encoder:
        weights_of(file)
    return file
