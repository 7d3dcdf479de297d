"""The page of an archive: what went in, what came out, where the time went, how to get it back."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqcoder.bench import page
from seqcoder.bench.page import size_text, time_text
from seqcoder.version import __version__
from seqcoder_jobs.reading.report.howto import extract_section, made_section
from seqcoder_jobs.reading.report.read import STAGES, Facts, Row

_MOST_ROWS = 100
_MOST_FAILURES = 500
_MOST_GROUPS = 100
_BINS = 12
_HISTOGRAM_FROM = 24


def report_html(facts: Facts) -> str:
    """Return the page as HTML."""
    summary = facts.summary
    done = summary.verified + summary.stored
    lead = (
        f"Archive of {_count(summary.genomes, 'genome file')} in "
        f"{_count(summary.containers, 'container')}, "
        f"written by seqcoder {__version__}."
    )
    body = [
        page.facts(
            [
                ("files archived", f"{done:,} of {summary.genomes:,}"),
                ("FASTA in (decompressed)", size_text(summary.raw_bytes)),
                ("containers out", size_text(summary.bytes)),
                ("ratio", f"{summary.ratio:.2f}" if summary.ratio else "–"),
                (
                    "bits per base, all counted",
                    f"{summary.bits_per_base:.4f}" if summary.bits_per_base else "–",
                ),
            ]
        ),
        _state(facts),
        _failures(facts),
        _went_in(facts),
        _came_out(facts),
        _groups(facts),
        _genomes(facts),
        _containers(facts),
        _times(facts),
        extract_section(facts),
        made_section(facts),
    ]
    return page.page(facts.archive.title, lead, [part for part in body if part])


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _state(facts: Facts) -> str:
    summary = facts.summary
    done = summary.verified + summary.stored
    verified = (
        "Every chunk was decoded and compared with its bases before it was written, every "
        "container's frames were read back and checked before it got its name, and every file "
        "has its SHA-256 in the manifest. seqcoder-ray verify --full repeats all of it."
    )
    if summary.complete:
        return page.text(
            f"Complete: all {done:,} files are archived and verified. {verified}", "good"
        )
    parts = [f"{done:,} of {summary.genomes:,} files are archived and verified"]
    if summary.failed:
        parts.append(f"{summary.failed:,} failed (listed below)")
    if summary.pending:
        parts.append(f"{summary.pending:,} are not done yet")
    again = "The same submit command goes on with what is missing."
    return page.text(f"Not complete: {', '.join(parts)}. {again} {verified}", "bad")


def _failures(facts: Facts) -> str:
    parts = []
    failed = facts.chosen([("genome", "ascending")], _MOST_FAILURES, status="failed")
    if failed:
        rows = [[row["genome"], row["source"], _reason(row)] for row in failed]
        parts.append(page.table(["genome", "source", "reason"], rows, texts=3))
        if facts.summary.failed > len(failed):
            parts.append(_more(facts.summary.failed - len(failed), "list --failed"))
    warned = facts.chosen([("warning", "ascending")], _MOST_FAILURES)
    if warned:
        parts.append(page.text("Archived, with a remark:"))
        rows = [
            [row["genome"], row["warning"].removeprefix(f"{row['source']}: ")] for row in warned
        ]
        parts.append(page.table(["genome", "remark"], rows, texts=2))
    return page.section("Failures and remarks", *parts) if parts else ""


def _reason(row: Row) -> str:
    return str(row["error"] or "").removeprefix(f"{row['source']}: ")


def _more(count: int, command: str) -> str:
    return page.text(f"… and {count:,} more: seqcoder-ray {command}.", "note")


def _went_in(facts: Facts) -> str:
    summary = facts.summary
    if not summary.raw_bytes:
        return ""
    kinds = ", ".join(f"{count:,} {kind or 'plain'}" for kind, count in _compressions(facts))
    rows = [
        ["files", f"{summary.genomes:,}"],
        ["files as they lay", f"{size_text(summary.source_bytes)} ({kinds})"],
        ["decompressed", size_text(summary.raw_bytes)],
        ["FASTA records", f"{summary.records:,}"],
        ["bases (A, C, G, T)", f"{summary.bases:,}"],
        ["of them novel (in no genome before)", f"{int(facts.total('novel_bases')):,}"],
        ["files that are not nucleotide FASTA, stored", f"{summary.stored:,}"],
    ]
    return page.section("What went in", page.table([], rows))


def _compressions(facts: Facts) -> list[tuple[str, int]]:
    import pyarrow.compute as pc

    read = facts.genomes.filter(pc.is_valid(facts.genomes["raw_bytes"]))
    pairs = pc.value_counts(pc.cast(read["compression"], "string")).to_pylist()
    return sorted(((p["values"] or "", p["counts"]) for p in pairs), key=lambda p: -p[1])


def _came_out(facts: Facts) -> str:
    summary = facts.summary
    if not summary.bytes:
        return ""
    shares = [
        ("residual (stage 2)", summary.residual_bytes),
        ("latents (stage 1)", summary.latent_bytes),
        ("headers, line layout, exceptions, walks, stored files", summary.side_bytes),
        ("index, digests, framing", summary.framing_bytes),
    ]
    if summary.removed_bytes:
        shares.append(("removed or replaced, until a purge", summary.removed_bytes))
    return page.section(
        "What came out",
        page.text(f"{size_text(summary.bytes)} in {_count(summary.containers_done, 'container')}:"),
        page.bars(
            (name, count, f"{size_text(count)}  {100 * count / summary.bytes:.2f} %")
            for name, count in shares
        ),
    )


def _groups(facts: Facts) -> str:
    """Tell what relatives share; nothing where no genome has any."""
    groups = facts.groups()
    shown = [row for row in groups if row["genomes"] > 1][:_MOST_GROUPS]
    if not shown:
        return ""
    alone = sum(row["genomes"] == 1 for row in groups)
    rows = [
        [
            row["first"],
            f"{row['genomes']:,}",
            size_text(row["raw_bytes"]),
            f"{100 * row['novel_bases'] / row['bases']:.1f} %" if row["bases"] else "",
            size_text(row["coded_bytes"]),
            f"{row['raw_bytes'] / row['coded_bytes']:.2f}",
            f"{8 * row['coded_bytes'] / row['bases']:.4f}" if row["bases"] else "",
        ]
        for row in shown
    ]
    header = ["group, by its first genome", "genomes", "FASTA", "novel", "coded", "ratio"]
    parts = [page.table([*header, "bits/base"], rows)]
    many = sum(row["genomes"] > 1 for row in groups)
    if many > len(shown):
        parts.append(page.text(f"… and {many - len(shown):,} more groups.", "note"))
    parts.append(
        page.text(
            f"Relatives are stored together, what they have in common once. "
            f"{_count(alone, 'genome')} of this archive {'is' if alone == 1 else 'are'} in no "
            "group. Coded: side streams, walks, latents and residual.",
            "note",
        )
    )
    return page.section("Groups of relatives", *parts)


def _genomes(facts: Facts) -> str:
    header = ["genome", "FASTA", "bases", "novel", "records", "coded", "ratio", "bits/base"]
    done = facts.summary.verified + facts.summary.stored
    if not done:
        return ""
    parts = []
    bits = facts.values("bits_per_base")
    if len(bits) >= _HISTOGRAM_FROM:
        parts += [_histogram(bits), page.text(_middle(bits), "note")]
    if done <= _MOST_ROWS:
        rows = facts.chosen([("genome", "ascending")], _MOST_ROWS + facts.summary.failed)
        rows = [row for row in rows if row["raw_bytes"] is not None]
        parts.append(page.table(header, map(_genome_cells, rows)))
    else:
        for title, order in (("Smallest", "ascending"), ("Largest", "descending")):
            rows = facts.chosen([("bits_per_base", order)], 15)
            parts.append(page.text(f"{title} bits per base:"))
            parts.append(page.table(header, map(_genome_cells, rows)))
        parts.append(_more(done - 30, "list"))
    parts.append(
        page.text(
            "Novel: the share of a genome's bases that no genome before it in its container has; "
            "the others are written as references to those. Bits/base: latents and residual only.",
            "note",
        )
    )
    return page.section("Genomes", *parts)


def _genome_cells(row: Row) -> list[str]:
    coded = row["side_bytes"] + row["latent_bytes"] + row["residual_bytes"]
    return [
        row["genome"],
        size_text(row["raw_bytes"]),
        f"{row['bases']:,}",
        f"{100 * row['novel_bases'] / row['bases']:.1f} %" if row["bases"] else "",
        f"{row['records']:,}",
        size_text(coded),
        f"{row['raw_bytes'] / coded:.2f}" if coded else "",
        "" if row["bits_per_base"] is None else f"{row['bits_per_base']:.4f}",
    ]


def _histogram(bits: Any) -> str:
    low, high = np.quantile(bits, [0.005, 0.995])
    if high - low < 1e-3:
        low, high = low - 0.01, high + 0.01
    counts, edges = np.histogram(np.clip(bits, low, high), bins=_BINS, range=(low, high))
    rows = [
        (f"{edges[i]:.3f} to {edges[i + 1]:.3f}", float(counts[i]), f"{counts[i]:,}")
        for i in range(_BINS)
    ]
    return page.text("Bits per base of latents and residual, by number of genomes:") + page.bars(
        rows
    )


def _middle(bits: Any) -> str:
    low, median, high = np.quantile(bits, [0.05, 0.5, 0.95])
    return f"Median {median:.4f}; 90 % of the genomes lie between {low:.4f} and {high:.4f}."


def _containers(facts: Facts) -> str:
    if not facts.containers.num_rows:
        return ""
    rows = [
        [
            row["container"],
            f"{row['genomes']:,}",
            f"{row['chunks']:,}",
            f"{row['bases']:,}",
            size_text(row["bytes"]),
            f"{8 * row['bytes'] / row['bases']:.4f}" if row["bases"] else "",
        ]
        for row in facts.containers.slice(0, _MOST_ROWS).to_pylist()
    ]
    rows.sort()
    header = ["container", "genomes", "chunks", "bases stored", "size", "bits/base stored"]
    parts = [page.table(header, rows)]
    if facts.containers.num_rows > _MOST_ROWS:
        parts.append(_more(facts.containers.num_rows - _MOST_ROWS, "status"))
    return page.section("Containers", *parts)


def _times(facts: Facts) -> str:
    sums = [(name, facts.total(column)) for column, name in STAGES]
    total = sum(seconds for _, seconds in sums)
    if not total:
        return ""
    rate = facts.summary.bases / total
    parts = [
        page.text(
            f"{time_text(total)} of work on {_count(facts.workers, 'worker')}: {rate / 1e6:.3f} "
            "million bases per second and core, verification included."
        ),
        page.bars(
            (name, seconds, f"{time_text(seconds)}  {100 * seconds / total:.1f} %")
            for name, seconds in sums
        ),
        page.text("Slowest genomes:"),
    ]
    slowest = facts.chosen([("code_seconds", "descending")], 10)
    parts.append(
        page.table(
            ["genome", "bases", *(name for _, name in STAGES)],
            (
                [
                    row["genome"],
                    f"{row['bases']:,}",
                    *("" if row[c] is None else time_text(row[c]) for c, _ in STAGES),
                ]
                for row in slowest
            ),
        )
    )
    return page.section("Where the time went", *parts)
