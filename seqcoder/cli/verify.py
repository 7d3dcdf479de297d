"""``seqcoder verify``."""

from __future__ import annotations

import json as json_module
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from seqcoder import core
from seqcoder.cli.common import decode_bar, fail, note, say
from seqcoder.cli.files import open_source
from seqcoder.container.check import Finding
from seqcoder.container.parity import parity_path, read_parity
from seqcoder.errors import InputError, IntegrityError, SeqcoderError
from seqcoder.reading.verification import Verification, verify
from seqcoder.storage.checksum import file_sha256
from seqcoder.wording import count_of, listed


def run(containers: list[str], full: bool, threads: int, quiet: bool, json: bool) -> None:
    """Verify containers; raises IntegrityError at the end if any is damaged."""
    core.keep_freed_memory()
    results: list[Verification] = []
    unreadable = 0
    for name in containers:
        try:
            with open_source(name, threads) as container:
                index = container.reader.index
                bases = index.n_bases - index.first_base if full else 0
                with decode_bar(bases, quiet, f"verifying {name}") as advance:
                    result = verify(container, full=full, threads=threads, progress=advance)
        except IntegrityError as error:
            result = Verification(name, full, 0, 0, 0, (Finding(str(error)),))
        except InputError as error:
            fail("seqcoder", str(error))
            unreadable += 1
            continue
        results.append(result)
        for finding in result.findings:
            fail("seqcoder", finding.message)
        note_parity(name, result.intact, quiet)
        if not json and not quiet and result.intact:
            what = "all bases and files" if full else "all checksums"
            genomes = count_of(result.genomes, "genome")
            say(f"{name}\tintact\t{genomes}, {count_of(result.chunks, 'chunk')}, {what}")
    if json:
        say(json_module.dumps([asdict(r) | {"intact": r.intact} for r in results], indent=1))
    damaged = [result for result in results if not result.intact]
    if damaged:
        names = [name for result in damaged for name in result.damaged_genomes]
        raise IntegrityError(
            f"{len(damaged)} of {count_of(len(containers), 'container')} damaged"
            + damaged_genomes(names)
        )
    if unreadable:
        raise InputError(
            f"{unreadable} of {count_of(len(containers), 'container')} could not be read"
        )


def damaged_genomes(names: Sequence[str]) -> str:
    """Return the end of a message that tells of damage: how many genomes, the first by name."""
    if not names:
        return ""
    return f"; {count_of(len(names), 'damaged genome')}: {listed(names, 10)}"


def note_parity(name: str, intact: bool, quiet: bool) -> None:
    """Say of a parity file beside a container what it is good for."""
    path = parity_path(Path(name))
    if name == "-" or not path.exists():
        return
    if not intact:
        note(f"{path}: 'seqcoder repair' mends with it what it can", quiet)
        return
    try:
        stale = read_parity(path).sha256.hex() != file_sha256(Path(name))
    except SeqcoderError as error:
        note(f"{error}; make it anew with 'seqcoder parity --force {name}'", quiet)
        return
    if stale:
        note(f"{path}: is of another state of {name}; make it anew with 'seqcoder parity'", quiet)
