"""Some genomes of an archive copied into another one, and containers as inputs."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_runner import Killed, dies_reading, submit_here
from test_jobs_cli import Run, run  # noqa: F401
from test_removing import HELD

import seqcoder
import seqcoder_jobs
from seqcoder.errors import UsageError
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.copying import copy_archive
from seqcoder_jobs.archive.metadata import load_metadata
from seqcoder_jobs.corpus.listing import list_corpora
from seqcoder_jobs.writing.planning import GivenParameters
from seqcoder_jobs.writing.removing import remove
from seqcoder_jobs.writing.replacing import rename
from seqcoder_jobs.writing.selecting import parameters_of, sources_of

NAMES = ("k00.fa", "k01.fa", "k02.fa", "other.fa")
GIVEN = GivenParameters(level=1, chunk_bases=1 << 14, container_bytes=1 << 20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive of four genomes, one of them removed; two years are known."""
    (tmp_path / "in").mkdir()
    for name in NAMES:
        (tmp_path / "in" / name).write_bytes(HELD[name])
    table = tmp_path / "known.tsv"
    table.write_text("genome\tyear\nk00.fa\t2023\nk01.fa\t2024\nk02.fa\t2024\n")
    place = tmp_path / "archive"
    submit_here([tmp_path / "in"], place, given=GIVEN, metadata=str(table))
    remove(Archive(place), ["k02.fa"], "", purge=False)
    return place


def held(place: object) -> dict[str, bytes]:
    with seqcoder_jobs.open_archive(str(place)) as opened:
        return {name: opened[name].read() for name in opened}


def test_copied_by_what_is_known(folder: Path, tmp_path: Path, run: Run) -> None:  # noqa: F811
    small = tmp_path / "small"
    code, _, err = run("copy", folder, small, "--where", "year >= 2024 or bases < 1")
    assert (code, "1 genome" in err) == (0, True)
    assert held(small) == {"k01.fa": HELD["k01.fa"]}  # k02 was removed
    assert run("verify", small, "--full")[0] == 0
    assert load_metadata(Archive(small)).to_pylist() == [{"genome": "k01.fa", "year": 2024}]
    saved = Archive(small).load()
    assert (saved.plan.settings.level, saved.container_bytes) == (1, 1 << 20)
    # More of it, by a list; what is there is not written again.
    names = tmp_path / "names.txt"
    names.write_text("k01\nother.fa\n")
    before = (small / "containers" / "000000.sqc").read_bytes()
    assert run("copy", folder, small, "--from-file", names)[0] == 0
    assert held(small) == {name: HELD[name] for name in ("k01.fa", "other.fa")}
    assert (small / "containers" / "000000.sqc").read_bytes() == before
    assert "holds all of it already" in run("copy", folder, small, "--from-file", names)[2]
    assert run("verify", small)[0] == 0
    # Of those of which nothing is known, nothing is told.
    (tmp_path / "names.txt").write_text("other.fa\n")
    assert run("copy", folder, tmp_path / "other", "--from-file", names)[0] == 0
    assert load_metadata(Archive(tmp_path / "other")) is None
    # Refused: the archive itself, another file of that name.
    for place in (folder, folder / "inside"):
        code, _, err = run("copy", folder, place, "--where", "year = 2023")
        assert (code, "the archive itself; name another place" in err) == (2, True)
    (tmp_path / "in2").mkdir()
    (tmp_path / "in2" / "k00.fa").write_bytes(HELD["k09.fa"])
    submit_here([tmp_path / "in2"], tmp_path / "third", given=GIVEN)
    code, _, err = run("copy", folder, tmp_path / "third", "--where", "year = 2023")
    assert (code, "holds another file called k00.fa" in err) == (2, True)


def test_which_container_has_a_genome(folder: Path, tmp_path: Path) -> None:
    """``index.tsv`` follows what is removed, renamed, added; of a copy it is the copy's own."""

    def check(place: Path, names: set[str]) -> None:
        lines = (place / "index.tsv").read_bytes().splitlines()
        assert lines[0] == b"#genome\tcontainer\traw_bytes"
        assert lines[1:] == sorted(lines[1:])
        rows = [line.decode().split("\t") for line in lines[1:]]
        assert {row[0] for row in rows} == names
        for name, container, size in rows:
            with seqcoder.open(place / container) as opened:
                assert len(opened[name].read()) == int(size)

    check(folder, {"k00.fa", "k01.fa", "other.fa"})
    rename(Archive(folder), {"k01.fa": "one.fa"}, "")
    submit_here([], folder, given=GivenParameters())
    check(folder, {"k00.fa", "one.fa", "other.fa"})
    copy_archive(Archive(folder), Archive(tmp_path / "copy"))
    check(tmp_path / "copy", {"k00.fa", "one.fa", "other.fa"})
    # A copy follows what was renamed and removed, but not what only the copy has.
    rename(Archive(folder), {"one.fa": "first.fa"}, "")
    submit_here([], folder, given=GivenParameters())
    remove(Archive(folder), ["other.fa"], "", purge=False)
    copy_archive(Archive(folder), Archive(tmp_path / "copy"))
    check(tmp_path / "copy", {"k00.fa", "first.fa"})
    (tmp_path / "in" / "late.fa").write_bytes(HELD["k03.fa"])
    submit_here([tmp_path / "in" / "late.fa"], tmp_path / "copy", given=GivenParameters())
    with pytest.raises(UsageError, match="holds late"):
        copy_archive(Archive(folder), Archive(tmp_path / "copy"))


def test_a_killed_copy_goes_on(folder: Path, tmp_path: Path) -> None:
    source, target = Archive(folder), Archive(tmp_path / "small")
    names = ["k00.fa", "other.fa"]
    chosen = tuple(sources_of(source, target, names))
    with pytest.raises(Killed):
        submit_here(
            [],
            target.name,
            runner=dies_reading("other.fa"),
            given=parameters_of(source),
            sources=chosen,
        )
    assert sources_of(source, target, names) == []  # planned: any submit goes on with it
    assert submit_here([], target.name, given=GivenParameters()).error is None
    assert held(target) == {name: HELD[name] for name in names}


def test_containers_are_inputs(folder: Path, tmp_path: Path) -> None:
    one = folder / "containers" / "000000.sqc"
    listing = list_corpora([str(one)])
    with seqcoder.open(one) as container:
        assert [source.name for source in listing.sources] == list(container)
        globbed = list_corpora([f"{folder}/containers/*.sqc"]).sources
        assert {s.member for s in globbed if s.path == str(one)} == set(container)
        there = {name: genome.read() for name, genome in container.items()}
    assert submit_here([one], tmp_path / "new", given=GIVEN).failures == ()
    assert held(tmp_path / "new") == there
    (tmp_path / "bad.sqc").write_bytes(one.read_bytes()[:200])
    (problem,) = list_corpora([str(tmp_path / "bad.sqc")]).problems
    assert "cut short" in problem.error
    assert list_corpora([str(folder)]).sources == []  # an archive's folder is not its containers
