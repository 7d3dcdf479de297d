"""An archive as a mapping of its genomes, with few containers open."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from local_runner import SMALL, submit_here

import seqcoder
import seqcoder_jobs
from seqcoder.errors import InputError, IntegrityError, NotFoundError, UsageError
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.cli.extract import ExtractOptions
from seqcoder_jobs.cli.extract import run as run_extract
from seqcoder_jobs.reading.extract import find_regions, open_regions
from seqcoder_jobs.writing.planning import GivenParameters


@pytest.fixture
def folder(corpus: Path, tmp_path: Path) -> Path:
    (corpus / "broken.fa.gz").write_bytes(b"\x1f\x8b broken")
    submit_here([corpus], tmp_path / "archive")
    assert len(list((tmp_path / "archive" / "containers").iterdir())) == 3
    return tmp_path / "archive"


def files_open(folder: Path) -> int:
    links = Path("/proc/self/fd").iterdir()
    return sum(str(folder) in os.path.realpath(link) for link in links)


@pytest.fixture(params=[1, 8])
def opened(folder: Path, request: Any) -> Iterator[seqcoder_jobs.OpenArchive]:
    with seqcoder_jobs.open_archive(folder, threads=1, most_open=request.param) as archive:
        yield archive


def test_a_mapping_of_all_genomes(
    opened: seqcoder_jobs.OpenArchive, contents: dict[str, bytes]
) -> None:
    assert isinstance(opened, Mapping)
    assert set(opened) == set(contents)
    assert len(opened) == 6
    assert {name: genome.read() for name, genome in opened.items()} == contents
    assert "broken.fa" not in opened
    assert opened.get("none") is None
    with pytest.raises(NotFoundError, match=r"no genome 'broken[.]fa'; 'seqcoder-ray list'"):
        opened["broken.fa"]
    assert repr(opened).endswith("archive: 6 genomes>")


def test_genomes_stay_readable_whatever_is_read_after_them(
    folder: Path, contents: dict[str, bytes]
) -> None:
    with seqcoder_jobs.open_archive(folder, threads=1, most_open=1) as archive:
        genomes = dict(archive)
        records = [genome[0] for genome in genomes.values() if not genome.stored]
        for _ in range(2):
            assert {name: genome.read() for name, genome in genomes.items()} == contents
            for record in [*records, *reversed(records)]:
                assert len(record[:60]) == 60
                if sys.platform == "linux":
                    assert files_open(folder) <= 1
                caches = [genome.container.decoder._cache for genome in genomes.values()]
                assert len({id(cache) for cache in caches if cache}) <= 1
        assert len(archive._files) == 1
    assert len(archive._files) == 0
    with pytest.raises(UsageError, match="archive: is closed; open it again"):
        genomes["a.fa"].read()
    with pytest.raises(UsageError, match="is closed"):
        archive["a.fa"]


def test_several_threads_read(folder: Path, contents: dict[str, bytes]) -> None:
    with (
        seqcoder_jobs.open_archive(folder, threads=1, most_open=1) as archive,
        ThreadPoolExecutor(4) as pool,
    ):
        names = list(contents) * 8
        read = pool.map(lambda name: archive[name].read(), names)
        assert [*read] == [contents[name] for name in names]


def test_records_by_name(folder: Path, corpus: Path) -> None:
    (corpus / "again.fa").write_bytes(b">plasmid again\nTTTT\n>plasmid\nGGGGG\n")
    (corpus / "odd.fa").write_bytes(b">\xff\nACGTA\n>\\udcff\nAC\n")
    submit_here([corpus], folder)
    with seqcoder_jobs.open_archive(folder, most_open=1) as archive:
        found = {(r.genome.name, r.ordinal, str(r)) for r in archive.records_called("plasmid")}
        assert found == {
            ("b.fa", 1, "ACGTNNNNNacgt"),
            ("again.fa", 0, "TTTT"),
            ("again.fa", 1, "GGGGG"),
        }
        assert [str(record) for record in archive.records_called("\udcff")] == ["ACGTA"]
        assert [str(record) for record in archive.records_called("\\udcff")] == ["AC"]
        assert list(archive.records_called("none")) == []


def test_regions_are_served_one_by_one(
    opened: seqcoder_jobs.OpenArchive, contents: dict[str, bytes]
) -> None:
    queries = ["c1:1-10", "c5:2500", "c3", "c1:11-20", "c2:1-4", "plasmid:5-10"]
    found = find_regions(opened, queries)
    with pytest.raises(NotFoundError, match="no record 'c1'"):
        find_regions(opened, queries, {"b.fa"})
    bases = {name: b"".join(data.split(b"\n")[1:85]).decode() for name, data in contents.items()}
    regions = open_regions(opened, found)
    assert [region.record[region.start : region.stop] for region in regions] == [
        bases["a.fa"][:10],
        bases["e.fa"][2499:],
        bases["c/one.fna"],
        bases["a.fa"][10:20],
        bases["b.fa"][:4],
        "NNNNNa",
    ]


def test_regions_of_more_containers_than_files_may_be_open(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    names = [f"r{i:02d}" for i in range(60)]
    for name in names:
        (corpus / f"{name}.fa").write_bytes(f">{name}\nACGTTGCA\n".encode())
    given = GivenParameters(level=1, latents=False, group=False, container_bytes=20)
    submit_here([corpus], tmp_path / "archive", given=given)
    assert len(list((tmp_path / "archive" / "containers").iterdir())) == 60
    bed = tmp_path / "regions.bed"
    bed.write_text("".join(f"{name}\t2\t6\n" for name in [*names, *reversed(names)]))
    out = tmp_path / "out.fa"
    few, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(os.listdir("/dev/fd"))  # noqa: PTH208 - also where it is no folder
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 50, most))
    try:
        choices = ExtractOptions(
            str(tmp_path / "archive"), regions=str(bed), output=str(out), workers=1
        )
        run_extract(choices)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (few, most))
    assert out.read_text().count("GTTG\n") == 120


def test_what_is_wrong_is_told_in_a_line(folder: Path, tmp_path: Path, corpus: Path) -> None:
    with pytest.raises(InputError, match=r"seqcoder_jobs\.open_archive opens archives$"):
        seqcoder.open(folder)
    with pytest.raises(UsageError, match="corpus: no archive"):
        seqcoder_jobs.open_archive(corpus)
    with pytest.raises(UsageError, match="most_open 0"):
        seqcoder_jobs.open_archive(folder, most_open=0)
    with seqcoder_jobs.open_archive(folder, most_open=1) as archive:
        genome = archive["a.fa"]
        path = Path(genome.container.path)
        last = [name for name in archive if archive[name].container.path != str(path)]
        archive[last[0]].read()
        shutil.copy(path, tmp_path / "copy")
        (tmp_path / "copy").replace(path)  # as an append does
        with pytest.raises(IntegrityError, match="changed since it was opened; take the genome"):
            genome.read()
        assert archive["a.fa"].read()
        archive[last[0]].read()
        path.unlink()
        with pytest.raises(IntegrityError, match=r"000000\.sqc: No such file"):
            archive["a.fa"]


def test_what_is_appended_is_seen_when_it_is_opened_anew(corpus: Path, folder: Path) -> None:
    with seqcoder_jobs.open_archive(folder) as before:
        (corpus / "new.fa").write_bytes(b">n\nACGT\n")
        submit_here([corpus], folder, given=SMALL)
        assert "new.fa" not in before
        assert before["a.fa"].read()
    with seqcoder_jobs.open_archive(folder) as after:
        assert after["new.fa"]["n"][:] == "ACGT"


def test_the_package_costs_nothing_and_its_names_are_functions() -> None:
    code = (
        "import sys, seqcoder_jobs; assert 'numpy' not in sys.modules; "
        "import seqcoder_jobs.reading.archive_reader, seqcoder_jobs.reading.extract; "
        "assert callable(seqcoder_jobs.open_archive); assert 'ray' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_archive_without_containers_is_empty(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "a")
    archive.make()
    (archive.folder / "plan.json").write_text("{}")
    with seqcoder_jobs.open_archive(tmp_path / "a") as opened:
        assert list(opened) == list(opened.records_called("x")) == []
