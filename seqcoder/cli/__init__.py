"""The command line ``seqcoder``.

``app`` and ``app_checking`` have the signatures, a module of its name does a command's work. In
come arguments, out go files, lines and an exit code. Heavy imports wait until a command runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import typer


def main() -> None:
    """Run the command line; the exit code tells what happened (see ``seqcoder --help``)."""
    from seqcoder.cli.common import run_app

    run_app(_load, "seqcoder")


def run() -> NoReturn:
    """As ``main``, for a process of its own."""
    from seqcoder.cli.leaving import run_and_leave

    run_and_leave(main)


def _load() -> typer.Typer:
    from seqcoder.cli.app_checking import app  # the last to add commands to it

    return app
