"""One trial: a submit, harm at a random moment of it, the same command again; then the truth."""

from __future__ import annotations

import contextlib
import faulthandler
import hashlib
import io
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from fault_corpora import FaultCorpus, containers, facts
from fault_kinds import KINDS, WITH_DRIVER
from fault_site import Site

import seqcoder
from seqcoder.errors import SeqcoderError
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.manifest.files import read_table
from seqcoder_jobs.reading.verify import expectations, manifest_findings, verify_container

END_SECONDS = 300.0
"""A run that has not ended by then hangs."""


@dataclass(frozen=True)
class Result:
    """What became of a trial; ``code`` is the harmed run's exit code (negative: a signal)."""

    number: int
    kind: str
    corpus: str
    met: bool
    code: int
    message: str
    seconds: float


def choose_corpus(kind: str, random: Random) -> str:
    if kind == "model actor killed":
        return "latents"
    return random.choice(
        ["plain"] * 5 + ["relatives", "references", "references", "latents", "appended", "appended"]
    )


def command(corpus: FaultCorpus, archive: Path, inputs: Sequence[str] = ()) -> list[str]:
    inputs = inputs or [str(corpus.folder)]
    return ["submit", *inputs, "-o", str(archive), "-q", "--json", *corpus.options]


def submit_here(corpus: FaultCorpus, archive: Path, inputs: Sequence[str] = ()) -> tuple[int, str]:
    """Run the command line in this process; returns exit code and error.

    Raises:
        BaseException: whatever a user would have been told is a bug.
    """
    from seqcoder_jobs.cli.app_keeping import app

    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            app(command(corpus, archive, inputs), prog_name="seqcoder-ray", standalone_mode=False)
    except SeqcoderError as error:
        return error.exit_code, str(error)
    except MemoryError:
        return 1, "out of memory"
    except OSError as error:  # one line by run_app, which should name a file
        return 1, f"{error.filename or 'a bug: no file'}: {error.strerror}"
    return 0, ""


# The command line, but told by SIGUSR1 it says where it is.
_CLI = """
import faulthandler, signal
faulthandler.register(signal.SIGUSR1)
from seqcoder_jobs.cli import main
main()
"""


