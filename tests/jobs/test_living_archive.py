"""What the commands say that keep an archive up to date: what was taken, left, and is next."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from local_runner import Killed, run_here, submit_here
from test_jobs_cli import Run, run  # noqa: F401
from test_references import SPECIES, strain

import seqcoder_jobs
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.summary import summarise
from seqcoder_jobs.writing import removing
from seqcoder_jobs.writing.planning import GivenParameters
from seqcoder_jobs.writing.removing import remove
from seqcoder_jobs.writing.submit import Request, submit

HELD = {
    "a.fa": strain(SPECIES[0], 1)[:9000],
    "b.fa": strain(SPECIES[0], 2)[:9000],
    "sub/c.fa": strain(SPECIES[1], 3)[:9000],
}
GIVEN = GivenParameters(level=1, chunk_bases=1 << 14)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name, data in HELD.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
    submit_here([tmp_path / "in"], tmp_path / "archive", given=GIVEN)
    return tmp_path / "archive"


def held(place: Path) -> dict[str, bytes]:
    with seqcoder_jobs.open_archive(place) as opened:
        return {name: opened[name].read() for name in opened}


def test_names_in_full_are_told(place: Path, run: Run) -> None:  # noqa: F811
    assert run("remove", place, "a")[2].endswith(f"1 genome removed from {place}: a.fa\n")
    code, _, err = run("rename", place, "b", "new.fa")
    assert (code, "1 genome to be renamed in" in err, ": b.fa -> new.fa\n" in err) == (
        0,
        True,
        True,
    )
    code, _, err = run("rename", place, "sub", "x.fa")
    assert (code, "'sub' is the folder of sub/c.fa" in err) == (2, True)


def test_a_chain_of_names_by_two_commands(place: Path, run: Run) -> None:  # noqa: F811
    assert run("rename", place, "b.fa", "x.fa")[0] == 0
    assert run("rename", place, "a.fa", "b.fa")[0] == 0
    assert held(place) == {
        "x.fa": HELD["b.fa"],
        "b.fa": HELD["a.fa"],
        "sub/c.fa": HELD["sub/c.fa"],
    }
    assert run("verify", place, "--full")[0] == 0


def test_only_what_is_replaced_now_is_counted(
    place: Path,
    tmp_path: Path,
    run: Run,  # noqa: F811
) -> None:
    for number in range(3):
        (tmp_path / "in" / "a.fa").write_bytes(strain(SPECIES[0], 100 + number)[:8000])
        code, _, err = run("submit", tmp_path / "in", "-o", place, "--replace")
        assert (code, "1 genome to be replaced" in err) == (0, True)


def test_what_is_nobodys_is_told_apart(place: Path, run: Run) -> None:  # noqa: F811
    before = summarise(Archive(place))
    assert (before.removed_bytes, before.framing_bytes < 3000) == (0, True)
    run("rename", place, "a.fa", "x.fa")
    run("remove", place, "sub/c.fa")
    after = summarise(Archive(place))
    assert 1500 < after.removed_bytes < before.residual_bytes  # not what a.fa had: that is x.fa's
    assert after.residual_bytes + after.removed_bytes >= before.residual_bytes
    assert after.framing_bytes < 4000
    assert "removed or replaced" in run("status", place)[1]
    run("remove", place, "x.fa")
    assert summarise(Archive(place)).removed_bytes > after.removed_bytes + 1000
    assert run("remove", place, "--purge")[0] == 0
    assert summarise(Archive(place)).removed_bytes == 0
    assert json.loads(run("status", place, "--json")[1])["removed_bytes"] == 0


def test_a_killed_purge_is_counted_and_says_how_to_go_on(place: Path, run: Run) -> None:  # noqa: F811
    _, count = remove(Archive(place), ["b.fa"], "", purge=True)

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with pytest.raises(Killed):
        submit(Request((), str(place)), runner=dies)
    out = run("status", place)[1]
    assert f"not complete; 'seqcoder-ray submit -o {place}' goes on" in out
    code, _, err = run("remove", place, "--purge")
    assert (code, f"{count} container to be written\n" in err) == (0, True)
    assert set(held(place)) == {"a.fa", "sub/c.fa"}
    assert submit(Request((), str(place)), runner=run_here).done == 0


def test_a_server_that_is_ended_says_no_more_than_that(place: Path) -> None:
    words = (sys.executable, "-m", "seqcoder_jobs.cli", "serve", str(place), "--port", "0")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        assert server.stdout is not None
        try:
            urlopen(server.stdout.readline().decode().strip() + "genomes", timeout=60).close()
        finally:
            server.send_signal(signal.SIGTERM)
            _, err = server.communicate(timeout=60)
    assert (server.returncode, err) == (
        143,
        b"seqcoder-ray: Ctrl-C ends it\nseqcoder-ray: stopped\n",
    )


def test_taken_back_in(place: Path, tmp_path: Path, run: Run) -> None:  # noqa: F811
    before = held(place)
    table = place / "index.tsv"
    index = table.read_text()
    run("remove", place, "a.fa", "sub/c.fa", "--reason", "mixed up")
    again = ("submit", tmp_path / "in", "-o", place)
    told = run(*again)[2]
    assert "2 inputs left out: removed from the archive before (a.fa, sub/c.fa); " in told
    assert f"'seqcoder-ray remove {place} NAME --undo' takes them back in" in told
    assert run("remove", place, "b.fa", "--undo")[0] == 2  # it was not removed
    assert run("remove", place, "--undo")[0] == 2
    assert run("rename", place, "b.fa", "a.fa")[0] == 0
    code, _, err = run("remove", place, "a.fa", "--undo")
    assert (code, "has another genome a.fa by now; rename that one first" in err) == (2, True)
    assert run("rename", place, "a.fa", "b.fa")[0] == 0
    code, _, err = run("remove", place, "a.fa", "c", "--undo", "--reason", "was right")
    assert (code, f"2 genomes taken back into {place}: a.fa, sub/c.fa\n" in err) == (0, True)
    assert held(place) == before
    assert table.read_text().count("\n") == index.count("\n")
    assert run("verify", place, "--full")[0] == 0
    assert "left out" not in run(*again)[2]
    # What is removed again stays out again.
    run("remove", place, "a.fa")
    assert "1 input left out" in run(*again)[2]
    assert "a.fa" not in held(place)
    rows = json.loads(run("list", place, "--removed", "--json")[1])
    assert [(row["genome"], row["action"], row["reason"]) for row in rows] == [
        ("a.fa", "removed", "mixed up"),
        ("sub/c.fa", "removed", "mixed up"),
        ("b.fa", "renamed", ""),
        ("a.fa", "renamed", ""),
        ("a.fa", "restored", "was right"),
        ("sub/c.fa", "restored", "was right"),
        ("a.fa", "removed", ""),
    ]


def test_taken_back_in_after_a_purge(place: Path, tmp_path: Path, run: Run) -> None:  # noqa: F811
    before = held(place)
    remove(Archive(place), ["a.fa"], "", purge=True)
    code, _, err = run("remove", place, "a.fa", "--undo")
    assert (code, "a purge is not done; first go on with it" in err) == (2, True)
    assert submit(Request((), str(place)), runner=run_here).error is None
    code, _, err = run("remove", place, "a.fa", "--undo")
    assert (code, f"submit takes the inputs again: {tmp_path}/in/a.fa" in err) == (0, True)
    assert "a.fa" not in held(place)
    assert run("submit", tmp_path / "in", "-o", place)[0] == 0
    assert held(place) == before
    assert summarise(Archive(place)).complete


def test_what_was_removed_is_listed(place: Path, run: Run) -> None:  # noqa: F811
    run("rename", place, "b.fa", "x.fa", "--reason", "tidied")
    run("remove", place, "a.fa", "--reason", "human reads", "--purge")
    lines = [line.split("\t") for line in run("list", place, "--removed")[1].splitlines()]
    assert lines[0] == ["#genome", "action", "time", "reason", "successor", "source", "sha256"]
    assert [(*row[:2], *row[3:5]) for row in lines[1:]] == [
        ("b.fa", "renamed", "tidied", "x.fa"),
        ("a.fa", "removed", "human reads", ""),
        ("a.fa", "purged", "", ""),
        ("b.fa", "purged", "", ""),
    ]
    assert run("list", place, "--removed", "--records")[0] == 2


def test_another_input_of_a_name(place: Path, tmp_path: Path, run: Run) -> None:  # noqa: F811
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "a.fa").write_bytes(strain(SPECIES[0], 9)[:9000])
    (tmp_path / "new" / "d.fa").write_bytes(HELD["b.fa"])
    code, _, err = run("submit", tmp_path / "new", "-o", place, "--replace")
    assert (code, "1 genome is the same file as another: d.fa as b.fa\n" in err) == (0, True)
    assert f"a.fa is from {tmp_path}/in/a.fa, and {tmp_path}/new/a.fa is another input" in err
    # What it says helps.
    assert f"'seqcoder-ray rename {place} new/a.fa a.fa'" in err
    assert run("rename", place, "new/a.fa", "a.fa")[0] == 2
    assert run("remove", place, "a.fa")[0] == 0
    assert run("rename", place, "new/a.fa", "a.fa")[0] == 0
    (tmp_path / "new" / "a.fa").write_bytes(strain(SPECIES[0], 10)[:8000])
    code, _, err = run("submit", tmp_path / "new", tmp_path / "in", "-o", place, "--replace")
    assert (code, "another input" in err, "the same file" in err) == (0, False, False)
    assert held(place) == HELD | {"a.fa": strain(SPECIES[0], 10)[:8000], "d.fa": HELD["b.fa"]}


def test_a_selection_is_not_made_the_whole(place: Path, tmp_path: Path, run: Run) -> None:  # noqa: F811
    some, whole = tmp_path / "some", tmp_path / "whole"
    assert run("copy", place, some, "--where", "genome = 'a.fa'")[0] == 0
    assert run("copy", place, whole)[0] == 0
    code, _, err = run("copy", place, some)
    assert (code, "an archive of its own, with 1 genome of its 3; --where" in err) == (2, True)
    assert set(held(some)) == {"a.fa"}
    # A copy is brought up to date.
    (tmp_path / "in" / "e.fa").write_bytes(strain(SPECIES[1], 9)[:9000])
    assert run("submit", tmp_path / "in", "-o", place)[0] == 0
    assert run("copy", place, whole)[0] == 0
    assert set(held(whole)) == {*HELD, "e.fa"}


def test_killed_as_it_is_taken_back_in(
    place: Path,
    run: Run,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run("remove", place, "a.fa")

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(removing, "finish", killed)
        with pytest.raises(Killed):
            removing.restore(Archive(place), ["a.fa"], "")
    assert held(place) == HELD
    assert run("remove", place, "a.fa", "--undo")[0] == 2  # it is in
    assert "not complete; 'seqcoder-ray submit -o" in run("status", place)[1]
    assert run("submit", "-o", place)[0] == 0
    assert summarise(Archive(place)).complete
    assert held(place) == HELD
