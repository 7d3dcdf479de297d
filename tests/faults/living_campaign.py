"""Archives that change, killed at random moments, while a reader polls.

``PYTHONPATH=tests python tests/faults/living_campaign.py --trials 50`` prints what happened. A
trial makes an archive of strains, in a folder or on moto, and then changes it several times:
genomes are removed, purged, renamed, replaced, added, and some copied into another archive. Each
command is killed (SIGKILL) at a random moment, often more than once, and given again. A reader
opens the archive again and again meanwhile: of everything that changes it finds the old state or
the new one. At the end the archive holds what it ought to and nothing else, verified whole.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from store_campaign import strain

from object_servers import Server, start

SIZES = ("--chunk-size", "16K", "--container-size", "130K", "-1", "--workers", "2")
Pair = tuple[str, bytes]


@dataclass(frozen=True)
class Change:
    """A command, what it takes away and puts in place of it, and whether files go."""

    kind: str
    command: list[str]
    swaps: list[tuple[Pair | None, Pair | None]] = field(default_factory=list)
    lets_go: bool = False


class Poller:
    """Reads all there is of an archive, again and again, and notes what is wrong."""

    def __init__(self, place: str, held: dict[str, bytes]) -> None:
        self.reads = 0
        self.wrong: list[str] = []
        self._place = place
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._held, self._change = held, Change("", [])
        self._thread = threading.Thread(target=self._poll)

    def __enter__(self) -> Poller:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def expect(self, held: dict[str, bytes], change: Change) -> None:
        """Say what is held, and what is changed from now on."""
        with self._lock:
            self._held, self._change = held, change

    def _poll(self) -> None:
        while not self._over.is_set():
            with self._lock:
                held, change = dict(self._held), self._change
            found, error = self._read()
            with self._lock:
                if change is not self._change:
                    continue  # it was told something else meanwhile
            if error:
                if not change.lets_go:  # a purge lets go of files: who had opened it opens it anew
                    self.wrong.append(f"{change.kind}: {error}")
                continue
            self.reads += len(found)
            for old, new in change.swaps:
                there = [pair for pair in (old, new) if pair and found.get(pair[0]) == pair[1]]
                if old and new and len(there) != 1:
                    has = {name: len(data) for name, data in found.items()}
                    self.wrong.append(f"{change.kind}: {len(there)} of {old[0]} and {new[0]} {has}")
                for pair in (old, new):
                    if pair:
                        held.pop(pair[0], None)
                for pair in there:
                    found.pop(pair[0], None)
            if found != held:
                odd = sorted({*found} ^ {*held}) or [n for n in held if found[n] != held[n]]
                self.wrong.append(f"{change.kind}: {odd}")

    def _read(self) -> tuple[dict[str, bytes], str]:
        from seqcoder.errors import SeqcoderError
        from seqcoder_jobs import open_archive

        try:
            with open_archive(self._place, threads=1) as archive:
                return {name: archive[name].read() for name in archive}, ""
        except SeqcoderError as error:
            return {}, str(error)


class Trial:
    """An archive at ``place`` and what it ought to hold."""

    def __init__(self, place: str, folder: Path, seed: int) -> None:
        self.luck = random.Random(seed)
        self.place, self.corpus = place, folder / "in"
        self.corpus.mkdir()
        self.environment = os.environ | {"SEQCODER_SCRATCH": str(folder / "scratch")}
        self.held: dict[str, bytes] = {}
        self.names: dict[str, str] = {}
        """By genome, the file it came from."""
        self.kills = self.runs = 0
        self._next = 100 * seed

    def put(self, n: int) -> list[tuple[Pair | None, Pair | None]]:
        """Write new files; returns what they will add."""
        added = []
        for _ in range(n):
            self._next += 1
            name, data = f"g{self._next}.fa", strain(self._next, self._next % 2)
            (self.corpus / name).write_bytes(data)
            self.names[name] = name
            added.append((None, (name, data)))
        return list(added)

    def change(self) -> Change:
        """Choose what is done next."""
        kind = self.luck.choice(
            ["remove", "purge", "rename", "replace", "replace", "rename", "add"]
        )
        archive, submit = self.place, ["submit", str(self.corpus), "-o", self.place]
        if kind == "add":
            return Change(kind, submit, self.put(2))
        some = self.luck.sample(sorted(self.held), 2)
        old: list[Pair] = [(name, self.held[name]) for name in some]
        if kind == "remove":
            return Change(kind, ["remove", archive, *some], [(pair, None) for pair in old])
        if kind == "purge":
            command = ["remove", archive, some[0], "--purge"]
            return Change(kind, command, [(old[0], None)], lets_go=True)
        self._next += 1
        if kind == "rename":
            new = f"renamed/{self._next}.fa"
            return Change(kind, ["rename", archive, some[0], new], [(old[0], (new, old[0][1]))])
        data = strain(self._next, self._next % 2)
        (self.corpus / self.names[some[0]]).write_bytes(data)
        return Change(kind, [*submit, "--replace"], [(old[0], (some[0], data))])

    def settle(self, change: Change) -> None:
        """Take over what a change has done."""
        for old, new in change.swaps:
            if old:
                del self.held[old[0]]
                file = self.names.pop(old[0])
                if new:
                    self.names[new[0]] = file
                else:
                    (self.corpus / file).unlink(missing_ok=True)
            if new:
                self.held[new[0]] = new[1]

    def run(self, command: list[str], kills: int) -> None:
        """Run a command to its end, killed some times before."""
        words = [sys.executable, "-m", "seqcoder_jobs.cli", *command, "-q"]
        while True:
            self.runs += 1
            process = subprocess.Popen(
                words,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            try:
                limit = self.luck.uniform(0.4, 9) if kills else 300
                error = process.communicate(timeout=limit)[1]
            except subprocess.TimeoutExpired:
                assert kills, "does not end"
                kills -= 1
                self.kills += 1
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                continue
            assert process.returncode == 0, f"{command}: {error.decode()}"
            return


def places(seed: int, folder: Path, server: Server) -> Iterator[str]:
    """Yield where an archive and a copy of some of it lie: in folders or on the server."""
    base = str(folder) if seed % 2 else server.new_bucket()
    yield from (f"{base}/archive", f"{base}/some")


def trial(seed: int, folder: Path, server: Server) -> dict[str, object]:
    """Run one trial; returns what happened."""
    place, copy = places(seed, folder, server)
    at = Trial(place, folder, seed)
    first = at.put(7)
    at.run(["submit", str(at.corpus), "-o", place, *SIZES], 0)
    at.held = dict(new for _, new in first if new)
    kinds: Counter[str] = Counter()
    with Poller(place, at.held) as poller:
        for _ in range(3):
            change = at.change()
            kinds[change.kind] += 1
            poller.expect(at.held, change)
            at.run(change.command, at.luck.randint(1, 2))
            at.held = at.held.copy()
            at.settle(change)
            poller.expect(at.held, Change("at rest", []))
    _check(place, at.held)
    some = at.luck.sample(sorted(at.held), min(3, len(at.held)))
    (folder / "names.txt").write_text("".join(f"{name}\n" for name in some))
    at.run(["copy", place, copy, "--from-file", str(folder / "names.txt")], 1)
    _check(copy, {name: at.held[name] for name in some})
    return {
        "seed": seed,
        "place": "folder" if seed % 2 else "s3",
        "changes": dict(kinds),
        "runs": at.runs,
        "kills": at.kills,
        "reads": poller.reads,
        "wrong": poller.wrong,
    }


def _check(place: str, held: dict[str, bytes]) -> None:
    """What is held is there, whole and once, and nothing else."""
    from seqcoder_jobs import open_archive
    from seqcoder_jobs.archive.archive import Archive
    from seqcoder_jobs.archive.manifest.files import read_table
    from seqcoder_jobs.reading.verify import expectations, manifest_findings, verify_container

    archive = Archive(place)
    assert archive.is_marked
    assert not list(manifest_findings(archive))
    assert all(verify_container(e).intact for e in expectations(archive, full=True, threads=1))
    with open_archive(place) as opened:
        assert {name: opened[name].read() for name in opened} == held
    rows = read_table(archive.store, "records", ["genome"])["genome"].to_pylist()
    assert sorted(rows) == sorted(held)
    listed = archive.store.get("index.tsv")[0].decode().splitlines()[1:]
    assert [line.split("\t")[0] for line in listed] == sorted(held, key=str.encode)


def main() -> int:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    done: list[dict[str, object]] = []
    with start("s3") as server:
        os.environ.update(server.environment())
        for seed in range(options.seed, options.seed + options.trials):
            began = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                done.append(trial(seed, Path(folder), server))
            print(json.dumps(done[-1] | {"s": round(time.monotonic() - began)}), flush=True)
    if options.report:
        options.report.write_text(json.dumps(done, indent=1) + "\n")
    return int(any(found["wrong"] for found in done))


if __name__ == "__main__":
    sys.exit(main())
