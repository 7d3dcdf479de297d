"""The command line ``seqcoder``.

``app`` and ``app_checking`` have the signatures, a module of its name does a command's work. In
come arguments, out go files, lines and an exit code. Heavy imports wait until a command runs.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer


def main() -> None:
    """Run the command line; the exit code tells what happened (see ``seqcoder --help``)."""
    # numpy's linear algebra, which no command calls, starts a thread a core as it is loaded, and
    # they spin before they sleep: 0.06 s of CPU on two cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from seqcoder.cli.common import run_app

    run_app(_load, "seqcoder")


def _load() -> typer.Typer:
    from seqcoder.cli.app_checking import app  # the last to add commands to it

    return app
