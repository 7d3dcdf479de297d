"""``seqcoder verify``."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict

from seqcoder.cli.common import decode_bar, fail
from seqcoder.cli.restore import open_source
from seqcoder.container.check import Finding
from seqcoder.errors import InputError, IntegrityError
from seqcoder.verification import Verification, verify


def run(containers: list[str], full: bool, threads: int, quiet: bool, json: bool) -> None:
    """Verify containers; raises IntegrityError at the end if any is damaged."""
    results: list[Verification] = []
    unreadable = 0
    for name in containers:
        try:
            with open_source(name, threads) as container:
                bases = container.reader.index.n_bases if full else 0
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
        if not json and not quiet and result.intact:
            what = "all bases and files" if full else "all checksums"
            print(f"{name}\tintact\t{result.genomes} genomes, {result.chunks} chunks, {what}")
    if json:
        print(json_module.dumps([asdict(r) | {"intact": r.intact} for r in results], indent=1))
    damaged = [result for result in results if not result.intact]
    if damaged:
        genomes = [name for result in damaged for name in result.damaged_genomes]
        tail = f"; damaged genomes: {', '.join(genomes[:10])}" if genomes else ""
        raise IntegrityError(f"{len(damaged)} of {len(containers)} containers are damaged{tail}")
    if unreadable:
        raise InputError(f"{unreadable} of {len(containers)} containers could not be read")