def submit_apart(corpus: FaultCorpus, archive: Path, address: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", _CLI, *command(corpus, archive)]
    return subprocess.Popen(
        [*words, "--address", address],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # Ctrl-C is ignored by what a shell runs in the background, and by its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@contextlib.contextmanager
def _running(site: Site, apart: bool) -> Iterator[Future[tuple[int, str]]]:
    """Have the command running within the block, in a thread here or in a process apart."""

    def in_process() -> tuple[int, str]:
        assert site.driver is not None
        error = site.driver.communicate()[1]
        return site.driver.returncode, error

    pool = ThreadPoolExecutor(1)
    if apart:
        site.driver = submit_apart(site.corpus, site.archive, site.cluster.address)
        future = pool.submit(in_process)
    else:
        future = pool.submit(submit_here, site.corpus, site.archive)
    site.is_finished = future.done
    try:
        yield future
    finally:
        pool.shutdown(wait=False)


def _ended(site: Site, future: Future[tuple[int, str]], what: str) -> tuple[int, str]:
    try:
        return future.result(END_SECONDS)
    except TimeoutError:
        where = ""
        if site.driver is not None and site.driver.poll() is None:
            site.driver.send_signal(signal.SIGUSR1)
            time.sleep(1)
            site.driver.kill()
            where = future.result(END_SECONDS)[1]
        else:
            faulthandler.dump_traceback(sys.__stderr__, all_threads=True)
        raise AssertionError(f"{what}: has not ended after {END_SECONDS:.0f} s\n{where}") from None


def run_trial(number: int, kind: str, site: Site) -> Result:
    """Do harm of ``kind``; raises AssertionError where something is lost or not true."""
    begun = time.monotonic()
    what = f"trial {number}, {kind}, {site.corpus.name}"
    steps = KINDS[kind](site)
    try:
        next(steps)
        site.corpus.begin(site.archive)
        with _running(site, kind in WITH_DRIVER) as future:
            try:
                site.wait_for_moment()
                next(steps)
                code, message = _ended(site, future, what)
            finally:
                next(steps, None)
        _check_error(what, kind, code, message)
        check_truth(site, what)
        _go_on(site, what, kind)
    finally:
        site.close()
    seconds = time.monotonic() - begun
    return Result(number, kind, site.corpus.name, site.met, code, message.strip(), seconds)


def _check_error(what: str, kind: str, code: int, message: str) -> None:
    assert "Traceback" not in message, f"{what}: {message}"
    assert "a bug" not in message, f"{what}: {message}"
    assert len(message.splitlines()) <= 2, f"{what}: {message}"
    expected = {0, 1} | {"driver killed": {-9}, "worker hangs, interrupted": {130}}.get(kind, set())
    assert code in expected, f"{what}: exit code {code}: {message}"
    assert bool(code) >= bool(message), f"{what}: {message}"


def _go_on(site: Site, what: str, kind: str) -> None:
    """Repeat the command: it has to succeed, and give what an undisturbed run gives."""
    with _running(site, apart=False) as future:
        code, message = _ended(site, future, f"{what}: again")
    assert code == 0, f"{what}: again: exit code {code}: {message}"
    check_truth(site, f"{what}: again")
    check_complete(site, f"{what}: again")


def check_truth(site: Site, what: str) -> None:
    """What the manifest says is so: rows match the containers, verified ones verify in full."""
    archive = Archive(site.archive)
    if not archive.exists:
        assert not containers(site.archive), f"{what}: containers without a plan"
        return
    rows = read_table(archive.store, "genomes").to_pylist()
    names = [row["genome"] for row in rows]
    assert len(set(names)) == len(names), f"{what}: a genome twice in the manifest"
    held = {row["container"]: row for row in read_table(archive.store, "containers").to_pylist()}
    there = containers(site.archive)
    for name, row in held.items():
        assert name in there, f"{what}: {name} is in the manifest and not there"
        # Killed between an append and its rows, a container begins with what the rows say.
        data = there[name][: row["bytes"]] if site.corpus.base else there[name]
        found = (len(data), hashlib.sha256(data).hexdigest())
        assert found == (row["bytes"], row["sha256"]), f"{what}: {name} is not what the rows say"
    # What is, byte for byte, the undisturbed archive was verified in full before.
    full = there != site.corpus.containers
    for expected in expectations(archive, full=full, threads=1):
        verification = verify_container(expected)
        assert verification.intact, f"{what}: {verification.findings}"
    for row in rows:
        if row["status"] == "failed":
            assert row["genome"] == site.deleted, f"{what}: {row['genome']} failed: {row['error']}"
        else:
            sha256 = site.corpus.sha256(row["genome"])
            assert row["sha256"] == sha256, f"{what}: {row['genome']} is not what went in"
            assert row["container"] in held, f"{what}: {row['genome']} in no container"
    for name in set(there) - set(held):  # committed, its rows not yet written
        with seqcoder.open(archive.container(name)) as container:
            for genome in container.values():
                assert genome.sha256 == site.corpus.sha256(genome.name), f"{what}: {genome.name}"
    if archive.is_marked:
        # One that was deleted before it was listed is not planned, and comes later.
        planned = {g.name for c in archive.load().plan.containers for g in c.genomes}
        assert set(names) == planned, f"{what}: success, and not all done"
        assert not list(manifest_findings(archive)), f"{what}: success does not match"


def check_complete(site: Site, what: str) -> None:
    """All is done, as by an undisturbed run, and nothing is left lying about."""
    corpus, archive = site.corpus, Archive(site.archive)
    assert archive.is_marked, f"{what}: no success"
    names = [row["genome"] for row in facts(site.archive)]
    assert sorted(names) == sorted(corpus.inputs), f"{what}: not all inputs"
    same = containers(site.archive) == corpus.containers
    if site.deleted and not same:  # it failed, and went to a container of its own
        rows = {row["genome"]: row for row in facts(site.archive)}
        assert set(rows) == set(corpus.inputs), f"{what}: other genomes"
        assert all(row["status"] != "failed" for row in rows.values()), what
    else:
        assert same, f"{what}: other bytes than an undisturbed run's"
        assert facts(site.archive) == corpus.rows, f"{what}: other rows"
    left = [
        str(path.relative_to(site.archive))
        for path in site.archive.rglob("*")
        if (path.name.startswith(".") and path.name != ".lock") or path.suffix == ".partial"
    ]
    assert not left, f"{what}: left behind: {left}"


def undisturbed(corpus: FaultCorpus, archive: Path, cluster: Any) -> None:
    """Make the archive that all others have to equal, and check it against the inputs."""
    if corpus.base:
        before = [str(corpus.folder / name) for name in corpus.first]
        assert submit_here(corpus, corpus.base, before) == (0, "")
        corpus.begin(archive)
    assert submit_here(corpus, archive) == (0, "")
    corpus.remember(archive)
    site = Site(cluster, archive, corpus, Random(0))
    check_truth(site, corpus.name)
    check_complete(site, corpus.name)
