"""Progress on stderr, tables on stdout."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from seqcoder.cli import common
from seqcoder.cli.common import draws, facts_bar, fail, say
from seqcoder.wording import shown, without_secrets

if TYPE_CHECKING:
    from seqcoder_cluster.options import ProgressCounts
    from seqcoder_jobs.corpus.listing import Problem

NAME = "seqcoder-ray"
_FIRST_SECONDS, _LINE_SECONDS = 30.0, 60.0
"""When the first line of progress is due where no bar is drawn, and how far apart others are."""


note = partial(common.note, name=NAME)


def list_failures(problems: Sequence[Problem]) -> None:
    """Print each failure with its reason on stderr."""
    for problem in problems:
        reason = problem.error.removeprefix(f"{problem.source}: ")
        fail(NAME, f"{problem.source}: {reason}")


def table(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Print a table of two columns on stdout; plain text where that is no terminal."""
    if not sys.stdout.isatty():
        say(f"{title}")
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            say(f"  {name:<{width}}  {value}")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        title=Text(shown(without_secrets(title))), show_header=False, title_justify="left"
    )
    drawn.add_column(style="dim")
    drawn.add_column(justify="right")
    for name, value in rows:
        drawn.add_row(name, Text(shown(value)))
    Console().print(drawn)


def size_text(count: float) -> str:
    """Return bytes as a person reads them, exact below a million."""
    if count < 1e6:
        return f"{int(count):,} bytes"
    return f"{count / 1e6:,.2f} MB" if count < 1e9 else f"{count / 1e9:,.3f} GB"


def amount_text(amount: float, thousands: str = "") -> str:
    """Return an amount with two decimals, below a hundredth with two digits that tell something.

    >>> amount_text(1234.567, ","), amount_text(0.000123), amount_text(0)
    ('1,234.57', '0.00012', '0.00')
    """
    decimals = 1 - math.floor(math.log10(amount)) if 0 < amount < 0.01 else 2
    return f"{amount:{thousands}.{decimals}f}"


def time_text(seconds: float) -> str:
    """Return a time as a person reads it."""
    if seconds < 120:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


@contextmanager
def progress(
    total_bases: int, total_genomes: int, quiet: bool, total_containers: int | None = None
) -> Iterator[Callable[[ProgressCounts], None]]:
    """Give a callback that draws genomes, MB, MB/s, ratio and time left, if stderr is a terminal.

    Elsewhere (log files) it prints a line now and then. ``total_bases`` is a guess where inputs are
    compressed.
    """
    if not draws(quiet):
        lines = _progress_lines(total_bases, total_genomes, total_containers)
        yield (lambda counts: None) if quiet else lines
        return
    total = max(total_bases, 1)
    with facts_bar(total, "compressing", "starting Ray") as show:

        def update(counts: ProgressCounts) -> None:
            facts = [f"{counts.genomes}/{total_genomes} read", f"{counts.bases / 1e6:.1f} MB"]
            if counts.coded_bytes:
                facts.append(f"ratio {counts.bases / counts.coded_bytes:.2f}")
            # Guessed totals may be passed; the bar then waits at its end.
            show(min(counts.bases, total), facts)

        yield update


def _progress_lines(
    total_bases: int, total_genomes: int, total_containers: int | None
) -> Callable[[ProgressCounts], None]:
    """Return a callback that prints a line when one is due; it has to be called often."""
    began = time.monotonic()
    due = began + _FIRST_SECONDS
    of_containers = f"/{total_containers}" if total_containers else ""

    def update(counts: ProgressCounts) -> None:
        nonlocal due
        now = time.monotonic()
        if now < due:
            return
        due = now + _LINE_SECONDS
        facts = [
            f"{counts.genomes}/{total_genomes} genomes read",
            f"{counts.containers}{of_containers} containers done",
        ]
        if counts.bases:
            rate = counts.bases / (now - began)
            facts.append(f"{rate / 1e6:.2f} MB/s")
            if counts.bases < total_bases:  # a guessed total may be passed
                facts.append(f"about {time_text((total_bases - counts.bases) / rate)} left")
        note(", ".join(facts))
        sys.stderr.flush()

    return update


@contextmanager
def count_bar(total: int, what: str, quiet: bool) -> Iterator[Callable[[], None]]:
    """Give a callback that counts one step further, drawn if stderr is a terminal."""
    if not draws(quiet):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
