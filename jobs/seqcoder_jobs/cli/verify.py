"""``seqcoder-ray verify``."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict, dataclass

from seqcoder import core
from seqcoder.cli.common import fail, say
from seqcoder.cli.verify import damaged_genomes
from seqcoder.errors import IntegrityError, UsageError
from seqcoder.wording import count_of
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.cli.choosing import some_names
from seqcoder_jobs.cli.console import NAME, count_bar, note
from seqcoder_jobs.cli.spread import mapped, worth_ray
from seqcoder_jobs.reading.verify import expectations, manifest_findings, verify_container


@dataclass(frozen=True)
class VerifyOptions:
    """The options of ``verify`` as they were given."""

    archive: str
    full: bool = False
    where: str | None = None
    from_file: str | None = None
    address: str | None = None
    workers: int | None = None
    quiet: bool = False
    json: bool = False


def run(options: VerifyOptions) -> None:
    """Verify an archive; raises IntegrityError at the end if anything is damaged."""
    core.keep_freed_memory()
    archive, full, quiet = Archive(options.archive), options.full, options.quiet
    address, workers = options.address, options.workers
    found = list(manifest_findings(archive))
    for problem in found:
        fail(NAME, problem)
    saved = archive.load()
    names = some_names(archive, options.where, options.from_file, quiet)
    chosen = _containers_of(archive, names)
    wanted = chosen or {container.file for container in saved.plan.containers}
    use_ray = worth_ray(len(wanted), address, full)
    work = expectations(archive, full=full, threads=1 if use_ray else workers or 0, only=chosen)
    results = []
    with count_bar(len(work), "verifying", quiet) as advance:
        for result in mapped(verify_container, work, address, workers, use_ray):
            results.append(result)
            advance()
            for finding in result.findings:
                fail(NAME, finding.message)
    damaged = [result for result in results if not result.intact]
    genomes = [genome for result in damaged for genome in result.damaged_genomes]
    if options.json:
        report = {
            "archive": str(archive),
            "full": full,
            "intact": not damaged and not found,
            "manifest_findings": found,
            "containers": [asdict(result) | {"intact": result.intact} for result in results],
        }
        say(json_module.dumps(report, indent=1))
    elif not quiet and not damaged and not found:
        what = "all bases and files" if full else "all checksums"
        count = sum(result.genomes for result in results)
        chunks = sum(result.chunks for result in results)
        counts = ((len(results), "container"), (count, "genome"), (chunks, "chunk"))
        facts = ", ".join([*(count_of(*pair) for pair in counts), what])
        say(f"{archive}\tintact\t{facts}")
    missing = len(wanted - {expected.name for expected in work})
    if missing:
        note(
            f"{count_of(missing, 'planned container')} not written (yet); "
            f"'seqcoder-ray submit -o {archive}' goes on",
            quiet,
        )
    if damaged or found:
        raise IntegrityError(
            f"{len(damaged)} of {count_of(len(work), 'container')} damaged"
            + (f", and {count_of(len(found), 'file')} of the manifest" if found else "")
            + damaged_genomes(genomes)
        )


def _containers_of(archive: Archive, names: set[str] | None) -> set[str] | None:
    """Return the containers that hold genomes, and what these extend; None for all."""
    if names is None:
        return None
    from seqcoder_jobs.archive.manifest.files import read_table

    rows = read_table(archive.store, "genomes", ["genome", "container"]).to_pylist()
    chosen = {row["container"] for row in rows if row["genome"] in names and row["container"]}
    if not chosen:
        raise UsageError(f"{archive}: holds none of the genomes that were asked for")
    rows = read_table(archive.store, "containers", ["container", "reference"]).to_pylist()
    return chosen | {r["reference"] for r in rows if r["container"] in chosen and r["reference"]}
