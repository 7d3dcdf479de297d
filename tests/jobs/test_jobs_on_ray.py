from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from local_runner import submit_here

from seqcoder_jobs.cli import main
from seqcoder_jobs.writing.planning import GivenParameters

pytestmark = pytest.mark.ray
SMALL = ("-1", "--chunk-size", "1K", "--container-size", "6000")


def containers(archive: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (archive / "containers").glob("*.sqc")}


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["seqcoder-ray", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_submit_verify_and_extract_on_ray(
    ray_cluster: Any,
    corpus: Path,
    tmp_path: Path,
    contents: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    archive, here = tmp_path / "archive", tmp_path / "here"
    (corpus / "broken.fa.gz").write_bytes(b"\x1f\x8b\x08")
    assert run(monkeypatch, "submit", corpus, "-o", archive, *SMALL) == 1
    assert "broken.fa.gz: truncated gzip" in capfd.readouterr().err
    (corpus / "broken.fa.gz").unlink()
    submit_here([corpus], here)
    assert set(containers(archive)) == set(containers(here))
    assert run(monkeypatch, "verify", archive, "--full") == 0
    assert "6 genomes" in capfd.readouterr().out
    assert run(monkeypatch, "extract", archive, "--all", "-o", tmp_path / "back") == 0
    back = tmp_path / "back"
    files = {str(p.relative_to(back)): p.read_bytes() for p in back.rglob("*") if p.is_file()}
    assert files == contents


def test_driver_killed_then_the_same_command_again(
    ray_cluster: Any, corpus: Path, tmp_path: Path
) -> None:
    """The containers are, byte for byte, those of an undisturbed local run."""
    for i in range(30):
        text = (corpus / "b.fa").read_bytes() * (1 + i % 3)
        (corpus / f"more{i:02d}.fa").write_bytes(text)
    archive, here = tmp_path / "archive", tmp_path / "here"
    command = [
        *(sys.executable, "-m", "seqcoder_jobs.cli", "submit", str(corpus), "-o", str(archive)),
        *(*SMALL, "--address", ray_cluster.address),
    ]
    driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 120
        while not containers(archive):
            if driver.poll() is not None:
                break
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        driver.kill()  # SIGKILL
        output = driver.communicate()[0].decode()
    assert driver.returncode == -signal.SIGKILL, output
    assert not (archive / "_SUCCESS").exists()
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert (archive / "_SUCCESS").exists()
    submit_here(
        [corpus], here, given=GivenParameters(level=1, chunk_bases=1024, container_bytes=6000)
    )
    assert containers(archive) == containers(here)
    assert not list((archive / "containers").glob(".*"))


def test_the_working_folder_is_not_on_the_workers_path(tmp_path: Path) -> None:
    """A ``numpy.py`` where ``submit`` runs is nobody's numpy."""
    for name in ("numpy", "seqcoder", "torch", "ray"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('not this one')\n")
    (tmp_path / "x.fa").write_bytes(b">x\n" + b"GATTACA" * 300 + b"\n")
    command = Path(sys.executable).with_name("seqcoder-ray")
    done = subprocess.run(
        [command, "submit", "x.fa", "-o", "archive", "-q", "--workers", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
