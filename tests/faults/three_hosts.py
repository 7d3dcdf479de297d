"""A Ray cluster of three hosts that share nothing but a bucket; one is lost in the middle.

``PYTHONPATH=tests python tests/faults/three_hosts.py`` (root, Linux, ``ip netns``) gives each host
a network namespace with an address of its own and a ``/tmp`` that no other sees. Corpus and archive
lie on moto. The containers are compared with those of a run on this machine.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from object_servers import Server

BRIDGE, NETWORK, HOSTS = "sqbridge", "10.99.7", (2, 3, 4)
GENOMES, LENGTH = 48, 250_000
SIZES = ("--container-size", "600K", "--no-groups", "-q")


def sh(*command: object, **options: object) -> str:
    """Run a command that has to succeed; returns what it printed."""
    done = subprocess.run(
        list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True, **options
    )
    return str(done.stdout)


@contextmanager
def network() -> Iterator[None]:
    """Make a bridge, and a namespace for each host with an address on it."""
    names = [f"sqhost{host}" for host in HOSTS]
    try:
        sh("ip", "link", "add", BRIDGE, "type", "bridge")
        sh("ip", "addr", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
        sh("ip", "link", "set", BRIDGE, "up")
        for host, name in zip(HOSTS, names, strict=True):
            sh("ip", "netns", "add", name)
            sh("ip", "link", "add", f"sqv{host}", "type", "veth", "peer", "name", f"sqe{host}")
            sh("ip", "link", "set", f"sqv{host}", "master", BRIDGE, "up")
            sh("ip", "link", "set", f"sqe{host}", "netns", name)
            inside = ("ip", "-n", name)
            sh(*inside, "addr", "add", f"{NETWORK}.{host}/24", "dev", f"sqe{host}")
            sh(*inside, "link", "set", f"sqe{host}", "up")
            sh(*inside, "link", "set", "lo", "up")
        yield
    finally:
        for name in names:
            lose(name)
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "link", "del", BRIDGE], check=False, stderr=subprocess.DEVNULL)


def lose(name: str) -> None:
    """Kill all that runs on a host."""
    found = subprocess.run(["ip", "netns", "pids", name], capture_output=True, check=False)
    for process in found.stdout.decode().split():
        subprocess.run(["kill", "-9", process], check=False)


@contextmanager
def moto() -> Iterator[Server]:
    """Start moto where all hosts reach it."""
    command = [sys.executable, "-m", "moto.server", "-H", f"{NETWORK}.1", "-p", "5599"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        server = Server("s3", 5599)
        server.endpoint = f"http://{NETWORK}.1:5599"
        try:
            until = time.monotonic() + 30
            while True:
                try:
                    server.new_bucket()
                    break
                except OSError:
                    assert time.monotonic() < until
                    time.sleep(0.2)
            yield server
        finally:
            process.terminate()


def start_host(host: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start Ray on a host, with a ``/tmp`` of its own; the first one is the head."""
    head = host == HOSTS[0]
    where = ["--head", "--port", "6399"] if head else ["--address", f"{NETWORK}.{HOSTS[0]}:6399"]
    ray = [shutil.which("ray") or f"{Path(sys.executable).parent}/ray", "start", *where]
    ray += [f"--node-ip-address={NETWORK}.{host}", "--num-cpus", "2", "--block"]
    ray += ["--object-store-memory", str(150 << 20), "--disable-usage-stats"]
    inside = 'mount -t tmpfs tmpfs /tmp && mount -t tmpfs tmpfs /dev/shm && exec "$@"'
    return subprocess.Popen(
        ["ip", "netns", "exec", f"sqhost{host}", "unshare", "-m", "sh", "-c", inside, "sh", *ray],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def write_corpus(folder: Path) -> None:
    for number in range(GENOMES):
        luck = random.Random(number)
        bases = "".join(luck.choices("ACGT", k=LENGTH))
        (folder / f"g{number:02d}.fa").write_text(f">g{number}\n{bases}\n")


def main() -> None:
    """Run it; prints what happened."""
    from seqcoder.storage.opening import open_store
    from seqcoder_jobs.archive.archive import Archive
    from seqcoder_jobs.archive.manifest.files import read_table

    with tempfile.TemporaryDirectory() as top, ExitStack() as stack:
        folder = Path(top)
        corpus = folder / "corpus"
        corpus.mkdir()
        write_corpus(corpus)
        stack.enter_context(network())
        server = stack.enter_context(moto())
        os.environ.update(server.environment())
        bucket = server.new_bucket()
        for path in sorted(corpus.iterdir()):
            open_store(f"{bucket}/corpus").put(path.name, path.read_bytes())
        hosts = [start_host(HOSTS[0], dict(os.environ))]
        time.sleep(8)
        hosts += [start_host(host, dict(os.environ)) for host in HOSTS[1:]]
        url = f"{bucket}/archive"
        head = hosts[0].pid
        submit = [sys.executable, "-m", "seqcoder_jobs.cli", "submit", f"{bucket}/corpus"]
        submit += ["-o", url, *SIZES, "--address", f"{NETWORK}.{HOSTS[0]}:6399"]
        time.sleep(12)
        driver = subprocess.Popen(
            ["nsenter", "-t", str(head), "-m", "-n", *submit],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        store = Archive(url).store
        while len(store.files("containers")) < 3 and driver.poll() is None:
            time.sleep(0.1)
        when = len(store.files("containers"))
        lose(f"sqhost{HOSTS[-1]}")
        said = driver.communicate()[1].decode()
        assert driver.returncode == 0, said
        local = folder / "local"
        sh(sys.executable, "-m", "seqcoder_jobs.cli", "submit", corpus, "-o", local, *SIZES)
        digests = Archive(url).container_digests()
        assert digests == Archive(local).container_digests()
        sh(sys.executable, "-m", "seqcoder_jobs.cli", "verify", url, "--full", "--workers", "2")
        places = read_table(Archive(url).store, "chunks", ["worker"])["worker"].to_pylist()
        facts = {
            "containers": len(digests),
            "uploaded when a host was lost": when,
            "worker processes": len({place for place in places if place}),
            "the same as here": True,
        }
        print(json.dumps(facts))
        for process in hosts:
            process.kill()


if __name__ == "__main__":
    main()
