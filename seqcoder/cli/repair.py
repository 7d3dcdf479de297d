"""``seqcoder repair``."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path

from seqcoder.cli.common import fail, note, say
from seqcoder.cli.files import check_file
from seqcoder.errors import InputError
from seqcoder.reading.repair import repair
from seqcoder.wording import count_of


def run(container: Path, output: Path, force: bool, quiet: bool, json: bool) -> None:
    """Repair; raises InputError at the end if genomes are lost."""
    check_file("repair", container)
    result = repair(container, output, force=force)
    for problem in result.problems:
        note(problem, quiet)
    if json:
        facts = {"container": str(output), **asdict(result)}
        say(json_module.dumps(facts, indent=1, default=str))
    elif not quiet:
        say(f"{output}\t{count_of(len(result.recovered), 'genome')} recovered")
    for name in result.lost:
        fail("seqcoder", f"{container}: genome {name} is lost")
    if result.lost:
        raise InputError(f"{count_of(len(result.lost), 'genome')} lost, as named above")
