"""``seqcoder parity``."""

# No ``from __future__ import annotations``: typer would compile every annotation as it starts.

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from seqcoder.cli.common import say
from seqcoder.cli.options import Force, Json, Quiet


def parity(
    containers: Annotated[list[Path], typer.Argument(metavar="FILE.sqc", help="Containers")],
    percent: Annotated[
        float,
        typer.Option("--percent", min=3, max=100, help="Size of the parity, in percent."),
    ] = 5,
    force: Force = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write FILE.sqc.par beside containers: `repair` mends damage with it, bit for bit.

    5 % mend a burst of 5 % of the file anywhere, or its end cut off, and some
    damage at scattered places. An append needs new parity. Needs the package
    pyeclib: pip install 'seqcoder\\[parity]'.

    Example:

        seqcoder parity --percent 10 all.sqc
    """
    from seqcoder.cli.files import check_file
    from seqcoder.container.check import check_frames
    from seqcoder.container.parity import write_parity

    facts = []
    for container in containers:
        check_file("parity", container)
        check_frames(container)
        out = write_parity(container, percent, force)
        facts.append({"container": str(container), "parity": str(out), "bytes": out.stat().st_size})
        if not quiet and not json:
            say(f"{out}\t{out.stat().st_size} bytes")
    if json:
        say(json_module.dumps(facts, indent=1))
