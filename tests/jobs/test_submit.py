from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest
from local_runner import SMALL, Killed, dies_reading, run_here, submit_here

import seqcoder
from seqcoder.errors import InputError, IntegrityError, UsageError
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import TABLES
from seqcoder_jobs.archive.lookup import archived_genomes
from seqcoder_jobs.archive.manifest import files
from seqcoder_jobs.archive.summary import summarise
from seqcoder_jobs.reading.verify import expectations, verify_container
from seqcoder_jobs.writing.planning import GivenParameters
from seqcoder_jobs.writing.submit import Request, look_through, submit

TIMES = ("parse_seconds", "walk_seconds", "model_seconds", "code_seconds", "verify_seconds")


def restored(archive: Path) -> dict[str, bytes]:
    genomes: dict[str, bytes] = {}
    for path in sorted((archive / "containers").glob("*.sqc")):
        with seqcoder.open(path, threads=1) as container:
            for name, genome in container.items():
                assert name not in genomes, "a genome is in two containers"
                genomes[name] = genome.read()
    return genomes


def containers(archive: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (archive / "containers").glob("*.sqc")}


def rows(archive: Path, table: str) -> list[dict[str, Any]]:
    """Read a table as anyone would, without our code."""
    found: list[dict[str, Any]] = ds.dataset(archive / "manifest" / table).to_table().to_pylist()
    return found


def test_everything_comes_back_and_the_manifest_adds_up(
    corpus: Path, tmp_path: Path, contents: dict[str, bytes]
) -> None:
    archive = tmp_path / "archive"
    outcome = submit_here([corpus], archive)
    assert (outcome.failures, outcome.error) == ((), None)
    assert restored(archive) == contents
    genomes = {row["genome"]: row for row in rows(archive, "genomes")}
    assert set(genomes) == set(contents)
    for name, row in genomes.items():
        assert row["raw_bytes"] == len(contents[name])
        assert row["sha256"] == hashlib.sha256(contents[name]).hexdigest()
        assert row["status"] == ("stored" if name == "d.faa" else "verified")
        assert row["attempt"] == 1
        assert row["source"].startswith(str(corpus))
    assert genomes["e.fa"]["compression"] == "gzip"
    assert genomes["d.faa"]["warning"]
    assert genomes["b.fa"]["bases"] == 5008
    assert genomes["b.fa"]["seqcol"]
    records = rows(archive, "records")
    assert [r["record"] for r in records if r["genome"] == "b.fa"] == ["c2", "plasmid"]
    assert next(r for r in records if r["record"] == "plasmid")["length"] == 13
    assert all(r["refget"].startswith("SQ.") for r in records)
    by_container: dict[str, int] = {}
    for row in genomes.values():
        frames = row["side_bytes"] + row["latent_bytes"] + row["residual_bytes"]
        by_container[row["container"]] = by_container.get(row["container"], 0) + frames
    chunk_bytes: dict[str, int] = {}
    for row in rows(archive, "chunks"):
        size = row["latent_bytes"] + row["residual_bytes"]
        chunk_bytes[row["container"]] = chunk_bytes.get(row["container"], 0) + size
    written = containers(archive)
    assert len(written) == 3
    for row in rows(archive, "containers"):
        name = row["container"]
        assert row["bytes"] == len(written[name])
        assert row["sha256"] == hashlib.sha256(written[name]).hexdigest()
        assert row["frame_bytes"] == by_container[name]
        with seqcoder.open(written[name]) as container:
            index = container.reader.index
            side = sum(
                g.row.side_length + g.row.walk_length + g.row.stored_length for g in index.genomes
            )
            assert by_container[name] == chunk_bytes[name] + side
    assert sum(r["bases"] for r in rows(archive, "chunks")) == sum(
        r["novel_bases"] for r in genomes.values()
    )


