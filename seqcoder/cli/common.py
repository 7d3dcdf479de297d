"""What all commands share: errors as one line and an exit code, progress, output."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from seqcoder.errors import SeqcoderError, UsageError

if TYPE_CHECKING:
    import typer

    from seqcoder.pipeline import Progress

EXIT_CODES = (
    "Exit codes: 0 done; 1 some inputs failed (they are listed, the others are done); 2 usage; "
    "3 an integrity check failed; 4 a model is missing or another one."
)


def run_app(app: typer.Typer, name: str) -> NoReturn:
    """Run a typer application with our manners: one line per error, no traceback."""
    # Names of records are bytes, which come out as they went in, whatever the locale.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")
    try:
        code = app(prog_name=name, standalone_mode=False)
    except SeqcoderError as error:
        fail(name, str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        fail(name, "interrupted; the same command goes on where it stopped")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has gone: end quietly, as samtools and zstd do.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
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
        if kind == "Abort":
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


def note(message: str, quiet: bool = False) -> None:
    """Print a remark on stderr."""
    if not quiet:
        print(f"seqcoder: {message}", file=sys.stderr)


def binary_stdout() -> BinaryIO:
    """Return stdout for binary data; UsageError if it is a terminal."""
    if sys.stdout.isatty():
        raise UsageError("binary data are not written to a terminal; redirect, or use -o FILE")
    return sys.stdout.buffer


def warm_up(level: int, quiet: bool = False) -> None:
    """Compile the coder's kernels if this is their first use, saying so."""
    from seqcoder import coder

    coding = coder.LEVELS[level].coding
    if not coder.is_compiled(coding):
        note("compiling the coder for this machine, once (up to half a minute) ...", quiet)
    coder.warm_up(coding)


@contextmanager
def progress_bar(raw_bytes: int, quiet: bool, what: str = "compressing") -> Iterator[Progress]:
    """Give a progress callback that draws a bar on stderr, if that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda genomes, raw, bases, coded: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    done = {"genomes": 0, "raw": 0, "bases": 0, "coded": 0}
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[facts]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(what, total=max(raw_bytes, 1), facts="")

        def advance(genomes: int, raw: int, bases: int, coded: int) -> None:
            for key, value in zip(done, (genomes, raw, bases, coded), strict=True):
                done[key] += value
            speed = bar.tasks[0].speed or 0.0
            facts = f"{done['genomes']} files, {done['bases'] / 1e6:.1f} Mbases"
            if done["coded"]:
                facts += f", {8 * done['coded'] / max(done['bases'], 1):.3f} bits/base"
            if speed:
                facts += f", {speed / 1e6:.2f} MB/s"
            bar.update(task, advance=bases, facts=facts)

        yield advance


@contextmanager
def decode_bar(bases: int, quiet: bool, what: str) -> Iterator[Callable[[int], None]]:
    """Give a callback that takes decoded bases and draws a bar, if stderr is a terminal."""
    with progress_bar(bases, quiet, what) as advance:
        yield lambda count: advance(0, 0, count, 0)
