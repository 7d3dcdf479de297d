"""Archives on an object store (moto), written by a cluster's coordinators."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from local_runner import submit_here
from test_archive_on_a_store import check, containers, strains
from test_jobs_on_ray import SMALL, run
from test_references import FOUR

from object_servers import Server
from seqcoder_jobs.archive.archive import Archive

pytestmark = pytest.mark.ray


@pytest.fixture
def url(s3: Server, bucket: str) -> str:
    """A URL that says all: the cluster's processes were started with another environment."""
    at = s3.environment()
    options = {
        "endpoint": at["AWS_ENDPOINT_URL"],
        "region": at["AWS_REGION"],
        "access_key_id": at["AWS_ACCESS_KEY_ID"],
        "secret_access_key": at["AWS_SECRET_ACCESS_KEY"],
    }
    return f"{bucket}/archive?{urlencode(options, safe=':/')}"


def test_driver_killed_then_the_same_command_again(
    ray_cluster: Any,
    url: str,
    corpus: Path,
    tmp_path: Path,
    contents: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    more = {f"more{i:02d}.fa": contents["b.fa"] * (1 + i % 3) for i in range(30)}
    for name, data in more.items():
        (corpus / name).write_bytes(data)
    command = [
        *(sys.executable, "-m", "seqcoder_jobs.cli", "submit", str(corpus), "-o", url),
        *(*SMALL, "--address", ray_cluster.address),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as driver:
        deadline = time.monotonic() + 120
        while not Archive(url).store.files("containers") and driver.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        driver.kill()  # SIGKILL
        output = driver.communicate()[0].decode()
    assert driver.returncode == -signal.SIGKILL, output
    assert not Archive(url).is_marked
    monkeypatch.setenv("RAY_ADDRESS", ray_cluster.address)
    assert run(monkeypatch, "submit", corpus, "-o", url, *SMALL) == 0
    submit_here([corpus], tmp_path / "here")
    assert containers(url) == containers(tmp_path / "here")
    check(url, contents | more)
    assert run(monkeypatch, "verify", url, "--full", "--address", ray_cluster.address) == 0
    assert run(monkeypatch, "extract", url, "--all", "-o", tmp_path / "back") == 0
    for name, data in (contents | more).items():
        assert (tmp_path / "back" / name).read_bytes() == data


def test_references_appends_and_copies(
    ray_cluster: Any, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = strains(tmp_path / "strains", 12)
    sizes = ("-1", "--chunk-size", str(FOUR.chunk_bases))
    sizes += ("--container-size", str(FOUR.container_bytes))
    assert run(monkeypatch, "submit", tmp_path / "strains", "-o", url, *sizes) == 0
    (tmp_path / "more").mkdir()
    held["late.fa"] = held["k03.fa"].replace(b"ACG", b"ATG", 9)
    (tmp_path / "more" / "late.fa").write_bytes(held["late.fa"])
    assert run(monkeypatch, "submit", tmp_path / "more", "-o", url) == 0
    check(url, held)
    assert run(monkeypatch, "copy", url, tmp_path / "copy") == 0
    check(str(tmp_path / "copy"), held)
    assert run(monkeypatch, "clean", url) == 0
