"""Whose metadata are: of genomes, and not of those who have their names later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from local_runner import Killed, run_here, submit_here
from small_corpus import genome

from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.manifest.changes import read_changes
from seqcoder_jobs.archive.metadata import load_metadata
from seqcoder_jobs.reading.verify import manifest_findings
from seqcoder_jobs.writing import submit as submitting
from seqcoder_jobs.writing.removing import remove
from seqcoder_jobs.writing.replacing import rename
from seqcoder_jobs.writing.submit import Request, submit

SECRET = "Zacharias"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Two genomes, of both of which something is known."""
    place = tmp_path / "archive"
    table = tmp_path / "known.tsv"
    table.write_text(f"genome\tpatient\tyear\na.fa\t{SECRET}\t2001\nb.fa\tBo\t2002\n")
    put(tmp_path / "in", {"a.fa": 1, "b.fa": 2})
    submit_here([tmp_path / "in"], place, metadata=str(table))
    return Archive(place)


def put(folder: Path, files: dict[str, int]) -> None:
    folder.mkdir(exist_ok=True)
    for name, number in files.items():
        (folder / name).write_bytes(genome(number, 600))


def known(archive: Archive) -> dict[str, str]:
    return {row["genome"]: row["patient"] for row in load_metadata(archive).to_pylist()}


def bytes_of(archive: Archive) -> bytes:
    """Return all bytes of the manifest, and all its values."""
    files = list((Path(archive.name) / "manifest").rglob("*.parquet"))
    values = [str(pq.read_table(file).to_pylist()).encode() for file in files]
    return b"".join([*values, *(file.read_bytes() for file in files)])


def go_on(archive: Archive) -> None:
    assert submit(Request((), archive.name), runner=run_here).failures == ()
    assert list(manifest_findings(archive)) == []


@pytest.mark.parametrize("purge", [False, True])
def test_removed(archive: Archive, tmp_path: Path, purge: bool) -> None:
    assert SECRET.encode() in bytes_of(archive)
    remove(archive, ["a.fa"], "", purge=purge)
    go_on(archive)
    assert known(archive) == {"b.fa": "Bo"}
    assert SECRET.encode() not in bytes_of(archive)
    put(tmp_path / "in2", {"a.fa": 3})
    assert submit_here([tmp_path / "in2"], archive.name).done == 1
    assert known(archive) == {"b.fa": "Bo"}


def test_removed_and_killed_at_once(archive: Archive, tmp_path: Path) -> None:
    """What was removed is known no more; what is then said of another one of its name stays."""

    def killed(*_: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seqcoder_jobs.writing.removing.finish", killed)
        with pytest.raises(Killed):
            remove(archive, ["a.fa"], "", purge=False)
    assert known(archive) == {"b.fa": "Bo"}
    remove(archive, [], "", purge=True)
    go_on(archive)
    put(tmp_path / "in2", {"a.fa": 3})
    table = tmp_path / "known.tsv"
    table.write_text("genome\tpatient\na.fa\tAnn\n")
    submit_here([tmp_path / "in2"], archive.name, metadata=str(table))
    assert known(archive) == {"a.fa": "Ann", "b.fa": "Bo"}
    go_on(archive)
    assert known(archive) == {"a.fa": "Ann", "b.fa": "Bo"}
    assert SECRET.encode() not in bytes_of(archive)


def test_replaced(archive: Archive, tmp_path: Path) -> None:
    put(tmp_path / "in", {"a.fa": 3})
    assert submit_here([tmp_path / "in"], archive.name, replace=True).done == 1
    remove(archive, [], "", purge=True)
    go_on(archive)
    assert known(archive) == {"a.fa": SECRET, "b.fa": "Bo"}


@pytest.mark.parametrize("step", ["", "planned", "written", "settled"])
def test_renamed(archive: Archive, tmp_path: Path, step: str) -> None:
    """What is known is of the one or the other name at every moment, and goes with the genome."""

    def killed(*_: object, **__: object) -> None:
        raise Killed

    def run_and_tell(*arguments: object, **others: object) -> None:
        assert known(archive) == {"a.fa": SECRET, "b.fa": "Bo"}
        run_here(*arguments, **others)  # type: ignore[arg-type]
        assert known(archive) == {"first.fa": SECRET, "b.fa": "Bo"}

    rename(archive, {"a.fa": "first.fa"}, "")
    with pytest.MonkeyPatch.context() as patch:
        at = {"planned": "_run", "written": "finish", "settled": "retire"}.get(step)
        if at:
            patch.setattr(submitting, at, killed)
            with pytest.raises(Killed):
                submit(Request((), archive.name), runner=run_here)
    if step in ("", "planned"):
        submit(Request((), archive.name), runner=run_and_tell)
    assert known(archive) == {"first.fa": SECRET, "b.fa": "Bo"}
    # Another one of the old name, of which something else is known.
    put(tmp_path / "in2", {"a.fa": 3})
    table = tmp_path / "known.tsv"
    table.write_text("genome\tpatient\na.fa\tAnn\nfirst.fa\tZed\n")
    submit_here([tmp_path / "in2"], archive.name)
    assert known(archive) == {"first.fa": SECRET, "b.fa": "Bo"}
    submit_here([], archive.name, metadata=str(table))
    assert known(archive) == {"first.fa": "Zed", "b.fa": "Bo", "a.fa": "Ann"}
    assert {row["year"] for row in load_metadata(archive).to_pylist()} == {2001, 2002, None}
    assert [row["action"] for row in read_changes(archive.store)][-1] == "renamed"
    assert list(manifest_findings(archive)) == []


def test_removed_right_after_a_killed_rename(archive: Archive) -> None:
    """In whatever order a run notes what it did, nothing comes back."""

    def killed(*_: object) -> None:
        raise Killed

    rename(archive, {"a.fa": "first.fa"}, "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(submitting, "finish", killed)
        with pytest.raises(Killed):
            submit(Request((), archive.name), runner=run_here)
    remove(archive, ["first.fa"], "", purge=False)
    assert known(archive) == {"b.fa": "Bo"}


def test_the_manifest_s_page_leaves_out_what_is_gone(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pandas")
    remove(archive, ["a.fa"], "", purge=False)
    page = Path(__file__).resolve().parents[2] / "docs" / "manifest.md"
    (example,) = (b for b in page.read_text().split("```") if "MultiIndex" in b)
    monkeypatch.chdir(Path(archive.name).parent)
    found: dict[str, Any] = {}
    exec(example.removeprefix("python\n"), found)
    assert (list(found["there"].genome), len(found["genomes"])) == (["b.fa"], 2)
