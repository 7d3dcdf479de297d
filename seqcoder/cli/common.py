"""What all commands share: errors as one line and an exit code, progress, output."""

from __future__ import annotations

import io
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, NoReturn, cast

from seqcoder.circumstances import explain
from seqcoder.cli.signals import (
    NOTHING_CHANGED,
    StoppedError,
    ending_signals,
    exit_code,
    stopped_message,
)
from seqcoder.cli.streams import (
    ReaderGoneError,
    hold_descriptors,
    patient_stderr,
    whole_stdout,
)
from seqcoder.cli.terminal import TerminalWriter
from seqcoder.errors import SeqcoderError, UsageError
from seqcoder.wording import shown, without_secrets

if TYPE_CHECKING:
    import typer

    from seqcoder.writing.pipeline import Progress


_LEAST_MEMORY = 110 << 20
"""What an interpreter with numpy takes of the address space (``ulimit -v``)."""


def run_app(load: Callable[[], typer.Typer], name: str) -> NoReturn:
    """Run a typer application with our manners: one line per error, no traceback."""
    _names_as_bytes()
    # What numpy has for matrices, which is not used here, takes memory for each core as it loads,
    # and starts threads that spin before they sleep: 0.06 s of CPU on two cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    hold_descriptors()
    with patient_stderr(), ending_signals():
        try:
            code = _run(load, name)
        except KeyboardInterrupt:
            # While another error was told, or before the command began.
            code = _stopped(name, NOTHING_CHANGED)
    sys.exit(code)


def _run(load: Callable[[], typer.Typer], name: str) -> int:
    try:
        with whole_stdout():
            if 0 <= resource.getrlimit(resource.RLIMIT_AS)[0] < _LEAST_MEMORY:
                raise MemoryError  # libraries would end the process with a line of their own
            if "" in sys.argv[1:]:
                raise UsageError(
                    f"argument {sys.argv.index('', 1)} is empty; is a variable of the shell unset? "
                    "name something there, or leave it out"
                )
            code = load()(prog_name=name, standalone_mode=False)
    except SeqcoderError as error:
        fail(name, str(error))
        return error.exit_code
    except StoppedError as error:
        return _stopped(name, str(error))
    except (ReaderGoneError, BrokenPipeError):
        return 141  # the reader of our output has gone: end quietly, as samtools and zstd do
    except Exception as error:
        # typer brings its own copy of click or uses the one installed: told by shape, not by class.
        if type(error).__name__ == "Exit":
            return int(getattr(error, "exit_code", 0))
        if hasattr(error, "show") and hasattr(error, "exit_code"):
            told = io.StringIO()
            error.show(told)
            say(told.getvalue().rstrip("\n"), error=True)
            return int(error.exit_code)
        if os.environ.get("SEQCODER_TRACEBACK"):
            raise
        fail(
            name,
            explain(error)
            or f"unexpected {type(error).__name__}: {error} (a bug: please report it; "
            "SEQCODER_TRACEBACK=1 shows where)",
        )
        return 1
    return code if isinstance(code, int) else 0


def _names_as_bytes() -> None:
    """Begin again in UTF-8 mode where the locale would have file names recoded."""
    if sys.getfilesystemencoding().lower() != "utf-8":
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def _stopped(name: str, standing: str) -> NoReturn:
    """Say so and end at once: threads that code a chunk are not waited for."""
    fail(name, stopped_message(standing))
    sys.stderr.flush()
    os._exit(exit_code())


def say(*values: object, error: bool = False) -> None:
    """Print a line on standard output or error, without the keys that URLs may hold.

    On a terminal controls are made visible.
    """
    stream = sys.stderr if error else sys.stdout
    text = without_secrets(" ".join(map(str, values)))
    print(shown(text) if stream.isatty() else text, file=stream)


def fail(name: str, message: str) -> None:
    """Print one line of error."""
    say(f"{name}: error: {_one_line(message)}", error=True)


def note(message: str, quiet: bool = False, name: str = "seqcoder") -> None:
    """Print a remark on stderr."""
    if not quiet:
        say(f"{name}: {_one_line(message)}", error=True)


def _one_line(message: str) -> str:
    return message.replace("\r\n", " ").replace("\n", " ")


def binary_stdout() -> BinaryIO:
    """Return stdout for binary data; UsageError if it is a terminal."""
    if sys.stdout.isatty():
        raise UsageError("binary data are not written to a terminal; redirect, or use -o FILE")
    return sys.stdout.buffer


def text_stdout() -> BinaryIO:
    """Return stdout for the bytes of text: as they are, on a terminal with controls visible."""
    if sys.stdout.isatty():
        return cast(BinaryIO, TerminalWriter(sys.stdout))
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
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[facts]}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(shown(what), total=max(total, 1), facts=facts)

        def show(done: int, facts: list[str]) -> None:
            speed = bar.tasks[0].speed
            rate = [f"{speed / 1e6:.2f} MB/s"] if speed and bar.console.width > 90 else []
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
