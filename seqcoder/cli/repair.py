"""``seqcoder repair``."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from seqcoder.cli.common import fail, note, say
from seqcoder.cli.files import check_file
from seqcoder.container.parity import parity_path
from seqcoder.errors import InputError, MissingError, SeqcoderError
from seqcoder.reading.repair import repair
from seqcoder.storage.opening import open_parent
from seqcoder.storage.url import is_url
from seqcoder.wording import count_of
from seqcoder.writing.workplace import Scratch


def run(container: str, output: Path, force: bool, quiet: bool, json: bool) -> None:
    """Repair; raises InputError at the end if genomes are lost."""
    with _file_of(container) as path:
        result = repair(path, output, force=force)
    for problem in result.problems:
        note(problem.replace(str(path), container), quiet)
    if json:
        facts = {"container": str(output), **asdict(result)}
        say(json_module.dumps(facts, indent=1, default=str))
    elif not quiet:
        say(f"{output}\t{count_of(len(result.recovered), 'genome')} recovered")
    for name in result.lost:
        fail("seqcoder", f"{container}: genome {name} is lost")
    if result.lost:
        raise InputError(f"{count_of(len(result.lost), 'genome')} lost, as named above")


@contextmanager
def _file_of(container: str) -> Iterator[Path]:
    """Give the file of a container; that at a URL is fetched, with its parity, into scratch."""
    if not is_url(container):
        check_file("repair", Path(container))
        yield Path(container)
        return
    store, name = open_parent(container)
    scratch = Scratch(store.locate())
    path = scratch.folder / name
    try:
        scratch.fetch(name, name, "")
        with suppress(MissingError):
            parity = parity_path(path).name
            scratch.fetch(parity, parity, "")
        yield path
    except SeqcoderError as error:
        raise type(error)(str(error).replace(str(path), container)) from None
    finally:
        scratch.let_go(name)
