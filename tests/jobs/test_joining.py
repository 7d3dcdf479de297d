"""New inputs submitted to an archive that holds relatives of theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from local_runner import Killed, dies_reading, run_here, submit_here
from test_submit import containers, restored, rows

from seqcoder.errors import InputError
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.summary import summarise
from seqcoder_jobs.corpus import opener as opening
from seqcoder_jobs.reading.verify import expectations, manifest_findings, verify_container
from seqcoder_jobs.writing.group_inputs import read_groups
from seqcoder_jobs.writing.planning import GivenParameters
from seqcoder_jobs.writing.submit import Request, submit

LENGTH = 12_000
WISHES = GivenParameters(level=1, chunk_bases=1 << 13, container_bytes=8 * LENGTH)


def genome(species: int, seed: int) -> bytes:
    letters = Random(species).choices("ACGT", k=LENGTH)
    random = Random(f"{species} {seed}")
    for at in random.sample(range(LENGTH), 30):
        letters[at] = random.choice("ACGT".replace(letters[at], ""))
    return f">s{species}-{seed}\n{''.join(letters)}\n".encode()


def write(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        species, seed = map(int, name.removesuffix(".fa").split("-"))
        (folder / name).write_bytes(genome(species, seed))


@pytest.fixture
def begun(tmp_path: Path) -> tuple[Path, Path]:
    """A corpus of two species, and the archive of it."""
    folder, archive = tmp_path / "corpus", tmp_path / "archive"
    write(folder, "1-0.fa", "1-1.fa", "1-2.fa", "2-0.fa", "2-1.fa")
    submit_here([folder], archive, given=WISHES)
    return folder, archive


def check(folder: Path, archive: Path) -> None:
    """What is in the archive is what is in the folder, and all that tells of it agrees."""
    assert restored(archive) == {path.name: path.read_bytes() for path in folder.glob("*.fa")}
    for expected in expectations(Archive(str(archive)), full=True, threads=1):
        assert verify_container(expected).findings == ()
    assert list(manifest_findings(Archive(str(archive)))) == []
    assert (archive / "_SUCCESS").exists()
    written = containers(archive)
    found = rows(archive, "containers")
    assert {row["container"]: row["bytes"] for row in found} == {
        name: len(data) for name, data in written.items()
    }
    for row in found:
        genomes = [g for g in rows(archive, "genomes") if g["container"] == row["container"]]
        chunks = [c for c in rows(archive, "chunks") if c["container"] == row["container"]]
        assert sorted(g["ordinal"] for g in genomes) == list(range(row["genomes"]))
        assert [c["chunk"] for c in chunks] == list(range(row["chunks"]))
        assert sum(c["bases"] for c in chunks) == row["bases"]
        assert sum(g["novel_bases"] for g in genomes) == row["bases"]
        frames = [g["side_bytes"] + g["latent_bytes"] + g["residual_bytes"] for g in genomes]
        assert sum(frames) == row["frame_bytes"]
    assert not list(archive.rglob(".*.partial"))


def test_relatives_are_appended_and_cost_little(begun: tuple[Path, Path]) -> None:
    folder, archive = begun
    old = containers(archive)
    write(folder, "1-3.fa", "2-2.fa", "3-0.fa")
    outcome = submit_here([folder], archive, given=WISHES)
    assert outcome.done == 3
    new = containers(archive)
    assert sorted(new) == ["000000.sqc", "000001.sqc"]
    assert new["000000.sqc"].startswith(old["000000.sqc"])
    # Two genomes of 30 substitutions, and index, header and footer once more.
    assert len(new["000000.sqc"]) - len(old["000000.sqc"]) < 1000
    plan = Archive(str(archive)).load()
    *_, appended, _fresh = plan.plan.containers
    assert appended.key == "000000.sqc+1"
    assert {g.name for g in appended.genomes} == {"1-3.fa", "2-2.fa"}
    assert set(appended.relatives) == {"1-0.fa", "1-1.fa", "1-2.fa", "2-0.fa", "2-1.fa"}
    groups = {name: group for name, (_, group) in plan.inputs.items()}
    assert groups["1-3.fa"] == groups["1-0.fa"]
    assert groups["3-0.fa"] not in {groups["1-0.fa"], groups["2-0.fa"]}
    check(folder, archive)
    summary = summarise(Archive(str(archive)))
    assert (summary.containers, summary.containers_done, summary.verified) == (2, 2, 8)
    assert submit_here([folder], archive, given=WISHES).done == 0
    assert containers(archive) == new


def test_a_single_first_genome_is_found_by_later_ones(tmp_path: Path) -> None:
    folder, archive = tmp_path / "corpus", tmp_path / "archive"
    for name in ("1-0.fa", "1-1.fa", "1-2.fa"):  # as an assembly comes off the machine each day
        write(folder, name)
        assert submit_here([folder], archive, given=WISHES).done == 1
    check(folder, archive)
    assert [path.name for path in (archive / "containers").glob("*.sqc")] == ["000000.sqc"]


def test_until_the_container_is_full(begun: tuple[Path, Path]) -> None:
    folder, archive = begun
    for seed in range(3, 7):
        write(folder, f"1-{seed}.fa")
        submit_here([folder], archive, given=WISHES)
    plan = Archive(str(archive)).load()
    assert [c.key for c in plan.plan.containers] == [
        "000000.sqc",
        "000000.sqc+1",
        "000000.sqc+2",
        "000001.sqc",
        "000001.sqc+1",
    ]
    assert len({plan.inputs[f"1-{seed}.fa"][1] for seed in range(7)}) == 1
    check(folder, archive)


def dies_after_commit(*arguments: Any, on_report: Callable[[Any], None], **others: Any) -> None:
    """Killed between a container and its rows."""

    def killed(report: Any) -> None:
        raise Killed

    run_here(*arguments, on_report=killed, **others)


@pytest.mark.parametrize("runner", [dies_reading("2-2.fa"), dies_after_commit])
def test_killed_while_appending(begun: tuple[Path, Path], runner: Callable[..., None]) -> None:
    folder, archive = begun
    old = containers(archive)
    write(folder, "1-3.fa", "2-2.fa")
    with pytest.raises(Killed):
        submit_here([folder], archive, given=WISHES, runner=runner)
    if runner is not dies_after_commit:
        assert containers(archive) == old
    (expected,) = expectations(Archive(str(archive)), full=True, threads=1)
    assert verify_container(expected).findings == ()
    submit_here([], archive, given=WISHES)
    check(folder, archive)
    whole = containers(archive)
    # Where the container has been lost, all of it is made again, append by append.
    (archive / "containers" / "000000.sqc").unlink()
    submit_here([], archive, given=WISHES)
    check(folder, archive)
    assert containers(archive) == whole


def test_a_coordinator_lost_before_it_could_tell(begun: tuple[Path, Path]) -> None:
    folder, archive = begun

    def twice(*arguments: Any, on_report: Callable[[Any], None], **others: Any) -> None:
        run_here(*arguments, on_report=lambda report: None, **others)
        run_here(*arguments, on_report=on_report, **others)

    write(folder, "1-3.fa", "4-0.fa")
    submit_here([folder], archive, given=WISHES, runner=twice)
    check(folder, archive)


def test_inputs_that_fail(begun: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, archive = begun
    write(folder, "1-3.fa", "2-2.fa")
    readable = opening.open_source

    def fails(source: Any) -> bytes:
        if source.name in names:
            raise InputError(f"{source.label}: unreadable for a while")
        return readable(source)

    monkeypatch.setattr(opening, "open_source", fails)
    for names in (["1-3.fa", "2-2.fa"], ["1-3.fa"], []):
        outcome = submit_here([folder], archive, given=WISHES)
        assert len(outcome.failures) == len(names)
        assert (archive / "_SUCCESS").exists() == (not names)
    check(folder, archive)


def test_groups_of_the_user_take_new_members(begun: tuple[Path, Path], tmp_path: Path) -> None:
    folder = begun[0]
    archive, taxa = tmp_path / "named", tmp_path / "taxa.tsv"
    taxa.write_text("".join(f"{s}-{i}.fa\tspecies {s}\n" for s in (1, 2) for i in range(9)))

    def run() -> None:
        submit(Request((str(folder),), str(archive), WISHES, groups=str(taxa)), runner=run_here)

    run()
    assert not (archive / "sketches").exists()
    assert set(read_groups(str(taxa)).values()) == {"species 1", "species 2"}
    write(folder, "2-2.fa", "7-0.fa")
    run()
    keys = {g.name: c.key for c in Archive(str(archive)).load().plan.containers for g in c.genomes}
    assert keys["2-2.fa"] == "000000.sqc+1"
    assert keys["7-0.fa"] == "000001.sqc"
    check(folder, archive)


def test_lost_or_damaged_sketches(begun: tuple[Path, Path]) -> None:
    folder, archive = begun
    (part,) = (archive / "sketches").iterdir()
    data = part.read_bytes()
    part.write_bytes(data[: len(data) // 2])
    write(folder, "1-3.fa")
    with pytest.raises(InputError, match=r"part-000000.parquet: cannot be read .* remove it"):
        submit_here([folder], archive, given=WISHES)
    part.unlink()
    submit_here([folder], archive, given=WISHES)
    assert sorted(containers(archive)) == ["000000.sqc", "000001.sqc"]
    check(folder, archive)
    write(folder, "1-4.fa")
    submit_here([folder], archive, given=WISHES)
    keys = {g.name: c.key for c in Archive(str(archive)).load().plan.containers for g in c.genomes}
    assert keys["1-4.fa"] == "000001.sqc+1"
    check(folder, archive)
