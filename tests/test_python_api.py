"""The public names, and what is behind the newer ones: URLs, numbers, PyTorch."""

from __future__ import annotations

import functools
import http.server
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import seqcoder
import seqcoder_cluster
import seqcoder_jobs
from genomes import letters, small_genome
from seqcoder.errors import InputError, UsageError
from seqcoder.storage.counts import COUNTS
from seqcoder.storage.opening import open_store
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
    "ReferenceMissingError",
}
LIST |= {"Record", "SeqcoderError", "Settings", "UsageError", "Verification"}
JOBS = {"OpenArchive", "open_archive"}
LIST |= {"append", "compress", "compress_bytes", "copy_genomes", "decompress", "open", "verify"}


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


def test_a_url_is_read_in_ranges(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening and reading a genome are two requests, and few bytes more than it needs."""
    files = {f"{n}.fa": small_genome(30_000, seed=n, records=1) for n in range(8)}
    data = seqcoder.compress_bytes(files, settings=seqcoder.Settings(level=1, group=False))
    open_store(bucket).put("c.sqc", data)
    monkeypatch.setattr("seqcoder.storage.remote._END_BYTES", 12_000)
    before = sum(COUNTS.requests.values()), COUNTS.bytes_in
    with seqcoder.open(f"{bucket}/c.sqc") as container:
        assert container["3.fa"].read() == files["3.fa"]
    assert sum(COUNTS.requests.values()) - before[0] == 2
    assert COUNTS.bytes_in - before[1] < 0.4 * len(data)


def test_urls_that_are_not_there(packed: bytes, tmp_path: Path, bucket: str) -> None:
    (tmp_path / "c.sqc").write_bytes(packed)
    with seqcoder.open(f"file://{tmp_path}/c.sqc") as container:
        assert list(container) == ["a.fa", "b.fa"]
    for url in (f"{bucket}/none.sqc", f"file://{tmp_path}/none.sqc"):
        with pytest.raises(InputError, match=url.removeprefix("file://")) as told:
            seqcoder.open(url)
        assert "\n" not in str(told.value)
    with pytest.raises(UsageError, match="nonsense://x: no store is called nonsense://"):
        seqcoder.open("nonsense://x/y.sqc")
    with pytest.raises(UsageError, match="for URLs only"):
        seqcoder.open(packed, anon="true")


def test_the_command_line_reads_urls(cli: Cli, packed: bytes, bucket: str) -> None:  # noqa: F811
    open_store(bucket).put("d.sqc", packed)
    assert cli("extract", f"{bucket}/d.sqc", "-g", "a.fa") == 0
    assert cli.out == GENOME
    assert cli("verify", f"{bucket}/d.sqc") == 0
    assert cli("decompress", "-q", f"{bucket}/d.sqc", "-o", "back/") == 0
    assert Path("back/a.fa").read_bytes() == GENOME
    assert cli("list", f"{bucket}/none.sqc") == 1
    assert b"is the URL right?" in cli.err


class _Ranges(http.server.SimpleHTTPRequestHandler):
    """A web server that sends ranges."""

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/c.sqc")
            self.end_headers()
            return
        data = (Path(self.directory) / "c.sqc").read_bytes()
        if self.path.partition("?")[0] != "/c.sqc":
            self.send_error(404)
            return
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(data) - int(last))
        part = data[start : int(last) + 1 if first and last else len(data)]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{start + len(part) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)


@pytest.mark.parametrize("ranges", [True, False])
def test_web_servers(packed: bytes, tmp_path: Path, ranges: bool) -> None:
    (tmp_path / "c.sqc").write_bytes(packed)
    kind = _Ranges if ranges else http.server.SimpleHTTPRequestHandler
    handler = functools.partial(kind, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        for name in ("c.sqc", "c.sqc?signed=yes", *(["moved"] if ranges else [])):
            with seqcoder.open(f"{url}/{name}") as container:
                assert container["a.fa"].read() == GENOME
        with pytest.raises(InputError, match=f"{url}/none: no such file; is the URL right"):
            seqcoder.open(f"{url}/none")
        server.shutdown()


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
