"""Archives of thousands of relatives, measured: `seqcoder-ray submit` with embedded Ray.

    python tests/scale/generate.py GENOMES --genomes 2000
    python tests/scale/campaign.py GENOMES OUT --counts 100,500,2000 [--submit='--level 1']

For each count the first so many files are submitted to OUT/archive-COUNT (which is removed
before). OUT/scale.json, OUT/scale.md and OUT/scale.svg tell: bytes per genome, CPU seconds a genome
for the first and the last tenth of a container's members, peak memory of the driver, and how one
genome and 500 come out again.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

COMMAND = (sys.executable, "-m", "seqcoder_jobs.cli")
STEPS = ("parse", "walk", "model", "code", "verify")


READ = """
import sys
from seqcoder_jobs import open_archive
with open_archive(sys.argv[1], threads=1) as archive:
    size = 0
    for name in sys.stdin.read().split():
        size += len(archive[name].read())
print(size)
"""


def watched(command: list[str], peak: Path) -> float:
    """Run a command; returns its seconds. ``peak`` gets the peak memory of its process in kB."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        with suppress(OSError):
            status = Path(f"/proc/{process.pid}/status").read_text()
            if "VmHWM" in status:
                peak.write_text(status.partition("VmHWM:")[2].split()[0])
        time.sleep(0.1)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return time.monotonic() - started


def timed(command: list[str], given: str = "") -> tuple[float, float]:
    """Return seconds and CPU seconds of a command, which gets ``given`` as its input."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, input=given, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - started, after.ru_utime + after.ru_stime - (
        before.ru_utime + before.ru_stime
    )


def cpu_by_tenth(archive: Path) -> list[float]:
    """Return CPU seconds a genome in each tenth of the genomes that extend a reference.

    They are in the order of the containers, and within these in that in which they were written.
    Chunks are shared: of those a genome has its share by the bases it brought.
    """
    columns = ["container", "ordinal", *(f"{step}_seconds" for step in STEPS)]
    rows = pq.ParquetFile(archive / "manifest" / "genomes" / "all.parquet").read(columns)
    extending = {
        row["container"]
        for row in pq.ParquetFile(archive / "manifest" / "containers" / "all.parquet")
        .read(["container", "reference"])
        .to_pylist()
        if row["reference"]
    }
    by_place: dict[int, list[float]] = {}
    for row in rows.to_pylist():
        if row["container"] in extending:
            total = sum(row[f"{step}_seconds"] or 0.0 for step in STEPS)
            by_place.setdefault(row["ordinal"], []).append(total)
    ordered = [statistics.mean(by_place[place]) for place in sorted(by_place)]
    n = len(ordered)
    return (
        [statistics.mean(ordered[n * i // 10 : n * (i + 1) // 10]) for i in range(10)]
        if n > 9
        else ordered
    )


def measure(files: list[Path], out: Path, options: list[str]) -> dict[str, Any]:
    """Submit ``files`` and take some out again."""
    archive = out / f"archive-{len(files)}"
    shutil.rmtree(archive, ignore_errors=True)
    listed = out / "files.txt"
    listed.write_text("".join(f"{file}\n" for file in files))
    peak = out / "peak"
    submit = ["submit", "--from-file", str(listed), "-o", str(archive), "-q", *options]
    seconds = watched([*COMMAND, *submit], peak)
    containers = sorted((archive / "containers").glob("*.sqc"))
    sizes = {path.name: path.stat().st_size for path in containers}
    raw = sum(file.stat().st_size for file in files)
    found: dict[str, Any] = {
        "genomes": len(files),
        "fasta_mb": raw / 1e6,
        "bytes": sum(sizes.values()),
        "bytes_a_genome": sum(sizes.values()) / len(files),
        "references": {name: size for name, size in sizes.items() if "reference" in name},
        "containers": len(sizes),
        "seconds": seconds,
        "driver_mb": int(peak.read_text()) / 1e3,
        "cpu_by_tenth": cpu_by_tenth(archive),
    }
    names = [
        line.split("\t")[0]
        for line in subprocess.run(
            [*COMMAND, "list", str(archive)], capture_output=True, text=True, check=True
        ).stdout.splitlines()[1:]
    ]
    one = out / "one.fa"
    runs = [
        timed([*COMMAND, "extract", str(archive), names[-1], "-o", str(one), "-f"])
        for _ in range(5)
    ]
    found |= {"one_wall": statistics.median(run[0] for run in runs)}
    found |= {"one_cpu": statistics.median(run[1] for run in runs)}
    assert one.read_bytes() == (files[0].parent / Path(names[-1]).name).read_bytes()
    some = names[:: max(1, len(names) // 500)][:500]
    _, cpu = timed([sys.executable, "-c", READ, str(archive)], "\n".join(some))
    size = sum((files[0].parent / Path(name).name).stat().st_size for name in some)
    found |= {"some": len(some), "some_cpu": cpu, "some_mb_per_cpu_second": size / 1e6 / cpu}
    return found


def plot(results: list[dict[str, Any]], out: Path) -> None:
    """Draw bytes per genome against their number."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "scale"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.4))
    counts = [result["genomes"] for result in results]
    axes.plot(counts, [result["bytes_a_genome"] / 1e3 for result in results], "o-", color="teal")
    axes.set_xscale("log")
    axes.set_xticks(counts, [f"{count:,}" for count in counts])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("genomes in the archive")
    axes.set_ylabel("kB a genome, all counted")
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None})


def main() -> None:
    """Read the command line, measure, write the results."""
    parser = argparse.ArgumentParser(description="Archives of thousands of relatives, measured")
    parser.add_argument("genomes", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--counts", default="100,500,2000")
    parser.add_argument("--submit", default="", help="options of submit, as --submit='--level 1'")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    files = sorted(given.genomes.glob("*.fa"))
    results = []
    for count in map(int, given.counts.split(",")):
        results.append(measure(files[:count], given.out, given.submit.split()))
        print(json.dumps(results[-1], indent=1), flush=True)
        (given.out / "scale.json").write_text(json.dumps(results, indent=1) + "\n")
    lines = [
        "| genomes | bytes | a genome | containers | CPU s a genome, first / last tenth "
        "| driver, MB | one out: s, CPU s | many out: MB of FASTA a CPU s |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {r['genomes']:,} | {r['bytes']:,} | {r['bytes_a_genome']:,.0f} | {r['containers']} "
        f"| {r['cpu_by_tenth'][0]:.2f} / {r['cpu_by_tenth'][-1]:.2f} | {r['driver_mb']:.0f} "
        f"| {r['one_wall']:.2f}, {r['one_cpu']:.2f} | {r['some_mb_per_cpu_second']:.0f} |"
        for r in results
    ]
    (given.out / "scale.md").write_text("\n".join(lines) + "\n")
    plot(results, given.out / "scale.svg")


if __name__ == "__main__":
    main()
