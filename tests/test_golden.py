"""Containers written by a released version decode to the same files for ever."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
import zstandard

import seqcoder
from golden.make import FILES, FOLDER, SETTINGS

EXPECTED = json.loads((FOLDER / "expected.json").read_text())


@pytest.mark.parametrize("name", SETTINGS)
def test_golden_containers_decode(name: str) -> None:
    data = (FOLDER / f"{name}.sqc").read_bytes()
    assert sha256(data).hexdigest() == EXPECTED[name]
    with seqcoder.open(data) as container:
        assert list(container) == list(FILES)
        for genome in container.values():
            assert sha256(genome.read()).hexdigest() == EXPECTED["files"][genome.name]
        assert seqcoder.verify(container, full=True).intact


@pytest.mark.parametrize("name", SETTINGS)
def test_today_s_encoder_writes_the_same_bytes(name: str) -> None:
    """What coder and model give is exact anywhere; zstd's bytes may change with its version."""
    packed = seqcoder.compress_bytes(FILES, settings=SETTINGS[name])
    if list(zstandard.ZSTD_VERSION) == EXPECTED["zstd"]:
        assert sha256(packed).hexdigest() == EXPECTED[name]
    with seqcoder.open(packed) as new, seqcoder.open(FOLDER / f"{name}.sqc") as old:
        for ours, theirs in zip(new.reader.index.chunks, old.reader.index.chunks, strict=True):
            row, latents, residual = new.reader.chunk_frames(ours)
            old_row, old_latents, old_residual = old.reader.chunk_frames(theirs)
            assert row.digest == old_row.digest
            assert (latents, residual) == (old_latents, old_residual)
