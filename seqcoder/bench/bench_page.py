"""The benchmark as one HTML page."""

from __future__ import annotations

import platform
from pathlib import Path

from seqcoder.bench import page, plots
from seqcoder.bench.page import size_text, time_text
from seqcoder.bench.rows import Row, Total, totals
from seqcoder.bench.run import Result
from seqcoder.bench.tools import FASTA
from seqcoder.version import __version__

_HEADER = [
    "tool",
    "gives back",
    "bytes",
    "bits/base",
    "ratio",
    "compress CPU",
    "wall",
    "memory",
    "decompress CPU",
    "wall",
    "memory",
]


def report_html(result: Result) -> str:
    """Return the page; without matplotlib it has tables only."""
    plain = [row for row in result.rows if not row.chunk_bases]
    chunked = [row for row in result.rows if row.chunk_bases]
    ours = [row for row in plain if row.ours]
    summed = totals(plain)
    cases = list(dict.fromkeys(row.case for row in plain))
    drawn = plots.has_matplotlib() and bool(plain)
    body = [_headline(summed, result), _conditions(result)]
    if not drawn:
        body.append(
            page.text(
                "No plots: matplotlib is not installed; pip install 'seqcoder[model]'.", "bad"
            )
        )
    body.append(
        page.section(
            f"All {len(cases)} inputs together" if len(cases) != 1 else cases[0],
            page.table(
                _HEADER,
                map(_cells, summed),
                [i for i, total in enumerate(summed) if total.ours],
                texts=2,
            ),
        )
    )
    if drawn:
        body.append(
            page.section(
                "Size against speed",
                page.figure(
                    plots.ratio_against_speed(summed),
                    "Further right is faster, further up is smaller; the grey line is the "
                    "Pareto front. Hollow points give back the bases only, not the file. Times "
                    "include starting the program.",
                ),
            )
        )
        body.append(
            page.section(
                "Size by input",
                page.figure(plots.size_bars(plain), "The dotted line is two bits for each base."),
            )
        )
        if ours:
            body.append(
                page.section(
                    "What our bytes are, and where our time goes",
                    page.figure(plots.stream_shares(ours), "Bits per base by kind of stream."),
                    page.figure(
                        plots.stage_times(ours),
                        "Compression, verification included, by the clock of the run.",
                    ),
                )
            )
        if len({row.chunk_bases for row in chunked}) > 1:
            body.append(
                page.section(
                    "Chunk size",
                    page.figure(
                        plots.chunk_trade_off(chunked),
                        "A larger chunk is smaller by the repeats within it; a region costs the "
                        "decoding of its chunk up to its end, and starting the program.",
                    ),
                )
            )
    if plots.has_matplotlib() and result.plan.training:
        body.append(
            page.section(
                "Training of the model",
                page.figure(
                    plots.training_curves(result.plan.training),
                    "The network that chooses latents, over its training; the last part trains it "
                    "against a stand-in for the coder's cost.",
                ),
            )
        )
    if len(cases) > 1:
        body += [_case(case, plain) for case in cases]
    lead = f"Lossless compression of {', '.join(cases[:6])}{' …' if len(cases) > 6 else ''}"
    return page.page("Compression benchmark", lead, body)


def _headline(summed: list[Total], result: Result) -> str:
    ours = [total for total in summed if total.ours]
    others = [total for total in summed if not total.ours and total.keeps == FASTA]
    pairs = []
    if ours:
        pairs += [
            ("bits per base, our smallest", f"{ours[0].bits_per_base:.4f}"),
            ("ratio to the FASTA file", f"{ours[0].ratio:.3f}"),
        ]
    if ours and others:
        less = 1 - ours[0].size / others[0].size
        pairs.append((f"less than {others[0].label}, the next best", f"{100 * less:.1f} %"))
    pairs.append(("rows decompressed and compared", f"{len(result.rows)}"))
    return page.facts(pairs)


def _conditions(result: Result) -> str:
    plan = result.plan
    parts = [
        page.text(
            "Every row was decompressed and compared with its input; rows that did not come back "
            "are dropped and named here. “full FASTA” gives back the file byte for byte, “bases "
            "only” at least the residues. Their ratio is against one byte a base. All figures of "
            f"this page are from one run: {plan.threads} thread{'s' * (plan.threads != 1)}, "
            f"{_runs(plan.repeat)}, seqcoder {__version__} on "
            f"{platform.machine()} {platform.system()}, Python {platform.python_version()}. Our "
            "rows include starting Python and verification; memory under 10 MB reads as 10 MB.",
            "note",
        )
    ]
    parts += [page.text(f"Dropped: {line}", "bad") for line in result.dropped]
    parts += [page.text(f"Remark: {line}", "note") for line in result.remarks]
    return "\n".join(parts)


def _runs(repeat: int) -> str:
    return "one run each" if repeat == 1 else f"runs under 10 s done {repeat} times (median)"


def _cells(row: Row | Total) -> list[str]:
    return [
        row.label,
        row.keeps,
        f"{row.size:,}",
        f"{row.bits_per_base:.4f}",
        f"{row.ratio:.3f}",
        time_text(row.compress_cpu),
        time_text(row.compress_wall),
        size_text(row.compress_peak),
        time_text(row.decompress_cpu),
        time_text(row.decompress_wall),
        size_text(row.decompress_peak),
    ]


def _case(case: str, rows: list[Row]) -> str:
    mine = sorted((row for row in rows if row.case == case), key=lambda row: row.size)
    marked = [i for i, row in enumerate(mine) if row.ours]
    return page.section(
        f"{case}: {mine[0].bases:,} bases", page.table(_HEADER, map(_cells, mine), marked, texts=2)
    )


def text_table(rows: list[Row]) -> str:
    """Return the totals as aligned text for a terminal."""
    lines = [_HEADER, *map(_cells, totals(rows))]
    widths = [max(len(line[i]) for line in lines) for i in range(len(_HEADER))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def write_page(result: Result, path: Path) -> None:
    """Write the page."""
    from seqcoder.storage.atomic import write_atomically

    write_atomically(path, report_html(result).encode())