def test_a_query_without_our_code(corpus: Path, tmp_path: Path) -> None:
    submit_here([corpus], tmp_path / "archive")
    dataset = ds.dataset(tmp_path / "archive" / "manifest" / "genomes")
    assert dataset.schema.metadata[b"seqcoder.schema"] == b"1"
    table = dataset.to_table(
        columns=["genome", "bits_per_base"],
        filter=(pc.field("status") == "verified") & (pc.field("bases") > 1000),
    )
    assert table.num_rows == 4
    assert 1.9 < pc.mean(table["bits_per_base"]).as_py() < 2.2


def test_submit_again_changes_nothing(corpus: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    submit_here([corpus], archive)
    facts = json.loads((archive / "_SUCCESS").read_text())
    assert set(facts["manifest"]) == {f"manifest/{table}/all.parquet" for table in TABLES}
    before = {path: path.stat().st_mtime_ns for path in archive.rglob("*") if path.name != ".lock"}

    def nothing(*_: object, **__: object) -> None:
        raise AssertionError("there is nothing to do")

    submit_here([corpus], archive, runner=nothing)
    submit_here([], archive, given=GivenParameters(), runner=nothing)
    after = {path: path.stat().st_mtime_ns for path in archive.rglob("*") if path.name != ".lock"}
    assert before == after


def test_order_of_finishing_does_not_matter(corpus: Path, tmp_path: Path) -> None:
    submit_here([corpus], tmp_path / "one")

    def backwards(containers: Any, *arguments: Any, **others: Any) -> None:
        run_here(containers[::-1], *arguments, **others)

    submit_here([corpus], tmp_path / "two", runner=backwards)
    assert containers(tmp_path / "one") == containers(tmp_path / "two")
    for table in TABLES:
        one, two = rows(tmp_path / "one", table), rows(tmp_path / "two", table)
        for row in one + two:
            for column in TIMES:
                row.pop(column, None)
        assert one == two


@pytest.mark.parametrize("fatal", ["a.fa", "c/one.fna", "e.fa"])
def test_killed_while_reading(
    corpus: Path, tmp_path: Path, contents: dict[str, bytes], fatal: str
) -> None:
    submit_here([corpus], tmp_path / "undisturbed")
    archive = tmp_path / "archive"
    with pytest.raises(Killed):
        submit_here([corpus], archive, runner=dies_reading(fatal))
    assert not (archive / "_SUCCESS").exists()
    assert submit_here([corpus], archive).failures == ()
    assert containers(archive) == containers(tmp_path / "undisturbed")
    assert restored(archive) == contents
    assert not list((archive / "containers").glob(".*"))


def killed_at(count: int, function: Callable[..., Any], after: bool) -> Callable[..., Any]:
    """Make the ``count``-th call die, before or after its work."""
    calls = 0

    def dies(*arguments: Any, **others: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count and not after:
            raise Killed
        result = function(*arguments, **others)
        if calls == count:
            raise Killed
        return result

    return dies


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("count", range(1, 17))
def test_killed_at_any_write_of_the_manifest(
    corpus: Path,
    tmp_path: Path,
    contents: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    after: bool,
) -> None:
    """Twelve parts (three containers, four tables), then four compacted files."""
    archive = tmp_path / "archive"
    with monkeypatch.context() as patch:
        patch.setattr(files, "_write", killed_at(count, files._write, after))
        with pytest.raises(Killed):
            submit_here([corpus], archive)
    for expected in expectations(Archive(archive), full=False, threads=1):
        assert verify_container(expected).intact  # nothing is damaged, only not there yet
    outcome = submit_here([corpus], archive)
    assert (outcome.failures, outcome.error) == ((), None)
    assert restored(archive) == contents
    genomes = rows(archive, "genomes")
    assert sorted(row["genome"] for row in genomes) == sorted(contents)
    assert len(rows(archive, "records")) == 6
    assert len(rows(archive, "containers")) == 3
    assert {row["attempt"] for row in genomes} == {1}
    assert sorted(p.name for p in (archive / "manifest").rglob("*.parquet")) == ["all.parquet"] * 4
    assert (archive / "_SUCCESS").exists()


def test_rows_rebuilt_from_containers_are_the_same_but_for_times(
    corpus: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    submit_here([corpus], archive)
    before = {table: rows(archive, table) for table in TABLES}
    for path in (archive / "manifest").rglob("*.parquet"):
        path.unlink()
    submit_here([corpus], archive)
    for table in TABLES:
        unknown = {*TIMES, "worker", "device", "compression", "warning"}
        for old, new in zip(before[table], rows(archive, table), strict=True):
            for column in unknown:
                old.pop(column, None)
                new.pop(column, None)
            assert old == new


def test_manifest_is_never_read_twice_while_compacting(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "archive"
    with monkeypatch.context() as patch:
        patch.setattr(files, "remove_taken_in", killed_at(1, files.remove_taken_in, False))
        with pytest.raises(Killed):
            submit_here([corpus], archive)
    assert len(list((archive / "manifest" / "genomes").iterdir())) == 4  # three parts and all
    assert files.read_table(Archive(archive).store, "genomes").num_rows == 6


def test_failures_are_listed_and_tried_again(
    corpus: Path, tmp_path: Path, contents: dict[str, bytes]
) -> None:
    archive = tmp_path / "archive"
    whole = (corpus / "e.fa.gz").read_bytes()
    (corpus / "e.fa.gz").write_bytes(whole[:-20])
    (corpus / "broken.fa").symlink_to(tmp_path / "nowhere")
    for attempt in (1, 2):
        outcome = submit_here([corpus, tmp_path / "missing"], archive)
        assert [problem.source for problem in outcome.failures] == [str(corpus / "e.fa.gz")]
        assert "truncated gzip" in outcome.failures[0].error
        assert len(outcome.todo.listing.problems) == 2
        failed = [row for row in rows(archive, "genomes") if row["status"] == "failed"]
        assert [(row["genome"], row["attempt"]) for row in failed] == [("e.fa", attempt)]
        assert failed[0]["container"] is None
        assert not (archive / "_SUCCESS").exists()
    before = containers(archive)
    (corpus / "e.fa.gz").write_bytes(whole)
    assert submit_here([corpus], archive).failures == ()
    assert restored(archive) == contents
    after = containers(archive)
    assert {name: after[name] for name in before} == before  # nothing written was touched
    row = next(row for row in rows(archive, "genomes") if row["genome"] == "e.fa")
    assert (row["status"], row["attempt"]) == ("verified", 3)
    assert len(rows(archive, "genomes")) == 6
    assert (archive / "_SUCCESS").exists()


def test_failed_input_that_was_removed_is_forgotten(corpus: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    bad = corpus / "bad.fa.gz"
    bad.write_bytes(b"\x1f\x8b\x08")
    assert len(submit_here([corpus], archive).failures) == 1
    bad.unlink()
    assert submit_here([corpus], archive).failures == ()
    assert (archive / "_SUCCESS").exists()


def test_failure_within_a_container_moves_to_a_new_one(corpus: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    (corpus / "c" / "two.fna").unlink()
    (corpus / "c" / "two.fna.gz").write_bytes(gzip.compress(b">t\nAC\n")[:-9])
    submit_here([corpus], archive)
    before = containers(archive)
    (corpus / "c" / "two.fna.gz").write_bytes(gzip.compress(b">t\nAC\n"))
    submit_here([corpus], archive)
    after = containers(archive)
    assert {name: after[name] for name in before} == before
    assert restored(archive)["c/two.fna"] == b">t\nAC\n"
    plan = Archive(archive).load().plan
    planned = [genome.name for container in plan.containers for genome in container.genomes]
    assert len(set(planned)) == len(planned) == 6


def test_changed_input_is_told_and_the_others_go_on(corpus: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    submit_here([corpus], archive)
    before = restored(archive)
    (corpus / "a.fa").write_bytes(b">c1\nAC\n")
    (corpus / "e.fa.gz").write_bytes(b"no longer gzip"[:3])
    (corpus / "new.fa").write_bytes(b">n\nACGT\n")
    for done in (1, 0):  # as often as it is asked
        outcome = submit_here([corpus], archive)
        assert [Path(problem.source).name for problem in outcome.todo.problems] == [
            "a.fa",
            "e.fa.gz",
        ]
        assert "changed since it was compressed" in outcome.todo.problems[0].error
        assert (outcome.failures, outcome.done) == ((), done)
        assert restored(archive) == before | {"new.fa": b">n\nACGT\n"}
        assert (archive / "_SUCCESS").exists()


def test_changed_member_of_a_tar_is_told(
    corpus: Path, tmp_path: Path, contents: dict[str, bytes]
) -> None:
    batch, archive = tmp_path / "batch.tar.gz", tmp_path / "archive"
    with tarfile.open(batch, "w:gz") as tar:
        tar.add(corpus / "a.fa", "a.fa")
        tar.add(corpus / "c" / "one.fna", "one.fna")
    submit_here([batch], archive)
    with tarfile.open(batch, "w:gz") as tar:
        tar.add(corpus / "c" / "one.fna", "a.fa")
        tar.add(corpus / "c" / "one.fna", "one.fna")
    outcome = submit_here([batch], archive)
    assert [problem.source for problem in outcome.todo.problems] == [f"{batch}::a.fa"]
    assert restored(archive)["a.fa"] == contents["a.fa"]


def test_touched_input_of_the_same_contents_is_not_changed(corpus: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    submit_here([corpus], archive)
    os.utime(corpus / "a.fa", ns=(1, 1))
    os.utime(corpus / "e.fa.gz", ns=(1, 1))
    assert submit_here([corpus], archive).failures == ()


def test_input_changed_before_its_turn_is_taken_as_it_is(corpus: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    with pytest.raises(Killed):
        submit_here([corpus], archive, runner=dies_reading("c/one.fna"))
    (corpus / "e.fa.gz").write_bytes(gzip.compress(b">other\nAC\n"))
    outcome = submit_here([corpus], archive)
    assert (outcome.todo.problems, outcome.failures) == ((), ())
    assert restored(archive)["e.fa"] == b">other\nAC\n"
    assert submit_here([corpus], archive).todo.problems == ()


@pytest.mark.parametrize(
    ("given", "option"),
    [
        (GivenParameters(level=2), "--level 2"),
        (GivenParameters(chunk_bases=2048), "--chunk-size 2048"),
        (GivenParameters(container_bytes=7000), "--container-size 7000"),
        (GivenParameters(model="no-such-model"), "--model no-such-model"),
        (GivenParameters(group=False), "--no-groups"),
    ],
)
def test_changed_parameters_are_refused(
    corpus: Path, tmp_path: Path, given: GivenParameters, option: str
) -> None:
    archive = tmp_path / "archive"
    submit_here([corpus], archive)
    with pytest.raises(UsageError, match=f"{option}: the archive was begun with"):
        submit_here([corpus], archive, given=given)


def test_new_inputs_go_to_additional_containers(
    corpus: Path, tmp_path: Path, contents: dict[str, bytes]
) -> None:
    archive = tmp_path / "archive"
    submit_here([corpus], archive)
    before = containers(archive)
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.fa").write_bytes(b">new\nACGT\n")  # of a name that is taken
    (corpus / "f.fa").write_bytes(b">f\nTTTT\n")
    submit_here([corpus, other], archive, given=GivenParameters())
    after = containers(archive)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"000003.sqc"}
    assert restored(archive) == contents | {
        "other/a.fa": b">new\nACGT\n",
        "f.fa": b">f\nTTTT\n",
    }


def test_lost_container_is_made_again(corpus: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    submit_here([corpus], archive)
    before = containers(archive)
    (archive / "containers" / "000001.sqc").unlink()
    submit_here([corpus], archive)
    assert containers(archive) == before
    assert len(rows(archive, "genomes")) == 6


def test_second_run_on_an_archive_is_refused(corpus: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    with Archive(archive).lock(), pytest.raises(UsageError, match="another run is writing"):
        submit_here([corpus], archive)
    assert submit_here([corpus], archive).error is None


def test_container_that_cannot_be_written_is_left_for_the_next_run(
    corpus: Path, tmp_path: Path, contents: dict[str, bytes]
) -> None:
    archive = tmp_path / "archive"

    def full(containers: Any, *arguments: Any, **others: Any) -> None:
        run_here(containers[:2], *arguments, **others)
        raise InputError("000002.sqc: cannot be written: no space left")

    outcome = submit_here([corpus], archive, runner=full)
    assert isinstance(outcome.error, InputError)
    assert len(containers(archive)) == 2
    assert not (archive / "_SUCCESS").exists()
    assert submit_here([corpus], archive).error is None
    assert restored(archive) == contents


def test_looking_through_writes_nothing(corpus: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    todo = look_through(Request((str(corpus),), str(archive), SMALL))
    assert (todo.n_genomes, len(todo.pending)) == (6, 3)
    assert not archive.exists()
    submit_here([corpus], archive)
    assert todo.saved.plan.digest == Archive(archive).load().plan.digest


def test_no_input_leaves_no_folder(tmp_path: Path) -> None:
    outcome = submit_here([tmp_path / "missing"], tmp_path / "archive")
    assert len(outcome.todo.listing.problems) == 1
    assert not (tmp_path / "archive").exists()
    with pytest.raises(UsageError, match="nothing to compress"):
        submit_here([], tmp_path / "archive")


def test_archive_within_its_corpus_is_no_input(corpus: Path) -> None:
    archive = corpus / "archive"
    request = Request((str(corpus),), str(archive), SMALL, all_files=True)
    assert submit(request, runner=run_here).todo.n_genomes == 6
    assert submit(request, runner=run_here).todo.n_genomes == 0


def test_foreign_folder_is_left_alone(corpus: Path) -> None:
    with pytest.raises(UsageError, match="is no archive and not empty"):
        submit_here([corpus / "a.fa"], corpus)


def test_edited_plan_is_refused(corpus: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    submit_here([corpus], archive)
    plan = archive / "plan.json"
    plan.write_text(plan.read_text().replace('"c/one.fna"', '"c/1.fna"'))
    with pytest.raises(IntegrityError, match="does not match its digest"):
        submit_here([corpus], archive)


def test_an_archive_that_lost_files_is_not_called_complete(corpus: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    submit_here([corpus], archive)
    assert summarise(Archive(archive)).complete
    first = sorted((archive / "containers").iterdir())[0]
    whole = first.read_bytes()
    first.write_bytes(whole[:-1])
    summary = summarise(Archive(archive))
    assert (summary.complete, summary.missing) == (False, (first.name,))
    first.unlink()
    assert summarise(Archive(archive)).missing == (first.name,)
    first.write_bytes(whole)
    manifest = {path: path.read_bytes() for path in (archive / "manifest").rglob("*.parquet")}
    shutil.rmtree(archive / "manifest")
    for read in (summarise, archived_genomes):
        with pytest.raises(IntegrityError, match="makes the manifest anew"):
            read(Archive(archive))
    assert submit_here([corpus], archive).failures == ()
    assert summarise(Archive(archive)).complete
    assert set(manifest) == set((archive / "manifest").rglob("*.parquet"))


def test_an_archive_is_no_file_and_not_its_own_corpus(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a file, and an archive is a folder"):
        Archive(corpus / "a.fa")
    with pytest.raises(UsageError, match="is the archive itself"):
        submit_here([corpus], corpus)
