"""The public names, and what is behind the newer ones: URLs, numbers, PyTorch."""

from __future__ import annotations

import pickle
from pathlib import Path

import fsspec
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import seqcoder
import seqcoder_cluster
import seqcoder_jobs
from genomes import letters, small_genome
from seqcoder.errors import InputError, UsageError
from seqcoder.storage.remote import RangedFile
from seqcoder.torch_dataset import ChunkDataset, WindowDataset
from test_cli import Cli, cli  # noqa: F401

GENOME = small_genome(20_000, seed=5)
LIST = {
    "Container",
    "FormatError",
    "Genome",
    "InputError",
    "IntegrityError",
    "ModelError",
    "NotFoundError",
}
LIST |= {"Record", "SeqcoderError", "Settings", "UsageError", "Verification"}
JOBS = {"OpenArchive", "open_archive"}
LIST |= {"append", "compress", "compress_bytes", "decompress", "open", "verify"}


def test_the_public_list() -> None:
    """A name that is added or goes is a decision: change this list with the documentation."""
    assert set(seqcoder.__all__) == LIST
    for name in LIST:
        assert getattr(seqcoder, name).__doc__, name
    reference = (Path(__file__).parents[1] / "docs" / "reference" / "api.md").read_text()
    assert {name for name in LIST if f"`{name}" not in reference} == set()
    assert set(seqcoder_jobs.__all__) == set(dir(seqcoder_jobs)) & JOBS == JOBS
    for name in JOBS:
        assert getattr(seqcoder_jobs, name).__doc__, name
        assert f"`seqcoder_jobs.{name}" in reference


@pytest.mark.parametrize("package", [seqcoder, seqcoder_cluster, seqcoder_jobs])
def test_packages_say_they_are_typed(package: object) -> None:
    assert (Path(str(package.__file__)).parent / "py.typed").exists()  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def packed() -> bytes:
    files = {"a.fa": GENOME, "b.fa": small_genome(9_000, seed=6, records=1)}
    return seqcoder.compress_bytes(
        files, settings=seqcoder.Settings(level=1, chunk_bases=4096, group=False)
    )


def test_codes(packed: bytes) -> None:
    with seqcoder.open(packed) as container:
        record = container["a.fa"]["contig1"]
        text = record[:].upper()
        codes = record.codes()
        assert codes.dtype == np.uint8
        assert ["ACGT"[c] if c < 4 else "N" for c in codes.tolist()] == list(text)
        assert record.codes(890, 950).tolist() == codes[890:950].tolist()
        assert bytes(record) == record[:].encode()
        assert [r.genome.name for r in container.records_called("contig1")] == ["a.fa", "b.fa"]
        with pytest.raises(UsageError):
            record.codes(0, len(record) + 1)


def test_a_url_is_read_in_ranges(packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with fsspec.open("memory://bucket/c.sqc", "wb") as out:
        out.write(packed)
    fetched: list[int] = []
    real = RangedFile.readinto
    monkeypatch.setattr(
        RangedFile, "readinto", lambda self, b: fetched.append(n := real(self, b)) or n
    )
    with seqcoder.open("memory://bucket/c.sqc") as container:
        assert container["b.fa"].read() == small_genome(9_000, seed=6, records=1)
    assert 0 < sum(fetched) < 0.7 * len(packed)


def test_urls_that_are_not_there(packed: bytes, tmp_path: Path) -> None:
    (tmp_path / "c.sqc").write_bytes(packed)
    with seqcoder.open(f"file://{tmp_path}/c.sqc", auto_mkdir=False) as container:
        assert list(container) == ["a.fa", "b.fa"]
    for url in ("memory://none.sqc", f"file://{tmp_path}/none.sqc", "nonsense://x/y.sqc"):
        with pytest.raises(InputError, match=url) as told:
            seqcoder.open(url)
        assert "\n" not in str(told.value)
    with pytest.raises(UsageError, match="for URLs only"):
        seqcoder.open(packed, anon=True)


def test_the_command_line_reads_urls(cli: Cli, packed: bytes) -> None:  # noqa: F811
    with fsspec.open("memory://bucket/d.sqc", "wb") as out:
        out.write(packed)
    assert cli("extract", "memory://bucket/d.sqc", "-g", "a.fa") == 0
    assert cli.out == GENOME
    assert cli("verify", "memory://bucket/d.sqc") == 0
    assert cli("decompress", "-q", "memory://bucket/d.sqc", "-o", "back/") == 0
    assert Path("back/a.fa").read_bytes() == GENOME
    assert cli("list", "memory://bucket/none.sqc") == 1
    assert b"is the URL right?" in cli.err


@pytest.fixture
def archive(packed: bytes, tmp_path: Path) -> Path:
    (tmp_path / "containers").mkdir()
    (tmp_path / "containers" / "000000.sqc").write_bytes(packed)
    (tmp_path / "containers" / "000001.sqc").write_bytes(packed)
    return tmp_path


def test_chunks_are_the_bases(archive: Path) -> None:
    dataset = ChunkDataset(archive)
    path = archive / "containers" / "000000.sqc"
    one = ChunkDataset([path])
    assert len(dataset) == 2 * len(one) > 4
    with seqcoder.open(path) as container:
        expected = np.concatenate([genome.bases() for genome in container.values()])
    bases = torch.cat([one[i] for i in range(len(one))])
    assert letters(bases.numpy()) == letters(expected)
    again = pickle.loads(pickle.dumps(dataset))
    assert torch.equal(again[1], dataset[1])
    for opened in (dataset, one, again):
        opened.close()
    (archive / "empty").mkdir()
    with pytest.raises(InputError, match="neither an archive"):
        ChunkDataset(archive / "empty")


def test_each_window_comes_once_whatever_the_workers(archive: Path) -> None:
    dataset = WindowDataset(archive, window=100, stride=50, seed=7)

    def windows(workers: int) -> list[bytes]:
        loader = DataLoader(dataset, batch_size=16, num_workers=workers)
        return [bytes(window.numpy()) for batch in loader for window in batch]

    alone, shared = windows(0), windows(2)
    assert sorted(alone) == sorted(shared)
    assert windows(0) == alone  # deterministic
    dataset.set_epoch(1)
    assert windows(0) != alone
    assert sorted(windows(0)) == sorted(alone)
    in_order = WindowDataset(archive, window=100, stride=50)
    assert sorted(bytes(w.numpy()) for w in in_order) == sorted(alone)
    assert bytes(next(iter(in_order)).numpy()) == bytes(in_order.chunks[0][:100].numpy())
    in_order.chunks.close()
    with pytest.raises(UsageError):
        WindowDataset(archive, window=0)
