"""The table of what an archive holds, as ``submit`` and ``status`` print it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqcoder.wording import count_of
from seqcoder_jobs.archive.summary import Summary
from seqcoder_jobs.cli.console import NAME, size_text, table, time_text

if TYPE_CHECKING:
    from seqcoder_jobs.archive.claim import Holder


def _held(holder: Holder, archive: str) -> str:
    """Return who writes an archive, or claims it and does not."""
    who = f"{holder.who}, since {_clock(holder.since)}" if holder.since else holder.who
    if holder.alive:
        renewed = f", claim renewed {_clock(holder.renewed)}" if holder.renewed else ""
        return f"running: {who}{renewed}"
    last = f" since {_clock(holder.renewed)}" if holder.renewed else ""
    return (
        f"claimed by {who}, but not renewed{last} (watched for {holder.watched:.0f} s); if that "
        f"run is gone, 'seqcoder-ray submit -o {archive}' goes on"
    )


def _clock(time: str) -> str:
    """Return a time in ISO 8601, UTC, as a person reads it."""
    return time.replace("T", " ").replace("+00:00", " UTC")


def result_table(
    summary: Summary,
    done: int | None = None,
    seconds: float = 0.0,
    holder: Holder | None = None,
) -> None:
    """Print what an archive holds, and what a run did: inputs done, in so many seconds.

    ``holder`` is who claims it.
    """
    state = "complete" if summary.complete else "running" if summary.running else "not complete"
    if holder is not None:
        held = _held(holder, summary.archive)
        state = f"complete; {held}" if summary.complete else held
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
