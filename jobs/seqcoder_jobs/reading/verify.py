"""Checking a whole archive: every container against itself and against the manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from seqcoder.container.check import Finding
from seqcoder.errors import MissingError, SeqcoderError
from seqcoder.reading.reader import Container
from seqcoder.reading.verification import Verification, verify
from seqcoder.storage.opening import open_parent
from seqcoder.storage.range_source import RangeSource
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import MADE_AGAIN
from seqcoder_jobs.archive.lookup import archived_genomes
from seqcoder_jobs.archive.success import damaged_files

_WHOLE_BYTES = 64 << 20
"""Containers of an object store up to this size are kept in memory while they are checked."""


@dataclass(frozen=True)
class Expected:
    """A container and what the manifest says of it. ``threads`` 0: all cores."""

    name: str
    """As the plan has it."""
    path: str
    size: int
    sha256: str
    """"": not known, nor are size and genomes."""
    genomes: str
    """Digest over names and SHA-256 of its genomes, see ``genomes_digest``."""
    full: bool
    threads: int


def genomes_digest(pairs: list[tuple[str, str]]) -> str:
    """Return one digest (hex) over names and SHA-256 of genomes, in any order."""
    return hashlib.sha256(json.dumps(sorted(pairs)).encode()).hexdigest()


def expectations(
    archive: Archive, *, full: bool, threads: int, only: set[str] | None = None
) -> list[Expected]:
    """Return what there is to check, of the containers ``only`` if that is given.

    Raises UsageError where there is no archive.

    A container whose rows an interrupted run wrote in part is not there yet; of one that was to
    be appended to, the manifest does not know whether it was, and only it itself is checked.
    """
    from seqcoder_jobs.archive.manifest.changes import rewritten_containers
    from seqcoder_jobs.archive.manifest.files import covered_by, read_table

    plan = archive.load().plan
    planned = {container.file for container in plan.containers}
    covered = covered_by(archive.store, "genomes")  # written last
    columns = ["container", "bytes", "sha256", "reference"]
    containers = read_table(archive.store, "containers", columns).to_pylist()
    # What a purge plans anew is read from its old container until the new one is there.
    read = set({genome.name: genome.container for genome in archived_genomes(archive)}.values())
    read |= {row["reference"] for row in containers if row["container"] in read}
    covered -= rewritten_containers(archive.store) - planned - read
    in_doubt = {container.file for container in plan.containers if container.key not in covered}
    columns = ["genome", "sha256", "container", "status"]
    genomes: dict[str, list[tuple[str, str]]] = {}
    for row in read_table(archive.store, "genomes", columns, hidden=True).to_pylist():
        if row["status"] != "failed":
            genomes.setdefault(row["container"], []).append((row["genome"], row["sha256"]))
    return [
        Expected(
            row["container"],
            archive.container(row["container"]),
            row["bytes"],
            "" if row["container"] in in_doubt else row["sha256"],
            genomes_digest(genomes.get(row["container"], [])),
            full,
            threads,
        )
        for row in sorted(
            containers,
            # References first: what is damaged there is the cause of what is told of others.
            key=lambda row: (row["reference"] is not None, str(row["container"])),
        )
        if row["container"] in covered and (only is None or row["container"] in only)
    ]


def verify_container(expected: Expected) -> Verification:
    """Check one container; damage is reported, not raised. Runs anywhere the file is seen."""
    path = expected.path
    sha256 = ""
    try:
        source = RangeSource(path)
        if source.remote and source.size <= _WHOLE_BYTES:  # read once for all that is checked
            source.fetch([(0, source.size)])
            sha256 = hashlib.sha256(source.read(0, source.size)).hexdigest()
        with Container(source, threads=expected.threads) as container:
            result = verify(container, full=expected.full, threads=expected.threads)
            pairs = [(genome.name, genome.sha256) for genome in container.values()]
    except MissingError:
        finding = Finding(f"{path}: is missing; {MADE_AGAIN}")
        return Verification(path, expected.full, 0, 0, 0, (finding,))
    except SeqcoderError as error:
        return Verification(path, expected.full, 0, 0, 0, (Finding(str(error)),))
    if result.intact and expected.sha256:
        store, name = open_parent(path)
        sha256 = sha256 or store.sha256(name)
        problem = ""
        if genomes_digest(pairs) != expected.genomes:
            problem = "holds other genomes than the manifest says"
        elif sha256 != expected.sha256:
            problem = f"its SHA-256 is {sha256}, the manifest says {expected.sha256}"
        if problem:
            finding = Finding(f"{path}: {problem}; restore one of them from a good copy")
            return Verification(
                path, expected.full, result.genomes, result.chunks, result.bases, (finding,)
            )
    return result


def manifest_findings(archive: Archive) -> Iterator[str]:
    """Yield what is wrong with the files of an archive that are not containers."""
    yield from damaged_files(archive.store)
