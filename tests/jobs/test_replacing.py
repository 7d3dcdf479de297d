"""Genomes replaced and renamed: one or the other is there, killed at every step."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from local_runner import Killed, run_here, submit_here
from test_jobs_cli import Run, run  # noqa: F401
from test_references import FOUR, SPECIES, strain
from test_removing import HELD, archive, go_on, place  # noqa: F401

import seqcoder_jobs
from seqcoder.errors import NoSuchNameError, UsageError
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.manifest.changes import read_changes
from seqcoder_jobs.archive.manifest.files import read_table
from seqcoder_jobs.archive.metadata import Kept, load_metadata
from seqcoder_jobs.archive.summary import summarise
from seqcoder_jobs.corpus import containers
from seqcoder_jobs.reading.verify import expectations, manifest_findings, verify_container
from seqcoder_jobs.writing import submit as submitting
from seqcoder_jobs.writing.planning import GivenParameters
from seqcoder_jobs.writing.removing import remove
from seqcoder_jobs.writing.replacing import rename
from seqcoder_jobs.writing.submit import Outcome, Request, submit

# A genome of the reference, one that extends it, one without relatives.
NEW = {
    "k05.fa": strain(SPECIES[0], 205),
    "k11.fa": strain(SPECIES[0], 211),
    "other.fa": strain(SPECIES[1], 250),
}
NAMES = {"k05.fa": "deep/five.fa", "k11": "eleven.fa", "other.fa": "alone.fa"}
RENAMED = {"k05.fa": "deep/five.fa", "k11.fa": "eleven.fa", "other.fa": "alone.fa"}


def held(archive: Archive) -> dict[str, bytes]:  # noqa: F811
    with seqcoder_jobs.open_archive(archive.name) as opened:
        return {name: opened[name].read() for name in opened}


def check(archive: Archive, wanted: Mapping[str, bytes]) -> None:  # noqa: F811
    """All that is wanted is there, once and whole, and nothing else."""
    archive = Archive(archive.name)
    assert held(archive) == wanted
    assert list(manifest_findings(archive)) == []
    for expected in expectations(archive, full=True, threads=1):
        found = verify_container(expected)
        assert found.intact, found.findings
    summary = summarise(archive)
    assert summary.complete
    facts = (summary.genomes, summary.verified, summary.pending, summary.failed)
    assert facts == (len(wanted), len(wanted), 0, 0)
    records = read_table(archive.store, "records", ["genome"])["genome"].to_pylist()
    assert sorted(records) == sorted(wanted)


def replace(archive: Archive, folder: Path, **options: Any) -> Outcome:  # noqa: F811
    corpora = (str(folder),)
    return submit(Request(corpora, archive.name, replace=True), **{"runner": run_here} | options)


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).write_bytes(data)


def actions(archive: Archive) -> list[str]:  # noqa: F811
    return [row["action"] for row in read_changes(archive.store)]


def test_replaced(archive: Archive, tmp_path: Path) -> None:  # noqa: F811
    put(tmp_path / "in", NEW)
    (tmp_path / "in" / "k01.fa").touch()  # not changed
    outcome = submit_here([tmp_path / "in"], archive.name, given=FOUR)
    assert len(outcome.todo.changed) == 3  # told, and nothing else
    assert "--replace" in outcome.todo.changed[0].error
    check(archive, HELD)
    outcome = replace(archive, tmp_path / "in")
    assert (outcome.done, outcome.error, outcome.failures) == (3, None, ())
    check(archive, HELD | NEW)
    assert actions(archive) == ["to be replaced"] * 3 + ["replaced"] * 3
    outcome = replace(archive, tmp_path / "in")  # again: nothing to do
    assert (outcome.done, outcome.todo.pending, outcome.todo.changed) == (0, (), ())
    # A second time, back to what it was, with another genome gone by a purge.
    put(tmp_path / "in", {"k05.fa": HELD["k05.fa"]})
    remove(Archive(archive.name), ["k07.fa"], "", purge=False)
    assert replace(archive, tmp_path / "in").done == 1
    wanted = {n: d for n, d in (HELD | NEW).items() if n != "k07.fa"}
    check(archive, wanted | {"k05.fa": HELD["k05.fa"]})
    remove(Archive(archive.name), [], "", purge=True)
    go_on(archive)
    check(archive, wanted | {"k05.fa": HELD["k05.fa"]})
    assert actions(archive).count("purged") == 5  # k05 twice, k07, k11, other
    rows = read_table(archive.store, "genomes", ["genome"], hidden=True)["genome"].to_pylist()
    assert sorted(rows) == sorted(wanted)  # nothing is left of the old ones


def test_what_fails_leaves_the_old_one(archive: Archive, tmp_path: Path) -> None:  # noqa: F811
    put(tmp_path / "in", NEW)

    def spoilt(containers: Any, *others: Any, **more: Any) -> None:
        (tmp_path / "in" / "k11.fa").write_bytes(b"\x1f\x8b\x08")  # after it was looked at
        run_here(containers, *others, **more)

    outcome = replace(archive, tmp_path / "in", runner=spoilt)
    assert len(outcome.failures) == 1
    new = {name: data for name, data in NEW.items() if name != "k11.fa"}
    assert held(archive) == HELD | new
    outcome = replace(archive, tmp_path / "in")  # tried again, in vain
    assert [problem.source for problem in outcome.failures] == [str(tmp_path / "in" / "k11.fa")]
    assert held(archive) == HELD | new
    (tmp_path / "in" / "k11.fa").unlink()
    assert replace(archive, tmp_path / "in").failures == ()  # forgotten
    check(archive, HELD | new)
    (tmp_path / "in" / "k11.fa").write_bytes(gzip.compress(NEW["k11.fa"]))
    assert replace(archive, tmp_path / "in").failures == ()
    check(archive, HELD | NEW)


def test_renamed(archive: Archive, tmp_path: Path) -> None:  # noqa: F811
    table = tmp_path / "known.tsv"
    table.write_text("genome\tyear\nk05.fa\t2001\nk06.fa\t2002\n")
    go = Request((), archive.name, metadata=str(table))
    assert submit(go, runner=run_here).kept == Kept(genomes=2)
    before = archive.container_digests()
    assert len(rename(Archive(archive.name), NAMES, "tidied")) == 3
    assert held(archive) == HELD  # until they are written
    with pytest.raises(UsageError, match="first go on"):
        remove(Archive(archive.name), ["k01.fa"], "", purge=True)
    with pytest.raises(UsageError, match="first go on"):
        rename(Archive(archive.name), {"k01.fa": "x.fa"}, "")
    go_on(archive)
    wanted = {RENAMED.get(name, name): data for name, data in HELD.items()}
    check(archive, wanted)
    years = {row["genome"]: row["year"] for row in load_metadata(archive).to_pylist()}
    assert years == {"deep/five.fa": 2001, "k06.fa": 2002}
    with seqcoder_jobs.open_archive(archive.name) as opened:
        assert opened.where("year = 2001") == ["deep/five.fa"]
    assert len(rename(Archive(archive.name), NAMES, "")) == 0  # again
    changes = read_changes(archive.store)
    assert [row["action"] for row in changes] == ["to be renamed"] * 3 + ["renamed"] * 3
    assert {row["genome"]: row["successor"] for row in changes} == RENAMED
    assert changes[0]["reason"] == "tidied"
    # The inputs are known under their new names.
    outcome = submit_here([tmp_path / "in"], archive.name, given=FOUR)
    assert (outcome.done, outcome.todo.problems) == (0, ())
    # What was appended is next to nothing: each is a walk over itself.
    table = read_table(archive.store, "genomes", ["genome", "novel_bases"]).to_pylist()
    novel = {row["genome"]: row["novel_bases"] for row in table}
    assert [novel[name] for name in RENAMED.values()] == [0, 0, 0]
    # Back to the old name, and the old bytes gone.
    assert len(rename(Archive(archive.name), {"alone.fa": "other.fa"}, "")) == 1
    go_on(archive)
    wanted = {("other.fa" if name == "alone.fa" else name): d for name, d in wanted.items()}
    check(archive, wanted)
    remove(Archive(archive.name), [], "", purge=True)
    go_on(archive)
    check(archive, wanted)
    assert set(before) - set(archive.container_digests())


def test_names_that_are_refused(archive: Archive) -> None:  # noqa: F811
    for names, told in (
        ({"k01.fa": "k02.fa"}, "already"),
        ({"k01": "k02.fa"}, "already"),  # never renamed so
        ({"k01.fa": "x.fa", "k02.fa": "x.fa"}, "k01.fa and k02.fa are both to be x.fa"),
        ({"k01.fa": "k02.fa", "k02.fa": "k01.fa"}, "rename k02.fa first"),
        ({"k01.fa": "k02.fa", "k02.fa": "x.fa"}, "rename k02.fa first"),
        ({"k02.fa": "x.fa", "k01.fa": "k02.fa"}, "rename k02.fa first"),
        ({"k01.fa": "k02.fa/x.fa"}, "k02.fa would be a genome and a folder"),
        ({"k01.fa": "x/" + 128 * "\u00e9"}, "256 bytes, and files have names of up to 255"),
        ({"k01.fa": "x.fa", "k01": "y.fa"}, "two new names"),
        ({"k01.fa": ""}, "unnamed would be one"),
        ({"k01.fa": "/etc/../x"}, "etc/x would be one"),
        ({"k0*": "x.fa"}, "is for one"),
    ):
        with pytest.raises(UsageError, match=told):
            rename(archive, names, "")
    with pytest.raises(NoSuchNameError):
        rename(archive, {"nothing": "x.fa"}, "")
    assert actions(archive) == []
    check(archive, HELD)


def killed(*_: object, **__: object) -> None:
    raise Killed


def dying_at(name: str, real: Callable[..., None]) -> Callable[..., None]:
    """Dies when the containers before the one with ``name`` are done."""

    def run_(containers: Any, *others: Any, **more: Any) -> None:
        (at,) = (i for i, c in enumerate(containers) if name in [g.name for g in c.genomes])
        real(containers[:at], *others, **more)
        raise Killed

    return run_


@pytest.mark.parametrize("what", ["replace", "rename"])
@pytest.mark.parametrize("step", ["noted", "plan", "third", "rows", "settled", "compact"])
def test_killed_at_each_step(
    archive: Archive,  # noqa: F811
    tmp_path: Path,
    what: str,
    step: str,
) -> None:
    folder = tmp_path / "in"
    if what == "replace":
        put(folder, NEW)
        pairs = {name: (name, data) for name, data in NEW.items()}
    else:
        pairs = {name: (RENAMED[name], HELD[name]) for name in RENAMED}

    def act(**options: Any) -> None:
        if what == "replace":
            replace(archive, folder, **options)
        else:
            rename(Archive(archive.name), NAMES, "")
            submit(Request((), archive.name), **{"runner": run_here} | options)

    options: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        if step == "noted":
            patch.setattr("seqcoder_jobs.archive.manifest.changes.add_changes", killed)
        elif step == "plan":
            patch.setattr(Archive, "save", killed)
        elif step == "third":
            options["runner"] = dying_at(pairs["other.fa"][0], run_here)
        elif step == "rows":
            patch.setattr("seqcoder_jobs.archive.manifest.files.write_part", killed)
        elif step == "settled":
            patch.setattr(submitting, "finish", killed)
        elif step == "compact":
            patch.setattr("seqcoder_jobs.archive.manifest.files.compact", killed)
        with pytest.raises(Killed):
            act(**options)
    containers._OPENED.close()
    left = {name: data for name, data in HELD.items() if name not in pairs}
    there = held(archive)
    for name, (new, data) in pairs.items():  # old or new, never between
        if there.get(new) == data and step not in ("noted", "plan"):
            left[new] = data
        else:
            left[name] = HELD[name]
    assert there == left
    records = read_table(archive.store, "records", ["genome", "container"]).to_pylist()
    with seqcoder_jobs.open_archive(archive.name) as opened:
        assert sorted(r["genome"] for r in records if opened.holds(r)) == sorted(left)
    for expected in expectations(archive, full=False, threads=1):
        assert verify_container(expected).intact
    act()
    wanted = {n: d for n, d in HELD.items() if n not in pairs} | dict(pairs.values())
    check(archive, wanted)


def test_the_commands(
    tmp_path: Path,
    run: Run,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("k00.fa", "k01.fa", "other.fa"):
        (tmp_path / "in" / name).write_bytes(HELD[name])
    folder = tmp_path / "archive"
    submit_here([tmp_path / "in"], folder, given=GivenParameters(level=1, chunk_bases=1 << 14))
    assert run("rename", folder)[0] == 2
    assert run("rename", folder, "k00.fa")[0] == 2
    assert run("rename", folder, "nothing", "x.fa")[0] == 2
    names = tmp_path / "names.tsv"
    names.write_text("# new names\nk00.fa\tzero.fa\nk01\tone.fa\n")
    code, _, err = run("rename", folder, "--from-file", names)
    assert (code, "2 genomes to be renamed" in err) == (0, True)
    assert [line.split("\t")[0] for line in run("list", folder)[1].splitlines()[1:]] == [
        "zero.fa",
        "one.fa",
        "other.fa",
    ]
    (tmp_path / "in" / "other.fa").write_bytes(NEW["other.fa"])
    assert run("submit", tmp_path / "in", "-o", folder)[0] == 1
    code, _, err = run("submit", tmp_path / "in", "-o", folder, "--replace")
    assert (code, "1 genome to be replaced" in err) == (0, True)
    assert run("extract", folder, "other.fa")[1].encode() == NEW["other.fa"]
    assert run("verify", folder, "--full")[0] == 0
    names.write_text("k00.fa zero.fa\n")
    code, _, err = run("rename", folder, "--from-file", names)
    assert (code, "line 1: not OLD<tab>NEW" in err) == (2, True)


def test_what_is_not_taken_says_why(archive: Archive, tmp_path: Path) -> None:  # noqa: F811
    page = b"<html>404 not found</html>\n"
    put(tmp_path / "in", {"k05.fa": page, "k11.fa": b"", "k01.fa": b"\x1f\x8b\x08"})
    outcome = replace(archive, tmp_path / "in")
    told = {Path(problem.source).name: problem.error for problem in outcome.todo.changed}
    assert [told[name] for name in ("k05.fa", "k11.fa")] == [
        "changed, and is no FASTA any more; the archive keeps what it holds ('seqcoder-ray remove' "
        "takes that out)"
    ] * 2
    assert told["k01.fa"].startswith("changed, and cannot be read (truncated gzip data")
    check(archive, HELD)
    # What was no FASTA before may be so again.
    (tmp_path / "in" / "page.fa").write_bytes(page)
    put(tmp_path / "in", {name: HELD[name] for name in ("k01.fa", "k05.fa", "k11.fa")})
    outcome = replace(archive, tmp_path / "in")
    assert [Path(w.partition(": ")[0]).name for w in outcome.warnings] == ["page.fa"]
    (tmp_path / "in" / "page.fa").write_bytes(page + page)
    assert replace(archive, tmp_path / "in").done == 1
    with seqcoder_jobs.open_archive(archive.name) as opened:
        held = {name: opened[name].read() for name in opened}
    assert held == HELD | {"page.fa": page + page}
