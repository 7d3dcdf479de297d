"""The tables of docs/benchmarks.md, each made anew by one command.

    python -m seqcoder.bench.tables dnacorpus FOLDER --into docs/benchmarks.md
    python -m seqcoder.bench.tables files FILE... --name dev --into docs/benchmarks.md
    seqcoder-ray bench --scaling --into docs/benchmarks.md

A table stands between ``<!-- NAME -->`` and ``<!-- end NAME -->``; what is there is replaced.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from seqcoder.bench.bench_page import write_page
from seqcoder.bench.page import size_text, time_text
from seqcoder.bench.plots import ratio_against_speed
from seqcoder.bench.rows import Row, totals, write_parquet, write_tsv
from seqcoder.bench.run import BenchSettings, Result, benchmark
from seqcoder.errors import SeqcoderError, UsageError
from seqcoder.settings import parse_size
from seqcoder.storage.atomic import write_atomically
from seqcoder.version import __version__

# Bytes by sequence. SeqCoder: README of github.com/EmberTSeal/SeqCoder, "Compression Ratio"
# (EsCo and HaHi were in its training set). GeCo3 with -l 6 -lr 0.008 -hs 40: docs of this project's
# design, measured once, not in the run that makes the table.
PUBLISHED: Mapping[str, Mapping[str, int]] = {
    "SeqCoder (published)": {
        "EsCo": 1_477_598,
        "HaHi": 1_284_873,
        "HePy": 536_913,
        "AgPh": 14_235,
        "BuEb": 6_351,
    },
    "GeCo3 -l 6, bases only (measured beforehand)": {
        "EsCo": 1_093_878,
        "HaHi": 895_759,
        "HePy": 373_281,
        "AgPh": 10_788,
        "BuEb": 4_738,
    },
}
_ORDER = ("EsCo", "HaHi", "HePy", "AgPh", "BuEb")


def dnacorpus_table(rows: Sequence[Row]) -> str:
    """Return the DNAcorpus table as Markdown: bytes and bits per base by sequence."""
    bases = {row.case: row.bases for row in rows}
    names = [name for name in _ORDER if name in bases]
    lines = [
        f"| | {' | '.join(names)} | all, bits/base |",
        f"| --- |{' ---: |' * (len(names) + 1)}",
    ]

    def line(title: str, sizes: Mapping[str, float]) -> str:
        known = [name for name in names if name in sizes]
        cells = [
            f"{sizes[name]:,.0f} ({8 * sizes[name] / bases[name]:.3f})" if name in sizes else "–"
            for name in names
        ]
        whole = "–"
        if len(known) == len(names):
            mean = 8 * sum(sizes[n] for n in names) / sum(bases[n] for n in names)
            whole = f"{mean:.4f}"
        return f"| {title} | {' | '.join(cells)} | {whole} |"

    for title, sizes in PUBLISHED.items():
        lines.append(line(title, sizes))
    lines.append(line("two bits per base", {name: -(-bases[name] // 4) for name in names}))
    for label in dict.fromkeys(row.label for row in rows):
        mine = [row for row in rows if row.label == label]
        title = f"{label}{'' if mine[0].keeps == 'full FASTA' else ', bases only'}"
        if not mine[0].ours:
            lines.append(line(title, {row.case: row.size for row in mine}))
            continue
        lines.append(line(f"**{title}**, whole container", {row.case: row.size for row in mine}))
        frames = {row.case: row.latent_bytes + row.residual_bytes for row in mine}
        lines.append(line(f"{title}, latents and residual", frames))
    return "\n".join(lines)


def totals_table(rows: Sequence[Row]) -> str:
    """Return sums over all inputs as Markdown, smallest first."""
    lines = [
        "| | gives back | bytes | bits/base | ratio | compress CPU | memory | decompress CPU "
        "| memory |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for total in totals(rows):
        label = f"**{total.label}**" if total.ours else total.label
        lines.append(
            f"| {label} | {total.keeps} | {total.size:,} | {total.bits_per_base:.4f} | "
            f"{total.ratio:.3f} | {time_text(total.compress_cpu)} | "
            f"{size_text(total.compress_peak)} | {time_text(total.decompress_cpu)} | "
            f"{size_text(total.decompress_peak)} |"
        )
    return "\n".join(lines)


def put_table(document: Path, name: str, text: str) -> None:
    """Replace what stands between the marks of ``name`` in a document; raises UsageError."""
    first, last = f"<!-- {name} -->", f"<!-- end {name} -->"
    whole = document.read_text()
    if whole.count(first) != 1 or whole.count(last) != 1:
        raise UsageError(
            f"{document}: has no lines {first!r} and {last!r} to put the table between"
        )
    head, _, rest = whole.partition(first)
    tail = rest.partition(last)[2]
    write_atomically(document, f"{head}{first}\n{text}\n{last}{tail}".encode())


def _made_by(arguments: Sequence[str], result: Result) -> str:
    command = shlex.join(["python", "-m", "seqcoder.bench.tables", *arguments])
    lines = [f"Made by `{command}`, seqcoder {__version__}, one thread each."]
    lines += [f"Dropped: {line}." for line in result.dropped]
    lines += [f"Remark: {line}." for line in result.remarks]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> None:
    """Measure and write a table."""
    parser = argparse.ArgumentParser(prog="python -m seqcoder.bench.tables", description=__doc__)
    parser.add_argument("table", choices=("dnacorpus", "files"))
    parser.add_argument("inputs", nargs="+", type=Path, help="a folder, or files")
    parser.add_argument("--name", default="dnacorpus", help="the table's name in the document")
    parser.add_argument("--into", type=Path, help="the document; default: standard output")
    parser.add_argument("--levels", default="1,2,3")
    parser.add_argument("--peers", default="all", help="all, none, or names with commas")
    parser.add_argument("--models", default="", help="more of them, found by SEQCODER_MODELS")
    parser.add_argument("--chunk-size", default="", help="ours, for example 5M")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--together", action="store_true")
    parser.add_argument("--plot", type=Path, help="SVG file for size against speed")
    parser.add_argument("-o", "--output", type=Path, help="folder for page, TSV and Parquet")
    chosen = parser.parse_args(arguments)
    files = [
        file
        for path in chosen.inputs
        for file in (sorted(path.glob("*.f*a*")) if path.is_dir() else [path])
    ]
    plan = BenchSettings(
        files=tuple(files),
        together=chosen.together,
        levels=tuple(map(int, chosen.levels.split(","))),
        peers={"all": None, "none": ()}.get(chosen.peers, tuple(chosen.peers.split(","))),
        chunk_bases=parse_size(chosen.chunk_size) if chosen.chunk_size else 0,
        repeat=chosen.repeat,
        models=tuple(filter(None, chosen.models.split(","))),
    )
    result = benchmark(plan, lambda line: print(line, file=sys.stderr))
    if chosen.output is not None:
        chosen.output.mkdir(parents=True, exist_ok=True)
        write_tsv(result.rows, chosen.output / f"{chosen.name}.tsv")
        write_parquet(result.rows, chosen.output / f"{chosen.name}.parquet")
        write_page(result, chosen.output / f"{chosen.name}.html")
    if chosen.plot is not None:
        write_atomically(chosen.plot, ratio_against_speed(totals(result.rows)).encode())
    make = dnacorpus_table if chosen.table == "dnacorpus" else totals_table
    text = f"{make(result.rows)}\n\n{_made_by(arguments, result)}"
    if chosen.into is None:
        print(text)
    else:
        put_table(chosen.into, chosen.name, text)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SeqcoderError as error:
        sys.exit(f"{error}")
