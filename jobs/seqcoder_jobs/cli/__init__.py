"""The command line ``seqcoder-ray``. Ray and Arrow wait until a command needs them.

``app``, ``app_reading`` and ``app_keeping`` have the signatures, a module of its name does a
command's work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import typer


def main() -> None:
    """Run the command line; the exit code tells what happened (see ``seqcoder-ray --help``)."""
    from seqcoder.cli.common import run_app

    run_app(_load, "seqcoder-ray")


def run() -> NoReturn:
    """As ``main``, for a process of its own."""
    from seqcoder.cli.leaving import run_and_leave

    run_and_leave(main)


def _load() -> typer.Typer:
    from seqcoder_jobs.cli.app_keeping import app  # the last to add commands to it

    return app
