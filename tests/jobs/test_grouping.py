"""Inputs grouped when they are planned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from local_runner import Killed, dies_reading, run_here, submit_here
from test_jobs_cli import Run, run  # noqa: F401 - a fixture
from test_submit import containers, restored

from seqcoder.errors import IntegrityError, UsageError
from seqcoder.writing.chunk import ChunkCoder
from seqcoder.writing.executor import ThreadExecutor
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.pipeline import write_container
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.writing import group_inputs as grouping
from seqcoder_jobs.writing.planning import GivenParameters
from seqcoder_jobs.writing.submit import Request, submit

LENGTH = 20_000
FOUR = GivenParameters(level=1, chunk_bases=1 << 14, container_bytes=4 * LENGTH + 1000)


def mutated(bases: str, seed: int) -> bytes:
    """Return one base in 200 changed, as FASTA."""
    random = Random(seed)
    letters = list(bases)
    for at in random.sample(range(len(letters)), len(letters) // 200):
        letters[at] = random.choice("ACGT".replace(letters[at], ""))
    return f">s{seed}\n{''.join(letters)}\n".encode()


@pytest.fixture
def strains(tmp_path: Path) -> Path:
    """Strains of two species in turn, and between them a protein and an unrelated genome."""
    folder = tmp_path / "strains"
    folder.mkdir()
    species = ["".join(Random(seed).choices("ACGT", k=LENGTH)) for seed in (1, 2)]
    for number in range(6):
        data = mutated(species[number % 2], number)
        (folder / f"g{number}.fa").write_bytes(data)
    (folder / "g1_protein.faa").write_bytes(b">p\nMKVLAAGIVGLLLAQWERTYHHHEEEDDDKKK\n")
    alone = "".join(Random(3).choices("ACGT", k=LENGTH // 2))
    (folder / "g3_alone.fa").write_bytes(f">alone\n{alone}\n".encode())
    return folder


def plan(archive: Path) -> list[list[str]]:
    saved = Archive(str(archive)).load().plan
    return [[genome.name for genome in container.genomes] for container in saved.containers]


def groups(archive: Path) -> list[list[str]]:
    found: dict[int, list[str]] = {}
    for name, (_, group) in Archive(str(archive)).load().inputs.items():
        found.setdefault(group, []).append(name)
    return sorted(map(sorted, found.values()))


SPECIES = [
    ["g0.fa", "g2.fa", "g4.fa"],
    ["g1.fa", "g3.fa", "g5.fa"],
    ["g1_protein.faa"],
    ["g3_alone.fa"],
]


def test_relatives_share_containers_and_come_back(strains: Path, tmp_path: Path) -> None:
    archive, ungrouped = tmp_path / "archive", tmp_path / "ungrouped"
    assert submit_here([strains], archive, given=FOUR).failures == ()
    assert groups(archive) == SPECIES
    first, second = plan(archive)
    assert {"g0.fa", "g2.fa", "g4.fa"} <= set(first)
    assert {"g1.fa", "g3.fa", "g5.fa"} <= set(second)
    assert restored(archive) == {path.name: path.read_bytes() for path in strains.iterdir()}
    submit_here(
        [strains],
        ungrouped,
        given=GivenParameters(1, FOUR.chunk_bases, FOUR.container_bytes, group=False),
    )
    size, without = (sum(map(len, containers(folder).values())) for folder in (archive, ungrouped))
    assert size < 0.6 * without


def test_workers_do_not_matter(strains: Path, tmp_path: Path) -> None:
    def two_threads(plans, settings, out, options, *, opener, on_report, **_):  # type: ignore[no-untyped-def]
        coder = ChunkCoder(settings)
        for container in reversed(plans):
            executor = ThreadExecutor(coder, 2)
            path = Path(out) / container.file
            models = coder.model_digests()
            on_report(
                write_container(container.genomes, settings, models, executor, path, opener=opener)
            )

    written = []
    for threads, runner in ((1, run_here), (2, two_threads)):
        archive = tmp_path / f"{threads}"
        request = Request((str(strains),), str(archive), FOUR)

        def mapper(function, items, threads=threads):  # type: ignore[no-untyped-def]
            one_by_one = [(source,) for item in items for source in item]
            return grouping.map_here(function, one_by_one if threads > 1 else items, threads)

        assert submit(request, runner=runner, mapper=mapper).error is None
        written.append((containers(archive), (archive / "plan.json").read_bytes()))
    assert written[0] == written[1]


def test_no_groups_is_the_order_listed(strains: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    given = GivenParameters(1, FOUR.chunk_bases, FOUR.container_bytes, group=False)
    submit_here([strains], archive, given=given)
    names = sorted(path.name for path in strains.iterdir())
    assert [name for container in plan(archive) for name in container] == names
    with pytest.raises(UsageError, match="--solid: the archive was begun without it"):
        submit_here([strains], archive, given=GivenParameters(solid=True))
    with pytest.raises(UsageError, match="--groups: the archive was begun with --no-groups"):
        submit_here([strains], archive, given=GivenParameters(group=True))


def test_what_is_planned_is_not_grouped_again(
    strains: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "archive"
    with pytest.raises(Killed):
        submit_here([strains], archive, given=FOUR, runner=dies_reading("g5.fa"))
    before = plan(archive)
    with monkeypatch.context() as patch:
        patch.setattr(grouping, "sketch_sources", lambda sources: 1 / 0)
        submit_here([strains], archive, given=FOUR)
    assert plan(archive) == before
    done = containers(archive)
    for number, species in enumerate((1, 1, 2)):
        bases = "".join(Random(species).choices("ACGT", k=LENGTH))
        (strains / f"a{number}.fa").write_bytes(mutated(bases, 10 + number))
    submit_here([strains], archive, given=FOUR)
    assert plan(archive)[: len(before)] == before
    for file, data in containers(archive).items():
        assert data.startswith(done.get(file, b""))
    # One has room beside its relatives; the others extend the containers of theirs, too full.
    assert sorted(plan(archive)[len(before) :]) == [["a0.fa"], ["a1.fa"], ["a2.fa"]]
    one, two, *alone = SPECIES
    assert groups(archive) == sorted(
        [sorted([*one, "a0.fa", "a1.fa"]), sorted([*two, "a2.fa"]), *alone]
    )
    order = sorted(Archive(str(archive)).load().inputs.items(), key=lambda item: item[1][0])
    old = sorted(name for container in before for name in container)
    assert [name for name, _ in order] == [*old, "a0.fa", "a1.fa", "a2.fa"]
    assert restored(archive) == {path.name: path.read_bytes() for path in strains.iterdir()}


def test_a_plan_made_before_there_were_groups_is_read(strains: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    submit_here([strains], archive, given=FOUR)
    data = json.loads((archive / "plan.json").read_text())
    inputs = data.pop("inputs")
    (archive / "plan.json").write_text(json.dumps(data))
    order = [name for container in plan(archive) for name in container]
    assert Archive(str(archive)).load().inputs == {name: (n, n) for n, name in enumerate(order)}
    data["inputs"] = inputs | {"000000.sqc": inputs["000000.sqc"][1:]}
    (archive / "plan.json").write_text(json.dumps(data))
    with pytest.raises(IntegrityError, match=r"plan\.json: not the plan of an archive"):
        Archive(str(archive)).load()


def test_inputs_that_cannot_be_read_keep_their_place(strains: Path, tmp_path: Path) -> None:
    (strains / "g2_cut.fa.gz").write_bytes(b"\x1f\x8b\x08\x00 cut short")
    archive = tmp_path / "archive"
    outcome = submit_here([strains], archive, given=FOUR)
    assert [Path(problem.source).name for problem in outcome.failures] == ["g2_cut.fa.gz"]
    assert groups(archive) == sorted([*SPECIES, ["g2_cut.fa"]])


def table(path: Path, lines: Iterator[str] | list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_groups_of_the_user(
    strains: Path,
    tmp_path: Path,
    run: Run,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grouping, "sketch_sources", lambda sources: 1 / 0)
    monkeypatch.chdir(tmp_path)
    lines = ["# my taxonomy", "g0.fa\tx", "", f"{strains / 'g5.fa'}\tx", "strains/g1.fa\ty"]
    taxa = table(tmp_path / "taxa.tsv", [*lines, "g4.fa\ty", "elsewhere.fa\tx"])
    options = ("-1", "--container-size", FOUR.container_bytes, "--groups", taxa)
    code, out, _ = run("submit", strains, "-o", "archive", *options, "--dry-run", "--json")
    facts = json.loads(out)
    assert (code, facts["groups"], facts["without_relatives"]) == (0, 2, 4)
    code, _, err = run("submit", strains, "-o", "archive", *options, "-q")
    assert (code, err) == (0, "")
    assert [group for group in groups(tmp_path / "archive") if len(group) > 1] == [
        ["g0.fa", "g5.fa"],
        ["g1.fa", "g4.fa"],
    ]
    order = [name for container in plan(tmp_path / "archive") for name in container]
    assert order[:4] == ["g0.fa", "g5.fa", "g1.fa", "g4.fa"]
    for listing in (("list", "archive"), ("list", "archive", "--sha256")):
        code, out, _ = run(*listing)
        names = [line.split()[1 if "--sha256" in listing else 0] for line in out.splitlines()]
        assert [name for name in names if name != "#genome"] == sorted(order)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["g0.fa\tx", "g1.fa x"], "line 2: not INPUT<tab>GROUP"),
        (["g0.fa\t"], "line 1: not INPUT<tab>GROUP"),
        (["g0.fa\tx\ty"], "line 1: not INPUT<tab>GROUP"),
        (["g0.fa\tx", "g0.fa\ty"], "line 2: g0.fa has two of GROUP, x and y"),
        (None, "No such file"),
    ],
)
def test_a_bad_file_of_groups(
    strains: Path,
    tmp_path: Path,
    run: Run,  # noqa: F811
    lines: list[str] | None,
    message: str,
) -> None:
    taxa = tmp_path / "taxa.tsv"
    if lines is not None:
        table(taxa, lines)
    code, _, err = run("submit", strains, "-o", tmp_path / "archive", "--groups", taxa)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "archive").exists()


def test_a_group_larger_than_a_container_is_divided(strains: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    given = GivenParameters(1, FOUR.chunk_bases, 2 * LENGTH + 500)
    submit_here([strains], archive, given=given)
    flat = [name for container in plan(archive) for name in container]
    assert max(map(len, plan(archive))) <= 3
    one = [flat.index(name) for name in SPECIES[0]]
    assert max(one) - min(one) == 2
    assert groups(archive) == SPECIES


def test_a_dry_run_on_much_reads_nothing(
    strains: Path,
    tmp_path: Path,
    run: Run,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, out, _ = run("submit", strains, "-o", tmp_path / "archive", "--dry-run", "--json")
    facts = json.loads(out)
    assert (code, facts["groups"], facts["without_relatives"]) == (0, 2, 2)
    monkeypatch.setattr("seqcoder_jobs.cli.dry_run._DRY_RUN_BYTES", 1000)
    monkeypatch.setattr(grouping, "sketch_sources", lambda sources: 1 / 0)
    code, out, err = run("submit", strains, "-o", tmp_path / "archive", "--dry-run")
    assert code == 0
    assert "not looked for" in out
    assert "relatives are not looked for" in err


def test_pieces_of_a_large_group_are_equal() -> None:
    def cut(sizes: list[int], container_bytes: int) -> list[list[int]]:
        sources = [
            GenomeSource(name=f"g{i}", path=f"g{i}", size=size) for i, size in enumerate(sizes)
        ]
        members = list(range(len(sizes)))
        pieces = list(grouping._pieces(members, sources, container_bytes))
        assert [i for piece in pieces for i in piece] == members
        filled = [sum(sizes[i] for i in piece) for piece in pieces]
        assert all(
            n <= container_bytes for n, piece in zip(filled, pieces, strict=True) if piece[1:]
        )
        return pieces

    assert list(map(len, cut([10] * 11, 100))) == [6, 5]
    assert list(map(len, cut([10] * 10, 100))) == [10]
    assert list(map(len, cut([10] * 25, 100))) == [8, 9, 8]
    assert next(map(len, cut([300, 10, 10], 100))) == 1
    random = Random(1)
    sizes = [random.randint(2_900_000, 3_200_000) for _ in range(300)]
    pieces = cut(sizes, 256 << 20)
    assert list(map(len, pieces)) == [75] * 4
