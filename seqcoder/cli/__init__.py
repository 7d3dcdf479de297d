"""The command line ``seqcoder``. Heavy imports wait until a command runs."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the exit code tells what happened (see ``seqcoder --help``)."""
    from seqcoder.cli.app import app
    from seqcoder.cli.common import run_app

    run_app(app, "seqcoder")
