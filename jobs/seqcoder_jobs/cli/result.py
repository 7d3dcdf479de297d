"""The table of what an archive holds, as ``submit`` and ``status`` print it."""

from __future__ import annotations

from seqcoder.wording import count_of
from seqcoder_jobs.archive.summary import Summary
from seqcoder_jobs.cli.console import NAME, size_text, table, time_text


def result_table(summary: Summary, done: int | None = None, seconds: float = 0.0) -> None:
    """Print what an archive holds, and what a run did: inputs done, in so many seconds."""
    state = "complete" if summary.complete else "running" if summary.running else "not complete"
    only_failed = summary.failed and summary.containers_done == summary.containers
    if state == "not complete" and not only_failed:
        state = f"not complete; 'seqcoder-ray submit -o {summary.archive}' goes on"
    if summary.missing and not summary.running:
        state = f"damaged: {', '.join(summary.missing[:3])} missing or cut short"
    rows = [
        ("state", state),
        (
            "genomes",
            f"{summary.genomes:,}: {summary.verified:,} verified, {summary.stored:,} stored as "
            f"they are, {summary.failed:,} failed, {summary.pending:,} pending",
        ),
        ("containers", f"{summary.containers_done:,} of {summary.containers:,}"),
        ("records", f"{summary.records:,}"),
        ("bases", f"{summary.bases:,}"),
        ("files", size_text(summary.raw_bytes)),
        ("containers' size", size_text(summary.bytes)),
    ]
    if summary.ratio is not None:
        rows.append(("ratio", f"{summary.ratio:.3f}"))
    if summary.bits_per_base is not None:
        rows.append(("bits per base, all counted", f"{summary.bits_per_base:.4f}"))
    rows += [
        ("  residual", size_text(summary.residual_bytes)),
        ("  latents", size_text(summary.latent_bytes)),
        ("  headers, layout, stored", size_text(summary.side_bytes)),
        ("  index and framing", size_text(summary.framing_bytes)),
    ]
    if summary.removed_bytes:
        rows.append(("  removed or replaced", f"{size_text(summary.removed_bytes)} until a purge"))
    if done is not None:
        rows.append(("this run", f"{count_of(done, 'genome')} in {time_text(seconds)}"))
    table(f"{NAME}: {summary.archive}", rows)
