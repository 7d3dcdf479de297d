"""Sizes and CPU time of seqcoder and its peers, for one genome and for a collection.

``python tests/bench/peers.py EsCo.fa listeria/*.fa`` prints the table of docs/benchmarks.md: the
first file is compressed by itself, the others together. ``--plot FILE.svg`` draws it. Peers are
those found on PATH. Everything runs with one thread, in turn, ``--rounds`` times; times are user
and system seconds of the whole program, medians. What zstd, xz and seqcoder give back is compared;
the others do not keep whole files.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqcoder.bench.plots import OTHERS, draw
from seqcoder.bench.plots import OURS as BLUE

# Each step is run by a shell where one.fa, one.seq (bases only), all.fa (the collection, joined),
# files/ (the collection) and list (its paths) lie.
OURS = f"{Path(sys.executable).parent}/seqcoder"


@dataclass
class Peer:
    """A row: the program looked for, and for genome and collection the steps and the result."""

    name: str
    program: str
    one: tuple[str, str, str] | None
    many: tuple[str, str, str] | None
    once: bool = False
    """Slow, and measured in the first round only."""
    seconds: dict[str, list[float]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)


def ours(level: int) -> Peer:
    """Return the row of a level."""
    return Peer(
        f"**seqcoder -{level}**",
        OURS,
        (
            f"{OURS} compress -q -f -{level} --threads 1 one.fa -o one.sqc",
            "one.sqc",
            f"{OURS} decompress -q --threads 1 one.sqc -c > back && cmp back one.fa",
        ),
        (
            f"{OURS} compress -q -f -{level} --threads 1 files/* -o all.sqc",
            "all.sqc",
            f"rm -rf out; {OURS} decompress -q --threads 1 all.sqc -o out",
        ),
    )


PEERS = [
    Peer(
        "zstd -19 --long",
        "zstd",
        ("zstd -19 --long=27 -T1 -qfc one.fa > p", "p", "zstd -dqfc --long=27 p | cmp - one.fa"),
        ("zstd -19 --long=27 -T1 -qfc all.fa > p", "p", "zstd -dqfc --long=27 p | cmp - all.fa"),
        True,
    ),
    Peer(
        "xz -9e",
        "xz",
        ("xz -9e -T1 -c one.fa > p", "p", "xz -dc p | cmp - one.fa"),
        ("xz -9e -T1 -c all.fa > p", "p", "xz -dc p | cmp - all.fa"),
        True,
    ),
    Peer(
        "GeCo3 -l 6 (bases only)",
        "GeCo3",
        ("GeCo3 -f -l 6 -lr 0.008 -hs 40 one.seq", "one.seq.co", "GeDe3 -f one.seq.co"),
        None,
        True,
    ),
    Peer(
        "JARVIS3 -l 29 (bases only)",
        "JARVIS3",
        ("JARVIS3 -f -l 29 one.seq", "one.seq.jc", "JARVIS3 -f -d one.seq.jc"),
        None,
        True,
    ),
    Peer(
        "NAF -22 --long",
        "ennaf",
        ("ennaf -22 --long 27 --temp-dir . one.fa -o p", "p", "unnaf p | cmp - one.fa"),
        ("ennaf -22 --long 27 --temp-dir . all.fa -o p", "p", "unnaf p > back"),
        True,
    ),
    Peer(
        "AGC",
        "agc",
        None,
        (
            "agc create -a -f 0.01 -b 500 -s 1500 -k 21 -t 1 -o p $(cat list)",
            "p",
            "agc getcol -t 1 p > back",
        ),
    ),
    Peer(
        "MBGC -m 3",
        "mbgc",
        None,
        (
            "rm -f p; mbgc c -m 3 -L -t 1 list p",
            "p",
            "rm -rf out; mkdir out; mbgc d -t 1 p out",
        ),
    ),
    ours(1),
    ours(2),
]


def run(step: str, folder: Path) -> float:
    """Run a step; returns the CPU seconds of all its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["bash", "-c", step], cwd=folder, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{step}: {done.stderr.decode(errors='replace')[-300:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(peer: Peer, folder: Path, number: int) -> None:
    """Run a peer on genome and collection."""
    for what, steps in (("one", peer.one), ("many", peer.many)):
        if steps is None or not shutil.which(peer.program) or (peer.once and number):
            continue
        pack, packed, unpack = steps
        peer.seconds.setdefault(f"{what} c", []).append(run(pack, folder))
        peer.sizes[what] = (folder / packed).stat().st_size
        peer.seconds.setdefault(f"{what} d", []).append(run(unpack, folder))
        if what == "many" and peer.program == OURS:
            names = [path.name for path in (folder / "files").iterdir()]
            same, _, _ = filecmp.cmpfiles(folder / "files", folder / "out", names, shallow=False)
            assert sorted(same) == sorted(names), "a file did not come back"


def lay_out(one: Path, many: list[Path], folder: Path) -> None:
    """Write what the steps read."""
    shutil.copy(one, folder / "one.fa")
    lines = one.read_bytes().splitlines()
    (folder / "one.seq").write_bytes(b"".join(ln for ln in lines if not ln.startswith(b">")))
    (folder / "files").mkdir()
    with (folder / "all.fa").open("wb") as joined:
        for path in sorted(many, key=lambda path: path.name):
            shutil.copy(path, folder / "files")
            joined.write(path.read_bytes())
    names = sorted(path.name for path in many)
    (folder / "list").write_text("".join(f"files/{name}\n" for name in names))


def row(peer: Peer, show: Callable[[float], str] = "{:.2f}".format) -> str:
    """Return a line of the table."""
    cells = [peer.name]
    for what in ("one", "many"):
        cells.append(f"{peer.sizes[what]:,}" if what in peer.sizes else "")
        times = [statistics.median(peer.seconds.get(f"{what} {way}", [0.0])) for way in "cd"]
        cells.append(" / ".join(map(show, times)) + " s" if what in peer.sizes else "")
    return "| " + " | ".join(cells) + " |"


# Where labels stand, in points, of those whose neighbours are near.
_LABELS = {
    "xz -9e": (5, -9),
    "GeCo3 -l 6": (-45, -12),
    "NAF -22 --long": (-82, -3),
    "MBGC -m 3": (-12, 7),
    "seqcoder -1": (-28, -13),
    "seqcoder -2": (7, -3),
}


def plot(peers: list[Peer]) -> str:
    """Return the table as an SVG element: bytes against seconds to compress, both ways small."""

    def fill(axes: Any) -> None:
        for ax, what, title in zip(
            axes, ("one", "many"), ("One E. coli", "18 Listeria"), strict=True
        ):
            for peer in peers:
                if what not in peer.sizes:
                    continue
                at = statistics.median(peer.seconds[f"{what} c"]), peer.sizes[what] / 1e6
                color = BLUE if peer.program == OURS else OTHERS
                ax.scatter(*at, color=color, s=36)
                label = peer.name.strip("*").replace(" (bases only)", "")
                offset = _LABELS.get(label, (5, 4))
                ax.annotate(label, at, offset, textcoords="offset points", color=color, size=8)
            ax.set(title=title, xlabel="seconds of CPU to compress", ylabel="MB", xscale="log")
            ax.set_ylim(bottom=0)
            ax.margins(x=0.25)

    return draw(9, 3.4, 2, fill)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("one", type=Path)
    parser.add_argument("many", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    os.environ["PYTHONDONTWRITEBYTECODE"] = ""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lay_out(options.one, options.many, folder)
        for number in range(options.rounds):
            for peer in PEERS:
                measure(peer, folder, number)
    print("\n".join(row(peer) for peer in PEERS if peer.sizes))
    if options.plot:
        options.plot.write_text(plot(PEERS) + "\n")


if __name__ == "__main__":
    main()
