"""Groups that fill more than one container: a reference first, the others extend it."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import pytest
from local_runner import Killed, dies_reading, run_here, submit_here
from test_jobs_on_ray import run
from test_submit import containers, restored

from seqcoder.container.parity import parity_path
from seqcoder.errors import IntegrityError, ReferenceMissingError
from seqcoder.reading.reader import Container
from seqcoder.reading.repair import repair
from seqcoder_jobs import open_archive
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.reading.verify import expectations, verify_container
from seqcoder_jobs.writing import references
from seqcoder_jobs.writing.planning import GivenParameters

LENGTH = 20_000
FOUR = GivenParameters(level=1, chunk_bases=1 << 14, container_bytes=4 * LENGTH + 1000)
REFERENCE = "000000-reference.sqc"


def strain(bases: str, seed: int) -> bytes:
    """Return one base in 200 changed, as FASTA."""
    random = Random(seed)
    letters = list(bases)
    for at in random.sample(range(len(letters)), len(letters) // 200):
        letters[at] = random.choice("ACGT".replace(letters[at], ""))
    return f">s{seed}\n{''.join(letters)}\n".encode()


SPECIES = ["".join(Random(seed).choices("ACGT", k=LENGTH)) for seed in (1, 2)]


@pytest.fixture
def strains(tmp_path: Path) -> Path:
    """Eighteen strains of a species, three of another, and a stranger."""
    folder = tmp_path / "strains"
    folder.mkdir()
    for number in range(18):
        (folder / f"a{number:02d}.fa").write_bytes(strain(SPECIES[0], number))
    for number in range(3):
        (folder / f"b{number}.fa").write_bytes(strain(SPECIES[1], 100 + number))
    (folder / "c.fa").write_bytes(strain("".join(Random(3).choices("ACGT", k=9000)), 200))
    return folder


def plan(archive: Path) -> dict[str, tuple[list[str], str, bool]]:
    saved = Archive(str(archive)).load().plan
    return {
        c.key: ([genome.name for genome in c.genomes], c.reference, c.is_reference)
        for c in saved.containers
    }


def files(strains: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in strains.iterdir()}


def intact(archive: Path) -> bool:
    wanted = expectations(Archive(str(archive)), full=True, threads=1)
    return all(verify_container(expected).intact for expected in wanted)


@pytest.fixture
def archive(strains: Path, tmp_path: Path) -> Path:
    out = tmp_path / "archive"
    submit_here([strains], out, given=FOUR)
    return out


def test_a_group_of_many_containers_has_a_reference(archive: Path, strains: Path) -> None:
    planned = plan(archive)
    of_group, reference, is_reference = planned[REFERENCE]
    assert (len(of_group), reference, is_reference) == (references.LEAST, "", True)
    extending = [names for names, its, _ in planned.values() if its == REFERENCE]
    assert sorted(chain(of_group, *extending)) == [f"a{number:02d}.fa" for number in range(18)]
    assert [len(names) for names in extending] == [3, 3]
    alone = [names for names, its, of in planned.values() if not its and not of]
    assert sorted(chain(*alone)) == ["b0.fa", "b1.fa", "b2.fa", "c.fa"]
    assert parity_path(archive / "containers" / REFERENCE).exists()
    assert restored(archive) == files(strains)
    assert intact(archive)
    for name, (_, its, _) in planned.items():
        with Container(archive / "containers" / name) as container:
            extends = container.reader.index.extends
            assert (extends.name if extends else "") == its
    sizes = {file: len(data) for file, data in containers(archive).items()}
    # Each of the six: 100 substitutions; the backbone (5,000 bytes) only in the reference.
    assert sizes["000002.sqc"] + sizes["000003.sqc"] < 2600
    assert sizes[REFERENCE] > LENGTH // 4


def test_the_manifest_names_the_reference(archive: Path) -> None:
    from seqcoder_jobs.archive.manifest.files import read_table

    table = read_table(Archive(archive).store, "containers", ["container", "reference"])
    assert {row["container"]: row["reference"] for row in table.to_pylist()} == {
        name: reference or None for name, (_, reference, _) in plan(archive).items()
    }


@pytest.mark.parametrize("number", range(14))
def test_killed_at_any_genome_the_same_bytes(
    archive: Path, strains: Path, tmp_path: Path, number: int
) -> None:
    again = tmp_path / "again"
    with pytest.raises(Killed):
        submit_here([strains], again, given=FOUR, runner=dies_reading(f"a{number:02d}.fa"))
    submit_here([strains], again, given=FOUR)
    assert containers(again) == containers(archive)
    assert plan(again) == plan(archive)


def test_killed_before_parity_and_manifest(
    archive: Path, strains: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import local_runner

    def die(path: Path) -> None:
        raise Killed

    again = tmp_path / "again"
    with monkeypatch.context() as patch:
        patch.setattr(local_runner, "protect", die)
        with pytest.raises(Killed):
            submit_here([strains], again, given=FOUR)
    assert not parity_path(again / "containers" / REFERENCE).exists()
    submit_here([strains], again, given=FOUR)
    assert containers(again) == containers(archive)
    assert parity_path(again / "containers" / REFERENCE).exists()


def test_a_lost_reference_is_made_again(archive: Path, strains: Path) -> None:
    before = containers(archive)
    (archive / "containers" / REFERENCE).unlink()
    name = plan(archive)["000002.sqc"][0][0]
    with pytest.raises(ReferenceMissingError, match=REFERENCE), open_archive(archive) as opened:
        opened[name].read()
    submit_here([strains], archive, given=FOUR)
    assert containers(archive) == before
    assert restored(archive) == files(strains)


def test_a_damaged_reference_is_named_with_what_it_costs(archive: Path, tmp_path: Path) -> None:
    path = archive / "containers" / REFERENCE
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    wanted = expectations(Archive(str(archive)), full=False, threads=1)
    results = {Path(e.path).name: verify_container(e) for e in wanted}
    assert next(iter(results)) == REFERENCE
    of_group = set(plan(archive)[REFERENCE][0])
    for name, (names, reference, _) in plan(archive).items():
        assert results[name].intact == (reference != REFERENCE and name != REFERENCE)
        if reference:
            assert set(results[name].damaged_genomes) == set(names)
            assert REFERENCE in results[name].findings[0].message
    assert set(results[REFERENCE].damaged_genomes) <= of_group
    # The parity file beside it mends it, bit for bit.
    repair(path, tmp_path / "mended.sqc")
    path.write_bytes((tmp_path / "mended.sqc").read_bytes())
    assert intact(archive)


def test_one_and_all_out_of_an_archive(archive: Path, strains: Path) -> None:
    with open_archive(archive, most_open=1) as opened:
        for name, data in files(strains).items():
            assert opened[name].read() == data
        assert len(opened._references._open) == 1


def test_new_genomes_extend_the_reference_of_their_group(archive: Path, strains: Path) -> None:
    before = containers(archive)
    for number in range(20, 26):
        (strains / f"n{number}.fa").write_bytes(strain(SPECIES[0], number))
    submit_here([strains], archive, given=FOUR)
    after = containers(archive)
    assert all(after[file].startswith(data) for file, data in before.items())
    assert after[REFERENCE] == before[REFERENCE]
    planned = plan(archive)
    new = {key: names for key, (names, its, _) in planned.items() if names[0].startswith("n")}
    # Two containers of three have room for one more; the other four are in one that extends.
    assert sorted(map(len, new.values())) == [1, 1, 4]
    (key,) = (key for key, names in new.items() if len(names) == 4)
    assert planned[key][1] == REFERENCE
    assert restored(archive) == files(strains)
    assert intact(archive)


def test_a_group_that_grows_past_its_container_extends_it(strains: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    folder = tmp_path / "few"
    folder.mkdir()
    for number in range(4):
        (folder / f"a{number}.fa").write_bytes(strain(SPECIES[0], number))
    submit_here([folder], archive, given=FOUR)
    for number in range(4, 6):
        (folder / f"a{number}.fa").write_bytes(strain(SPECIES[0], number))
    submit_here([folder], archive, given=FOUR)
    assert plan(archive) == {
        "000000.sqc": (plan(archive)["000000.sqc"][0], "", False),
        "000001.sqc": (plan(archive)["000001.sqc"][0], "000000.sqc", False),
    }
    assert len(containers(archive)["000001.sqc"]) < 1000
    for number in range(6, 9):
        (folder / f"a{number}.fa").write_bytes(strain(SPECIES[0], number))
    submit_here([folder], archive, given=FOUR)
    # Two join the second; the third one extends the first as well: chains end at one.
    assert {its for _, its, _ in plan(archive).values()} == {"", "000000.sqc"}
    assert restored(archive) == files(folder)
    assert intact(archive)


def test_failed_members_of_a_reference_are_left_out(strains: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"

    def run_without(*arguments: object, **others: object) -> None:
        opener = others.pop("opener")

        def read(source: object) -> object:
            if source.name == "a03.fa":  # type: ignore[attr-defined]
                raise IntegrityError("a03.fa: gone")
            return opener(source)  # type: ignore[operator]

        run_here(*arguments, opener=read, **others)  # type: ignore[arg-type]

    outcome = submit_here([strains], archive, given=FOUR, runner=run_without)
    assert [problem.error for problem in outcome.failures] == ["a03.fa: gone"]
    submit_here([strains], archive, given=FOUR)
    assert restored(archive) == files(strains)


def test_by_names(strains: Path, tmp_path: Path) -> None:
    from seqcoder_jobs.writing.submit import Request, submit

    listed = tmp_path / "groups.tsv"
    listed.write_text("".join(f"{path}\tall\n" for path in sorted(strains.glob("a*"))))
    archive = tmp_path / "archive"
    submit(Request((str(strains),), str(archive), FOUR, groups=str(listed)), runner=run_here)
    assert len(plan(archive)[REFERENCE][0]) == references.LEAST
    assert restored(archive) == files(strains)


def test_the_plan_does_not_depend_on_names_or_order(strains: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    submit_here([strains], one, given=FOUR)
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    new = {}
    for number, path in enumerate(sorted(strains.iterdir(), reverse=True)):
        new[path.name] = f"g{number:02d}.fa"
        (renamed / new[path.name]).write_bytes(path.read_bytes())
    submit_here([renamed], two, given=FOUR)
    assert [new[name] for name in plan(one)[REFERENCE][0]] == plan(two)[REFERENCE][0]


@pytest.mark.ray
def test_the_same_bytes_on_a_cluster(
    ray_cluster: Any,
    archive: Path,
    strains: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Containers that extend a reference wait for it; the archive verifies and gives all back."""
    there = tmp_path / "there"
    size = str(FOUR.container_bytes)
    options = ("-1", "--chunk-size", "16K", "--container-size", size)
    assert run(monkeypatch, "submit", strains, "-o", there, *options, "--workers", "3") == 0
    assert containers(there) == containers(archive)
    assert run(monkeypatch, "verify", there, "--full") == 0
    assert run(monkeypatch, "extract", there, "--all", "-o", tmp_path / "back") == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "back").iterdir()} == files(
        strains
    )
    capfd.readouterr()
    (there / "containers" / REFERENCE).unlink()
    extending = plan(there)["000002.sqc"][0][0]
    assert run(monkeypatch, "extract", there, extending, "-o", tmp_path / "no") == 4
    assert f"extends {REFERENCE}" in capfd.readouterr().err
    alone = plan(there)["000001.sqc"][0][0]
    assert run(monkeypatch, "extract", there, alone, "-o", tmp_path / "yes") == 0
