"""Genomes taken out of an archive, out of sight and out of its bytes; killed at every step."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import pytest
from local_runner import Killed, run_here, submit_here
from test_jobs_cli import Run, run  # noqa: F401
from test_references import FOUR, SPECIES, strain

import seqcoder
import seqcoder_jobs
from page_server import served
from seqcoder.errors import InputError, IntegrityError, NoSuchNameError, SeqcoderError
from seqcoder.reading.reader import Container
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.manifest.changes import read_changes
from seqcoder_jobs.archive.manifest.files import read_table
from seqcoder_jobs.archive.summary import summarise
from seqcoder_jobs.corpus import containers
from seqcoder_jobs.reading.verify import expectations, manifest_findings, verify_container
from seqcoder_jobs.writing import finishing, held_genomes
from seqcoder_jobs.writing.planning import GivenParameters
from seqcoder_jobs.writing.removing import remove
from seqcoder_jobs.writing.sketches import load_sketches
from seqcoder_jobs.writing.submit import Request, submit

SEEDS = [*range(4), 11, *range(5, 11), 4, 12, 13]  # so that k11 is not in the reference
HELD = {f"k{number:02d}.fa": strain(SPECIES[0], seed) for number, seed in enumerate(SEEDS)}
HELD["other.fa"] = strain(SPECIES[1], 50)
# A genome of the reference, one that extends it, one without relatives.
OUT = ("k05.fa", "k11.fa", "other.fa")


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SEQCODER_SCRATCH", str(tmp_path / "scratch"))
    if request.param == "folder":
        return str(tmp_path / "archive")
    return f"{request.getfixturevalue('bucket')}/archive"


@pytest.fixture
def archive(place: str, tmp_path: Path) -> Archive:
    (tmp_path / "in").mkdir()
    for name, data in HELD.items():
        (tmp_path / "in" / name).write_bytes(data)
    assert submit_here([tmp_path / "in"], place, given=FOUR).error is None
    return Archive(place)


def go_on(archive: Archive) -> None:
    outcome = submit(Request((), archive.name), runner=run_here)
    assert (outcome.error, outcome.failures) == (None, ())


def check(archive: Archive, out: tuple[str, ...]) -> None:
    """All but ``out`` is there and whole, and nothing tells of ``out``."""
    archive = Archive(archive.name)
    left = {name: data for name, data in HELD.items() if name not in out}
    with seqcoder_jobs.open_archive(archive.name) as opened:
        assert {name: opened[name].read() for name in opened} == left
        for name in out:
            record = HELD[name].split(b"\n")[0][1:].decode()
            assert list(opened.records_called(record)) == []
        assert [len(list(opened.records_called(f"s{n}"))) for n in (3, 8)] == [1, 1]
    assert list(manifest_findings(archive)) == []
    for expected in expectations(archive, full=True, threads=1):
        found = verify_container(expected)
        assert found.intact, found.findings
    summary = summarise(archive)
    assert summary.complete
    assert (summary.genomes, summary.verified, summary.pending) == (len(left), len(left), 0)
    records = read_table(archive.store, "records", ["genome"])["genome"].to_pylist()
    assert sorted(records) == sorted(left)


def mers(text: bytes) -> set[bytes]:
    """All 31-mers of both strands."""
    other = text[::-1].translate(bytes.maketrans(b"ACGT", b"TGCA"))
    return {strand[at : at + 31] for strand in (text, other) for at in range(len(strand) - 30)}


def own_mers(name: str) -> set[bytes]:
    """The 31-mers of a genome that no other one has."""
    bases = {n: data.split(b"\n")[1] for n, data in HELD.items()}
    found = mers(bases[name])
    for other in bases:
        if other != name and other not in OUT:
            found -= mers(bases[other])
    assert len(found) > 1000
    return found


def decodable(archive: Archive) -> set[bytes]:
    """All 31-mers of base spaces and genomes of all containers there, named or not."""
    found: set[bytes] = set()
    letters = np.frombuffer(b"ACGT", np.uint8)
    for stored in archive.store.files("containers"):
        if stored.name.endswith(".sqc"):
            with Container(archive.store.locate(stored.name)) as container:
                for entry in container.reader.index.chunks:
                    found |= mers(letters[container.decoder.chunk(entry)].tobytes())
                for genome in container.values():
                    found |= mers(genome.read().split(b"\n")[1])
    return found


def test_out_of_sight_at_once(archive: Archive) -> None:
    assert remove(archive, ["k05", "other.fa"], "mixed up", purge=False) == (
        ["k05.fa", "other.fa"],
        0,
    )
    check(archive, ("k05.fa", "other.fa"))
    changes = read_changes(archive.store)
    assert [(row["action"], row["genome"], row["reason"]) for row in changes] == [
        ("removed", "k05.fa", "mixed up"),
        ("removed", "other.fa", "mixed up"),
    ]
    assert changes[0]["sha256"]
    assert remove(archive, ["k05.fa"], "", purge=False) == ([], 0)  # again
    with pytest.raises(NoSuchNameError):
        remove(archive, ["nothing"], "", purge=False)
    assert len(read_changes(archive.store)) == 2
    assert own_mers("other.fa") <= decodable(archive)  # the bytes are there yet


def test_out_of_the_bytes(archive: Archive, tmp_path: Path) -> None:
    before = decodable(archive)
    for name in OUT:
        assert own_mers(name) <= before
    names, containers = remove(archive, OUT, "", purge=True)
    assert names == list(OUT)
    assert containers == 2  # the reference and what extends it; that of other.fa goes
    go_on(archive)
    check(archive, OUT)
    after = decodable(archive)
    for name in OUT:
        assert not own_mers(name) & after
    actions = {row["action"] for row in read_changes(archive.store)}
    assert actions == {"removed", "purged", "rewritten"}
    assert set(load_sketches(archive.store)) == set(HELD) - set(OUT)
    held = read_table(archive.store, "genomes", hidden=True)["genome"].to_pylist()
    assert not set(held) & set(OUT)
    # The inputs that were removed stay out; others are appended to what there is.
    (tmp_path / "in" / "late.fa").write_bytes(strain(SPECIES[0], 77))
    outcome = submit_here([tmp_path / "in"], archive.name, given=FOUR)
    assert (outcome.done, outcome.todo.removed, outcome.error) == (1, OUT, None)
    with seqcoder_jobs.open_archive(archive.name) as opened:
        assert set(opened) == set(HELD) - set(OUT) | {"late.fa"}
        assert opened["late.fa"].read() == strain(SPECIES[0], 77)


def test_containers_that_an_old_plan_does_not_know_stay(archive: Archive, tmp_path: Path) -> None:
    """A plan restored from an older copy costs nothing that was compressed since."""
    old = archive.load()
    (tmp_path / "in" / "new.fa").write_bytes(b">new\n" + b"ACGTTGCAAC" * 900 + b"\n")
    submit_here([tmp_path / "in"], archive.name, given=FOUR)
    before = {stored.name for stored in archive.store.files("containers")}
    fresh = Archive(archive.name)
    fresh.load()
    fresh.save(old)
    remove(fresh, ["other.fa"], "", purge=False)
    go_on(fresh)
    assert before <= {stored.name for stored in archive.store.files("containers")}
    with seqcoder_jobs.open_archive(archive.name) as opened:
        assert opened["new.fa"].read().startswith(b">new")


def test_a_genome_that_came_at_its_second_attempt(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "in" / "late.fa.gz"
    path.write_bytes(b"\x1f\x8b\x08")  # cut short
    assert len(submit_here([tmp_path / "in"], archive.name, given=FOUR).failures) == 1
    path.write_bytes(gzip.compress(strain(SPECIES[1], 99)))
    assert submit_here([tmp_path / "in"], archive.name, given=FOUR).failures == ()
    with seqcoder_jobs.open_archive(archive.name) as opened:
        beside = [n for n in opened if opened[n].container.path == opened["late.fa"].container.path]
    for name in [name for name in beside if name != "late.fa"][:1] or ["late.fa"]:
        assert remove(Archive(archive.name), [name], "", purge=True)[0] == [name]
    go_on(archive)
    files = {stored.name for stored in archive.store.files("containers")}
    remove(Archive(archive.name), [], "", purge=True)
    go_on(archive)
    assert {stored.name for stored in archive.store.files("containers")} == files  # all was done
    actions = [row["action"] for row in read_changes(archive.store)]
    assert actions.count("purged") == 1
    if beside != ["late.fa"]:
        with seqcoder_jobs.open_archive(archive.name) as opened:
            assert opened["late.fa"].read() == strain(SPECIES[1], 99)


@pytest.mark.parametrize("kind", [InputError, IntegrityError])
def test_what_cannot_be_read_stays(archive: Archive, kind: type[SeqcoderError]) -> None:
    """A purge that cannot read what is to stay ends, and lets go of nothing."""
    remove(archive, OUT, "", purge=True)

    def unreadable(self: Any, location: str, name: str) -> bytes:
        raise kind(f"{location}: the connection was cut")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(containers._Opened, "read", unreadable)
        outcome = submit(Request((), archive.name), runner=run_here)
    assert type(outcome.error) is kind
    assert "the connection was cut" in str(outcome.error)
    assert outcome.failures == ()
    with seqcoder_jobs.open_archive(archive.name) as opened:
        assert {name: opened[name].read() for name in opened} == {
            name: data for name, data in HELD.items() if name not in OUT
        }
    go_on(archive)
    check(archive, OUT)


def dying_with(prefix: str, real: Callable[..., None]) -> Callable[..., None]:
    """Dies where names that begin so are to be deleted."""

    def delete(self: Any, names: Iterable[str]) -> None:
        names = list(names)
        if any(name.startswith(prefix) for name in names):
            raise Killed
        real(self, names)

    return delete


@pytest.mark.parametrize(
    "step", ["plan", "k02.fa", "k09.fa", "superseded", "forgotten", "files", "compact"]
)
def test_killed_at_each_step(archive: Archive, step: str) -> None:
    def killed(*_: object) -> None:
        raise Killed

    def purge() -> None:
        remove(archive, OUT, "", purge=True)
        go_on(archive)

    with pytest.MonkeyPatch.context() as patch:
        if step == "plan":
            patch.setattr(Archive, "save", killed)
        elif step.endswith(".fa"):
            # What the archive holds is read from it: the reading is what dies.
            real = held_genomes.HeldOpener.__call__

            def dying(self: Any, source: Any) -> bytes:
                if source.name == step:
                    raise Killed
                return real(self, source)

            patch.setattr(held_genomes.HeldOpener, "__call__", dying)
        elif step == "superseded":
            patch.setattr(finishing, "drop_superseded", killed)
        elif step == "forgotten":
            patch.setattr("seqcoder_jobs.archive.manifest.files.forget", killed)
        elif step == "files":
            store = type(archive.store)
            patch.setattr(store, "delete", dying_with("containers/", store.delete))
        elif step == "compact":
            patch.setattr("seqcoder_jobs.archive.manifest.files.compact", killed)
        with pytest.raises(Killed):
            purge()
    containers._OPENED.close()
    verified = expectations(archive, full=False, threads=1)
    assert all(verify_container(expected).intact for expected in verified)
    with seqcoder_jobs.open_archive(archive.name) as opened:  # never between
        assert set(opened._container_of.values()) <= {expected.name for expected in verified}
        assert {name: opened[name].read() for name in opened} == {
            name: data for name, data in HELD.items() if name not in OUT
        }
    purge()
    check(archive, OUT)
    after = decodable(archive)
    for name in OUT:
        assert not own_mers(name) & after


def test_the_command_and_the_server(
    tmp_path: Path,
    run: Run,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SEQCODER_SCRATCH", str(tmp_path / "scratch"))
    (tmp_path / "in").mkdir()
    for name in ("k00.fa", "k01.fa", "other.fa"):
        (tmp_path / "in" / name).write_bytes(HELD[name])
    place = tmp_path / "archive"
    submit_here([tmp_path / "in"], place, given=GivenParameters(level=1, chunk_bases=1 << 14))
    assert run("remove", place)[0] == 2
    assert run("remove", place, "nothing")[0] == 2
    code, _, err = run("remove", place, "other.fa", "--reason", "human reads")
    assert (code, "1 genome removed" in err) == (0, True)
    assert "other.fa" not in run("list", place)[1]
    assert "other.fa" not in run("list", place, "--records")[1]
    assert run("extract", place, "s50")[0] == 2
    assert run("verify", place, "--full")[0] == 0
    with served(Archive(place)) as port:
        assert b"k01.fa" in urlopen(f"http://127.0.0.1:{port}/genomes").read()
        for path in ("fasta/other.fa", "genome/other.fa"):
            with pytest.raises(HTTPError, match="404"):
                urlopen(f"http://127.0.0.1:{port}/{path}")
        assert b"other.fa" not in urlopen(f"http://127.0.0.1:{port}/search?q=s50").read()
    code, _, err = run("remove", place, "--purge")
    assert (code, "1 container to be written" in err) == (0, True)
    assert run("verify", place, "--full")[0] == 0
    (path,) = (place / "containers").glob("*.sqc")
    with seqcoder.open(path) as container:
        assert set(container) == {"k00.fa", "k01.fa"}
    assert "2 verified" in run("status", place)[1]
