"""What reading an archive in an object store costs: requests, bytes, seconds at 50 ms each.

``PYTHONPATH=tests python tests/scale/store_requests.py`` makes an archive of 10,000 small genomes
on moto and prints the table of docs/howto/object-stores.md. Every line begins with nothing opened.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from faulty_proxy import FaultyProxy
from object_servers import start

LENGTH = 5000


def write_corpus(folder: Path, count: int) -> None:
    """Write genomes of two records each, without relatives."""
    folder.mkdir()
    for number in range(count):
        luck = random.Random(number)
        parts = ("".join(luck.choices("ACGT", k=LENGTH)) for _ in range(2))
        text = "".join(f">g{number:05d}_{i}\n{bases}\n" for i, bases in enumerate(parts))
        (folder / f"g{number:05d}.fa").write_text(text)


def measure(url: str) -> list[tuple[str, int, int, float]]:
    """Return of each thing asked for: requests, bytes and seconds."""
    from seqcoder.storage.counts import COUNTS
    from seqcoder_jobs import open_archive
    from seqcoder_jobs.reading.extract import find_regions, open_regions

    def one_genome() -> None:
        with open_archive(url) as archive:
            archive["g04711.fa"].read()

    def one_region() -> None:
        with open_archive(url) as archive:
            (found,) = open_regions(archive, find_regions(archive, ["g04711_1:1001-2000"]))
            assert len(found.record[found.start : found.stop]) == 1000

    def many_genomes() -> None:
        with open_archive(url) as archive:
            numbers = range(0, len(archive), len(archive) // 100)
            for genome in archive.each(f"g{number:05d}.fa" for number in numbers):
                genome.read()

    asked: list[tuple[str, Callable[[], None]]] = [
        ("opening it", lambda: open_archive(url).close()),
        ("one genome by name", one_genome),
        ("one region by name", one_region),
        ("100 genomes, in as many places", many_genomes),
    ]
    rows = []
    for name, ask in asked:
        before, received, started = COUNTS.requests.total(), COUNTS.bytes_in, time.monotonic()
        ask()
        seconds = time.monotonic() - started
        rows.append((name, COUNTS.requests.total() - before, COUNTS.bytes_in - received, seconds))
    return rows


def main() -> None:
    """Make the archive, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--genomes", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as top, start("s3") as server:
        folder = Path(top)
        write_corpus(folder / "corpus", options.genomes)
        os.environ.update(server.environment())
        url = f"{server.new_bucket()}/archive"
        command = [sys.executable, "-m", "seqcoder_jobs.cli", "submit", str(folder / "corpus")]
        command += ["-o", url, "-1", "--no-groups", "--container-size", "1M", "-q"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with FaultyProxy(server.port) as proxy:
            os.environ.update(server.environment(proxy.endpoint))
            measure(url)  # imports
            proxy.latency = 0.05
            print("| asked for | requests | bytes | seconds |\n| --- | --- | --- | --- |")
            for name, requests, received, seconds in measure(url):
                print(f"| {name} | {requests} | {received:,} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
