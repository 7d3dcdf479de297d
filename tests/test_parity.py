"""Parity beside a container mends bursts, a lost end, scattered damage, to the last bit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import seqcoder
from genomes import small_genome
from seqcoder import IntegrityError, Settings, UsageError
from seqcoder.cli.repair import run
from seqcoder.container.parity import (
    damaged_blocks,
    mend,
    parity_path,
    read_parity,
    shape,
    write_parity,
)
from seqcoder.reading.repair import repair
from seqcoder.storage.opening import open_store

pytest.importorskip("pyeclib", reason="pyeclib is not here (pip install 'seqcoder[parity]')")

FILES = {f"g{i}.fa": small_genome(40_000, seed=i) for i in range(8)}


@pytest.fixture(scope="module")
def packed() -> bytes:
    return seqcoder.compress_bytes(FILES, settings=Settings(level=1, chunk_bases=4096))


@pytest.fixture
def container(packed: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "x.sqc"
    path.write_bytes(packed)
    return path


def mended(container: Path, damaged: bytes) -> tuple[bool, bytes]:
    container.write_bytes(damaged)
    out = container.with_name("mended.sqc")
    found = mend(container, parity_path(container), out)
    return found.whole, out.read_bytes()


@pytest.mark.parametrize("percent", [3.3, 5, 10, 25, 100])
def test_bursts_and_lost_ends(container: Path, packed: bytes, percent: float) -> None:
    path = write_parity(container, percent)
    head = read_parity(path)
    k, m = shape(percent)
    assert (head.k, head.m) == (k, m)
    assert m / k == pytest.approx(percent / 100, rel=0.12)
    assert path.stat().st_size < len(packed) * (m / k + 0.05) + m * head.block
    rng = np.random.default_rng(1)
    burst = (head.stripes * m - 1) * head.block
    burst = min(burst, len(packed))
    assert burst > len(packed) * percent / 100 * 0.7
    for start in [0, len(packed) - burst, *rng.integers(0, len(packed) - burst + 1, 3).tolist()]:
        damaged = bytearray(packed)
        damaged[start : start + burst] = rng.bytes(burst)
        assert mended(container, bytes(damaged)) == (True, packed)
    assert mended(container, packed[: len(packed) - burst]) == (True, packed)
    assert mended(container, packed + b"behind") == (True, packed)
    assert mended(container, packed) == (True, packed)


def test_scattered_damage_and_damaged_parity(container: Path, packed: bytes) -> None:
    path = write_parity(container, 50)
    whole, rng = path.read_bytes(), np.random.default_rng(2)
    for _ in range(10):
        damaged, side = bytearray(packed), bytearray(whole)
        for at in rng.integers(0, len(packed), 6).tolist():
            damaged[at] ^= 255
        for at in rng.integers(0, len(whole), 2).tolist():
            side[at] ^= 255
        path.write_bytes(side)
        assert mended(container, bytes(damaged)) == (True, packed)
    path.write_bytes(bytes(100) + whole[100:])
    assert read_parity(path).sha256 == read_parity(path).sha256
    assert mended(container, packed[:-1]) == (True, packed)
    for broken in (bytes(len(whole)), b"", whole[:40], whole[40:-9]):
        path.write_bytes(broken)
        with pytest.raises(IntegrityError, match="both of its heads are damaged"):
            read_parity(path)


def test_more_than_it_can_mend(container: Path, packed: bytes) -> None:
    """What can be is put right, the rest is left to the rescue of whole genomes."""
    write_parity(container, 5)
    damaged = bytearray(packed)
    with seqcoder.open(packed) as opened:
        last = opened.reader.index.chunks[-1]
    half = len(packed) // 2
    burst = len(packed) * 3 // 40  # half of the stripes lose one block, half lose two
    damaged[half : half + burst] = bytes(burst)
    damaged[last.residual_offset + 9] ^= 1
    container.write_bytes(damaged)
    head = read_parity(parity_path(container))
    with container.open("rb") as file:
        before = damaged_blocks(file, head)
    out = container.with_name("out.sqc")
    assert not mend(container, parity_path(container), out).whole
    with out.open("rb") as file:
        after = damaged_blocks(file, head)
    assert set(after) < set(before)
    result = repair(container, out, force=True)
    assert 2 <= len(result.recovered) < len(FILES)
    assert "going on with what is whole" in result.problems[0]
    assert all(str(container) in problem or "lost" in problem for problem in result.problems)
    with seqcoder.open(out) as opened:
        assert seqcoder.verify(opened, full=True).intact
        for name in opened:
            assert opened[name].read() == FILES[name]
    assert sorted(path.name for path in container.parent.iterdir()) == [
        "out.sqc",
        "x.sqc",
        "x.sqc.par",
    ]


def test_the_container_does_not_change_by_parity(container: Path, packed: bytes) -> None:
    write_parity(container)
    assert container.read_bytes() == packed
    with pytest.raises(UsageError, match="exists already"):
        write_parity(container)
    for percent in (0, 2.9, 101, -5):
        with pytest.raises(UsageError, match="choose from 3 to 100"):
            shape(percent)


def cli(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    code = "from seqcoder.cli import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_command_line(container: Path, packed: bytes) -> None:
    done = cli("parity", "--json", container)
    assert json.loads(done.stdout)[0]["parity"] == f"{container}.par"
    assert cli("verify", container).stderr == ""
    damaged = bytearray(packed)
    damaged[-20:] = bytes(20)  # the end section
    damaged[3000] ^= 4  # in a block of another stripe
    container.write_bytes(damaged)
    done = cli("verify", container)
    assert done.returncode == 3
    assert "x.sqc.par: 'seqcoder repair' mends" in done.stderr
    out = container.with_name("out.sqc")
    done = cli("repair", container, "-o", out)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == packed
    assert "whole again, bit for bit" in done.stderr
    done = cli("parity", container, "--force")
    assert done.returncode == 3, "parity of a damaged container is no help"
    container.write_bytes(seqcoder.compress_bytes({"a.fa": FILES["g0.fa"]}))
    assert "is of another state" in cli("verify", container).stderr


def test_without_the_library(container: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_parity(container)
    monkeypatch.setitem(sys.modules, "pyeclib.ec_iface", None)
    with pytest.raises(UsageError, match="pip install"):
        write_parity(container, force=True)
    result = repair(container, container.with_name("out.sqc"))
    assert "going on without parity" in result.problems[0]
    assert set(result.recovered) == set(FILES)


def test_what_a_url_leads_to_is_fetched_with_its_parity(
    bucket: str, container: Path, packed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEQCODER_SCRATCH", str(tmp_path / "scratch"))
    parity = write_parity(container)
    store = open_store(f"{bucket}/some")
    store.put("x.sqc", packed[:-1500])
    store.put("x.sqc.par", parity.read_bytes())
    out = tmp_path / "mended.sqc"
    run(f"{bucket}/some/x.sqc", out, force=False, quiet=True, json=False)
    assert out.read_bytes() == packed
    store.delete(["x.sqc.par"])
    with pytest.raises(IntegrityError, match=f"{bucket}/some/x.sqc: no genome is whole"):
        run(f"{bucket}/some/x.sqc", out, force=True, quiet=True, json=False)
    assert list((tmp_path / "scratch").glob("*/*")) == []
