"""What all commands share: errors as one line and an exit code, progress, output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from seqcoder.cli.streams import ReaderGoneError, whole_stdout
from seqcoder.errors import SeqcoderError, UsageError

if TYPE_CHECKING:
    import typer

    from seqcoder.writing.pipeline import Progress

INTERRUPTED = "interrupted; the same command goes on where it stopped"


def run_app(app: typer.Typer, name: str) -> NoReturn:
    """Run a typer application with our manners: one line per error, no traceback."""
    try:
        with whole_stdout():
            code = app(prog_name=name, standalone_mode=False)
    except SeqcoderError as error:
        fail(name, str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        fail(name, INTERRUPTED)
        sys.exit(130)
    except (ReaderGoneError, BrokenPipeError):
        sys.exit(141)  # the reader of our output has gone: end quietly, as samtools and zstd do
    except MemoryError:
        fail(name, "out of memory; use fewer --threads or a smaller --chunk-size")
        sys.exit(1)
    except OSError as error:
        fail(name, f"{error.filename or 'output'}: {error.strerror or error}")
        sys.exit(1)
    except Exception as error:
        # typer brings its own copy of click or uses the one installed: told by shape, not by class.
        kind = type(error).__name__
        if kind == "Exit":
            sys.exit(getattr(error, "exit_code", 0))
        if kind == "Abort":  # what typer makes of KeyboardInterrupt
            fail(name, INTERRUPTED)
            sys.exit(130)
        if hasattr(error, "show") and hasattr(error, "exit_code"):
            error.show()
            sys.exit(error.exit_code)
        if os.environ.get("SEQCODER_TRACEBACK"):
            raise
        fail(
            name,
            f"unexpected {type(error).__name__}: {error} (a bug: please report it; "
            "SEQCODER_TRACEBACK=1 shows where)",
        )
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def fail(name: str, message: str) -> None:
    """Print one line of error."""
    print(f"{name}: error: {' '.join(message.splitlines())}", file=sys.stderr)


def note(message: str, quiet: bool = False, name: str = "seqcoder") -> None:
    """Print a remark on stderr."""
    if not quiet:
        print(f"{name}: {message}", file=sys.stderr)


def binary_stdout() -> BinaryIO:
    """Return stdout for binary data; UsageError if it is a terminal."""
    if sys.stdout.isatty():
        raise UsageError("binary data are not written to a terminal; redirect, or use -o FILE")
    return sys.stdout.buffer


def draws(quiet: bool) -> bool:
    """Whether progress is drawn: on a terminal only."""
    return not quiet and sys.stderr.isatty()


@contextmanager
def facts_bar(total: int, what: str, facts: str = "") -> Iterator[Callable[[int, list[str]], None]]:
    """Draw a bar on stderr; give a function that takes what is done of ``total``, and facts.

    ``total`` is in bases; their rate is told after the facts.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[facts]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(what, total=max(total, 1), facts=facts)

        def show(done: int, facts: list[str]) -> None:
            speed = bar.tasks[0].speed
            rate = [f"{speed / 1e6:.2f} MB/s"] if speed else []
            bar.update(task, completed=done, facts=", ".join([*facts, *rate]))

        yield show


@contextmanager
def progress_bar(raw_bytes: int, quiet: bool, what: str = "compressing") -> Iterator[Progress]:
    """Give a progress callback that draws a bar on stderr, if that is a terminal."""
    if not draws(quiet):
        yield lambda genomes, raw, bases, coded: None
        return
    done = [0, 0, 0, 0]
    with facts_bar(raw_bytes, what) as show:

        def advance(*more: int) -> None:
            done[:] = [a + b for a, b in zip(done, more, strict=True)]
            genomes, _, bases, coded = done
            facts = [f"{genomes} files", f"{bases / 1e6:.1f} Mbases"]
            if coded:
                facts.append(f"{8 * coded / max(bases, 1):.3f} bits/base")
            show(bases, facts)

        yield advance


@contextmanager
def decode_bar(bases: int, quiet: bool, what: str) -> Iterator[Callable[[int], None]]:
    """Give a callback that takes decoded bases and draws a bar, if stderr is a terminal."""
    with progress_bar(bases, quiet, what) as advance:
        yield lambda count: advance(0, 0, count, 0)
