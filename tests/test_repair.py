"""Repair: what is whole comes out of a damaged container, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import seqcoder
from genomes import small_genome
from seqcoder import Settings
from seqcoder.repair import repair

FILES = {f"g{i}.fa": small_genome(6_000, seed=i) for i in range(5)}


@pytest.fixture(scope="module")
def packed() -> bytes:
    files = {**FILES, "p.faa": b">p\nMKVLITGAGSGIGLELVRQFLELGHRVVATDRDPERLAELAEELGDR\n" * 9}
    return seqcoder.compress_bytes(files, settings=Settings(chunk_bases=2048))


def mend(data: bytes, folder: Path) -> tuple[set[str], set[str]]:
    damaged, out = folder / "damaged.sqc", folder / "out.sqc"
    damaged.write_bytes(data)
    result = repair(damaged, out, force=True)
    with seqcoder.open(out) as container:
        assert seqcoder.verify(container, full=True).intact
        assert set(container) == set(result.recovered)
        for name in set(container) & set(FILES):
            assert container[name].read() == FILES[name]
    return set(result.recovered), set(result.lost)


def test_lost_index_and_footer(packed: bytes, tmp_path: Path) -> None:
    with seqcoder.open(packed) as container:
        end = container.reader.index.genomes[-1].end
        names = set(container)
    assert mend(packed[:end], tmp_path) == (names, set())
    assert mend(packed[: end + 30], tmp_path) == (names, set())


def test_each_damaged_chunk_costs_its_genome_only(packed: bytes, tmp_path: Path) -> None:
    with seqcoder.open(packed) as container:
        chunks = container.reader.index.chunks
        names = list(container)
    per_genome = len(chunks) // 5
    for chunk in chunks:
        damaged = bytearray(packed)
        damaged[chunk.residual_offset + 12] ^= 1
        recovered, lost = mend(bytes(damaged), tmp_path)
        owner = f"g{chunk.ordinal // per_genome}.fa"
        assert lost == {owner}
        assert recovered == set(names) - {owner}


def test_random_damage(packed: bytes, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for _ in range(25):
        damaged = bytearray(packed)
        for at in rng.integers(0, len(packed), 3):
            damaged[at] = int(rng.integers(256))
        recovered, _ = mend(bytes(damaged), tmp_path)
        assert len(recovered) >= 2


def test_nothing_left_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.sqc").write_bytes(b"ACGT" * 1000)
    with pytest.raises(seqcoder.IntegrityError, match="nothing to recover"):
        repair(tmp_path / "x.sqc", tmp_path / "y.sqc")
    assert not (tmp_path / "y.sqc").exists()
