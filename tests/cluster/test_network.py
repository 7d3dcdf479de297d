"""What listens, who may come in, what is fetched, and addresses at which no cluster answers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from genomes import small_genome
from seqcoder.errors import UsageError
from seqcoder_cluster import ClusterOptions, address, connect

CLI = [sys.executable, "-m", "seqcoder_jobs.cli"]


@contextmanager
def listener(answer: Callable[[socket.socket], object]) -> Iterator[int]:
    """A port of this machine; ``answer`` does something with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])


def http(connection: socket.socket) -> None:
    connection.recv(100)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    connection.close()


kept: list[socket.socket] = []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (kept.append, "does not answer within"),
        (socket.socket.close, "is not Ray|reset"),
        (http, "is not Ray"),
    ],
)
@pytest.mark.parametrize("kind", ["", "ray://"])
def test_what_listens_is_not_ray(
    answer: Callable[[socket.socket], object],
    reason: str,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import ray

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(address, "KNOCK_SECONDS", 0.5)
    with (
        listener(answer) as port,
        pytest.raises(UsageError, match=reason) as caught,
        connect(ClusterOptions(f"{kind}127.0.0.1:{port}")),
    ):
        pass
    assert "no Ray cluster answers at" in str(caught.value)
    assert "\n" not in str(caught.value)
    while kept:
        kept.pop().close()


def submit(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    if not (folder / "in").exists():
        (folder / "in").mkdir()
        (folder / "in" / "a.fa").write_bytes(small_genome(5000))
    return subprocess.run(
        [*CLI, "submit", str(folder / "in"), "-o", str(folder / "archive"), "-1", "-q", *options],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_the_command_ends_in_one_line(tmp_path: Path) -> None:
    with listener(http) as port:
        done = submit(tmp_path, "--address", f"127.0.0.1:{port}")
        again = submit(tmp_path, RAY_ADDRESS=f"127.0.0.1:{port}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("seqcoder-ray: error: no Ray cluster answers at 127.0.0.1:")
    assert done.stderr.count("\n") == 1
    assert again.stderr == done.stderr
    done = submit(tmp_path, "--address", "local")  # and goes on where a cluster is to be had
    assert (done.returncode, done.stderr) == (0, "")


STRANGER = """
import os, subprocess, sys
from seqcoder_cluster import ClusterOptions, connect
if __name__ == "__main__":
    before = dict(os.environ)
    with connect(ClusterOptions(workers=1)):
        import ray
        address = ray.get_runtime_context().gcs_address
        assert address.startswith("127.0.0.1:"), address
        for environment in (dict(os.environ), before | {"HOME": "/nonexistent"}):
            code = (
                "from seqcoder_cluster import *\\n"
                f"with connect(ClusterOptions({address!r})): print('in')"
            )
            done = subprocess.run([sys.executable, "-c", code], env=environment,
                                  capture_output=True, text=True, timeout=100)
            print(done.returncode, done.stdout, done.stderr.splitlines()[-1:], sep="|")
    assert "RAY_AUTH_TOKEN" not in os.environ
"""


@pytest.mark.ray
def test_an_embedded_ray_lets_no_other_user_in(tmp_path: Path) -> None:
    """Another user of the machine reaches loopback too, but has not the token."""
    ray = pytest.importorskip("ray")
    if tuple(map(int, ray.__version__.split(".")[:2])) < (2, 52):
        pytest.skip("this Ray knows no tokens")
    script = tmp_path / "stranger.py"
    script.write_text(STRANGER)
    environment = {name: text for name, text in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, str(script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    own, other, _ = done.stdout.replace("in\n", "in").split("\n")
    assert own == "0|in|[]"
    assert other.startswith("1||")
    assert "wants its token" in other


@pytest.mark.ray
def test_nothing_is_fetched(tmp_path: Path) -> None:
    """A whole round on a machine without any network but loopback."""
    script = (
        f"ip link set lo up && {CLI[0]} -m seqcoder_jobs.cli submit in -o archive -2 -q "
        f"&& {CLI[0]} -m seqcoder_jobs.cli verify archive --full "
        f"&& {CLI[0]} -m seqcoder_jobs.cli extract archive --all -o back"
    )
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.fa").write_bytes(small_genome(5000))
    alone = ["unshare", "--net", "--map-root-user", "sh", "-c"]
    try:
        possible = subprocess.run([*alone, "ip link set lo up"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no unshare here, to take the network away")
    if possible.returncode:
        pytest.skip(f"the network cannot be taken away here: {possible.stderr.decode().strip()}")
    done = subprocess.run(
        [*alone, script], cwd=tmp_path, capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "back" / "a.fa").read_bytes() == small_genome(5000)
