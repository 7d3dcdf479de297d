"""Submits to an object store through a network that fails, while a reader polls.

``PYTHONPATH=tests python tests/faults/store_campaign.py --trials 12`` prints what happened. A trial
submits strains of a species to moto through a proxy that fails every tenth request or so, is killed
once at a random moment in half of the trials, and submits further strains that are appended. A
reader opens the archive again and again meanwhile, past the proxy, and compares every genome.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from faulty_proxy import FaultyProxy, at_random
from object_servers import Server, start

RATE = 0.1
LENGTH = 30_000
SIZES = ("--chunk-size", "16K", "--container-size", "130K", "-1", "-q", "--workers", "2")


def strain(seed: int, species: int = 0) -> bytes:
    """Return a strain of a species."""
    luck = random.Random(species)
    bases = luck.choices("ACGT", k=LENGTH)
    luck = random.Random(seed)
    for at in luck.sample(range(LENGTH), LENGTH // 200):
        bases[at] = luck.choice("ACGT")
    return f">s{seed}\n{''.join(bases)}\n".encode()


class Poller:
    """Reads all there is of an archive, again and again, and notes what is wrong."""

    def __init__(self, url: str, held: dict[str, bytes]) -> None:
        self.reads = 0
        self.wrong: list[str] = []
        self._url, self._held = url, held
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._poll)

    def __enter__(self) -> Poller:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _poll(self) -> None:
        from seqcoder.errors import SeqcoderError, UsageError
        from seqcoder_jobs import open_archive

        seen: set[str] = set()
        while not self._over.is_set():
            try:
                with open_archive(self._url, threads=1) as archive:
                    names = set(archive)
                    if not seen <= names:
                        self.wrong.append(f"{sorted(seen - names)} were there and are not")
                    seen |= names
                    for name in sorted(names):
                        self.reads += 1
                        if archive[name].read() != self._held[name]:
                            self.wrong.append(f"{name} is not what went in")
            except UsageError:
                time.sleep(0.2)  # not begun
            except SeqcoderError as error:
                self.wrong.append(str(error))


def trial(server: Server, seed: int, folder: Path) -> dict[str, object]:
    """Run one trial; returns what happened."""
    luck = random.Random(seed)
    held = {f"s{n:02d}.fa": strain(n) for n in range(16)}
    first, more = folder / "first", folder / "more"
    for number, (name, data) in enumerate(held.items()):
        place = first if number < 12 else more
        place.mkdir(exist_ok=True)
        (place / name).write_bytes(data)
    url = f"{server.new_bucket()}/archive"
    os.environ.update(server.environment())
    faults: Counter[str] = Counter()
    submits = kills = 0
    with Poller(url, held) as poller, FaultyProxy(server.port, at_random(RATE, seed)) as proxy:
        environment = os.environ | server.environment(proxy.endpoint)
        environment |= {"SEQCODER_SCRATCH": str(folder / "scratch"), "SEQCODER_RETRY_SECONDS": "60"}
        for corpus in (first, more):
            kill_after = luck.uniform(4, 14) if luck.random() < 0.5 else None
            command = [sys.executable, "-m", "seqcoder_jobs.cli", "submit", str(corpus), "-o", url]
            command += SIZES if corpus is first else ("-q", "--workers", "2")
            while True:
                submits += 1
                try:
                    run = subprocess.run(
                        command,
                        env=environment,
                        capture_output=True,
                        timeout=kill_after or 400,
                        check=False,
                    )
                except subprocess.TimeoutExpired:  # by SIGKILL
                    assert kill_after, "does not end"
                    kills, kill_after = kills + 1, None
                    continue
                assert run.returncode == 0, run.stderr.decode()
                break
        faults += proxy.counts
    local = folder / "local"
    _submit(first, local, *SIZES)
    _submit(more, local, "-q", "--workers", "2")
    _compare(url, str(local), held)
    return {
        "seed": seed,
        "submits": submits,
        "kills": kills,
        "faults": dict(faults),
        "reads": poller.reads,
        "wrong": poller.wrong,
    }


def _submit(corpus: Path, archive: Path, *options: str) -> None:
    command = [sys.executable, "-m", "seqcoder_jobs.cli", "submit", str(corpus), "-o", str(archive)]
    subprocess.run([*command, *options], check=True, capture_output=True)


def _compare(url: str, local: str, held: dict[str, bytes]) -> None:
    """Compare with an undisturbed run: the same containers, nothing lost, nothing double."""
    from seqcoder_jobs import open_archive
    from seqcoder_jobs.archive.archive import Archive
    from seqcoder_jobs.archive.manifest.files import read_table
    from seqcoder_jobs.reading.verify import expectations, manifest_findings, verify_container

    there, here = Archive(url), Archive(local)
    assert there.container_digests() == here.container_digests()
    rows = read_table(there.store, "genomes", ["genome"])["genome"].to_pylist()
    assert sorted(rows) == sorted(held)
    assert there.is_marked
    assert not list(manifest_findings(there))
    assert all(verify_container(e).intact for e in expectations(there, full=True, threads=1))
    with open_archive(url) as archive:
        assert {name: archive[name].read() for name in archive} == held
    names = [s.name for s in there.store.files("containers") if s.name.endswith(".sqc")]
    assert len(names) == len(there.container_digests()), names


def main() -> int:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    done: list[dict[str, object]] = []
    with start("s3") as server:
        for seed in range(options.seed, options.seed + options.trials):
            with tempfile.TemporaryDirectory() as folder:
                done.append(trial(server, seed, Path(folder)))
            print(json.dumps(done[-1]), flush=True)
    if options.report:
        options.report.write_text(json.dumps(done, indent=1) + "\n")
    return int(any(found["wrong"] for found in done))


if __name__ == "__main__":
    sys.exit(main())
