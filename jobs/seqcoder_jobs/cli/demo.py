"""``seqcoder-ray demo``: the whole way on a small invented corpus, checked at every step."""

from __future__ import annotations

import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from seqcoder import fasta
from seqcoder.cli.common import say
from seqcoder.errors import IntegrityError, UsageError
from seqcoder.storage.names import unspell
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.lookup import archived_genomes
from seqcoder_jobs.archive.summary import summarise
from seqcoder_jobs.cli.console import list_failures, note, progress, time_text
from seqcoder_jobs.cli.result import result_table
from seqcoder_jobs.corpus.demo_genomes import write_demo_corpus
from seqcoder_jobs.reading.extract import restore_genomes, restores
from seqcoder_jobs.reading.verify import expectations, verify_container
from seqcoder_jobs.writing.planning import GivenParameters
from seqcoder_jobs.writing.submit import Request, submit


def write_only(folder: str, quiet: bool) -> None:
    """Write the corpus and no more; raises UsageError where something is already."""
    _check_empty(folder)
    files = write_demo_corpus(Path(folder))
    note(f"{len(files)} invented genomes in {folder}", quiet)


def _check_empty(folder: str) -> None:
    if Path(folder).exists() and any(Path(folder).iterdir()):
        raise UsageError(f"{folder}: is not empty; choose another folder")


def run(output: str | None, workers: int | None, quiet: bool) -> None:
    """Run the demonstration; raises IntegrityError if anything does not come out as it went in."""
    if output is not None:
        _check_empty(output)
    place = tempfile.TemporaryDirectory(prefix="seqcoder-demo-") if output is None else None
    with place or nullcontext(output) as folder:
        assert folder is not None
        _run(Path(folder), workers, quiet)
    say(f"  {'kept in ' + output if output else 'nothing is kept (-o FOLDER keeps it)'}")


def _run(folder: Path, workers: int | None, quiet: bool) -> None:
    from seqcoder_cluster import ClusterOptions, connect, map_tasks, run_containers

    started = time.monotonic()
    corpus = folder / "corpus"
    files = write_demo_corpus(corpus)
    note(f"{len(files)} invented genomes in {corpus}", quiet)
    archive = Archive(folder / "archive")
    options = ClusterOptions(workers=workers)
    request = Request((str(corpus),), str(archive), GivenParameters(), options=options)
    note("starting Ray on this machine", quiet)
    with connect(options):
        with progress(sum(path.stat().st_size for path in files), len(files), quiet) as update:
            outcome = submit(request, runner=run_containers, on_progress=update)
        if outcome.error is not None:
            raise outcome.error
        list_failures(outcome.failures)
        seconds = time.monotonic() - started
        work = expectations(archive, full=True, threads=1)
        for _, result in map_tasks(verify_container, work, options):
            for finding in result.findings:
                raise IntegrityError(finding.message)
        back = restores(
            archive, archived_genomes(archive), str(folder / "restored"), force=False, threads=1
        )
        for _, failures in map_tasks(restore_genomes, back, options):
            for failed in failures:
                raise IntegrityError(f"{failed.genome}: {failed.error}")
    same = _compare(corpus, folder / "restored", archive)
    result_table(summarise(archive), outcome.done, seconds)
    say(f"  verified: every chunk and file decoded again; {same} files restored and identical")
    say(f"  all of it in {time_text(time.monotonic() - started)}")


def _compare(corpus: Path, restored: Path, archive: Archive) -> int:
    """Compare every restored file with its original (decompressed); returns how many."""
    from seqcoder_jobs.archive.manifest.files import read_table

    rows = read_table(archive.store, "genomes", ["genome", "source"]).to_pylist()
    for row in rows:
        original = fasta.open_bytes(unspell(row["source"]))
        if (restored / row["genome"]).read_bytes() != original:
            raise IntegrityError(f"{row['genome']}: restored differently from {corpus}")
    return len(rows)
