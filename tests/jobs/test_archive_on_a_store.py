"""Archives on an object store (moto): as on a file system, whatever is killed in between."""

from __future__ import annotations

import json
import re
import shutil
import sys
import threading
import time
from hashlib import md5, sha256
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import fsspec
import pytest
from local_runner import Killed, dies_reading, run_here, submit_here
from small_corpus import CORPUS, genome
from test_references import FOUR, SPECIES, strain

import seqcoder_jobs
from object_servers import start
from page_server import served
from seqcoder.errors import IntegrityError, UsageError
from seqcoder.storage.counts import COUNTS
from seqcoder.storage.opening import open_store
from seqcoder_jobs.archive import claim
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.copying import copy_archive
from seqcoder_jobs.archive.layout import CLAIM
from seqcoder_jobs.archive.orphans import list_orphans
from seqcoder_jobs.archive.summary import summarise
from seqcoder_jobs.cli import main
from seqcoder_jobs.reading.archive_reader import OpenArchive
from seqcoder_jobs.reading.report import write_report
from seqcoder_jobs.reading.verify import expectations, manifest_findings, verify_container
from seqcoder_jobs.writing.planning import GivenParameters


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scratch folder for each test: another machine's."""
    monkeypatch.setenv("SEQCODER_SCRATCH", str(tmp_path / "scratch"))
    return tmp_path / "scratch"


@pytest.fixture
def url(bucket: str) -> str:
    return f"{bucket}/some/archive"


A = b"".join(CORPUS["a.fa"].split(b"\n")[1:])
LARGE = GivenParameters(level=1, chunk_bases=1 << 14, container_bytes=1 << 20)


def containers(archive: str | Path) -> dict[str, bytes]:
    """Return the bytes of each container, by the plan's name."""
    opened = Archive(archive)
    return {
        name: opened.store.get(f"containers/{opened.container_name(name)}")[0]
        for name in opened.container_digests()
    }


def check(archive: str, contents: dict[str, bytes]) -> None:
    """Verify all there is and read every genome back."""
    opened = Archive(archive)
    assert list(manifest_findings(opened)) == []
    for expected in expectations(opened, full=True, threads=1):
        assert verify_container(expected).intact
    with seqcoder_jobs.open_archive(archive) as genomes:
        assert {name: genomes[name].read() for name in genomes} == contents
    assert summarise(opened).complete


def test_the_same_containers_as_in_a_folder(
    url: str, corpus: Path, contents: dict[str, bytes], tmp_path: Path
) -> None:
    submit_here([corpus], tmp_path / "local")
    outcome = submit_here([corpus], url)
    assert (outcome.error, outcome.failures) == (None, ())
    check(url, contents)
    assert containers(url) == containers(tmp_path / "local")
    local, there = Archive(tmp_path / "local"), Archive(url)
    assert there.load() == local.load()
    assert write_report(url) == f"{url}/report.html"
    assert not there.has(CLAIM)
    assert {s.name.partition("/")[0] for s in there.store.files()} == {
        *("_SUCCESS", "containers", "manifest", "plan.json", "report.html", "seqcoder_mqc.json"),
        *("sketches", "index.tsv"),
    }


def test_azure(
    corpus: Path,
    contents: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with start("az") as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        url = f"{server.new_bucket()}/archive"
        with pytest.raises(Killed):
            submit_here([corpus], url, runner=dies_reading("d.faa"))
        submit_here([corpus], url)
        (tmp_path / "more").mkdir()
        (tmp_path / "more" / "late.fa").write_bytes(genome(77, 900))
        submit_here([tmp_path / "more"], url)
        check(url, contents | {"late.fa": genome(77, 900)})
        assert not Archive(url).has(CLAIM)
        assert list_orphans(Archive(url), Archive(url).load()) == []


def test_read_by_other_ways(
    url: str,
    corpus: Path,
    contents: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    submit_here([corpus], url)
    assert fsspec.filesystem("sqc", fo=url).cat_file("c/one.fna") == contents["c/one.fna"]
    assert command(monkeypatch, "extract", url, "b.fa", "--stats") == 0
    said = capfdbinary.readouterr()
    assert said.out == contents["b.fa"]
    assert re.fullmatch(rb"seqcoder-ray: \d+ requests \(.*\), [\d,]+ bytes read, .*\n", said.err)
    assert command(monkeypatch, "list", url, "--sha256") == 0
    sums = dict(line.split(b"  ")[::-1] for line in capfdbinary.readouterr().out.splitlines())
    assert sums[b"a.fa"].decode() == sha256(contents["a.fa"]).hexdigest()
    assert command(monkeypatch, "status", url) == 0
    assert b"complete" in capfdbinary.readouterr().out
    with served(Archive(url)) as port:
        for path, told in (
            ("fasta/b.fa", contents["b.fa"]),
            (f"sequence/{md5(A).hexdigest()}", A),
            ("search?q=plasmid", b"b.fa"),
        ):
            with urlopen(f"http://127.0.0.1:{port}/{path}", timeout=20) as answer:
                assert told in answer.read()


def command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["seqcoder-ray", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("fatal", [*sorted(CORPUS)[1::2], "commit", "manifest"])
def test_killed_anywhere_and_gone_on_with_elsewhere(
    url: str,
    corpus: Path,
    contents: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fatal: str,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        runner = dies_reading(fatal)
        if fatal == "commit":  # uploaded whole, its rows not written
            patch.setattr(
                "seqcoder_jobs.archive.manifest.files.write_part", killed_at_second_call()
            )
            runner = run_here
        elif fatal == "manifest":
            patch.setattr("seqcoder_jobs.archive.manifest.files.remove_taken_in", killed)
            runner = run_here
        with pytest.raises(Killed):
            submit_here([corpus], url, runner=runner)
    monkeypatch.setenv("SEQCODER_SCRATCH", str(tmp_path / "another machine"))
    outcome = submit_here([corpus], url)
    assert (outcome.error, outcome.failures) == (None, ())
    check(url, contents)
    submit_here([corpus], tmp_path / "local")
    assert containers(url) == containers(tmp_path / "local")
    names = [s.name for s in Archive(url).store.files("containers") if s.name.endswith(".sqc")]
    assert len(names) == len(containers(url))  # nothing twice


def killed(*_: object) -> None:
    raise Killed


def killed_at_second_call() -> object:
    from seqcoder_jobs.archive.manifest.files import write_part

    calls: list[int] = []

    def write(*arguments: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise Killed
        write_part(*arguments)  # type: ignore[arg-type]

    return write


def strains(folder: Path, count: int) -> dict[str, bytes]:
    """Write strains of one species."""
    folder.mkdir()
    held = {f"k{number:02d}.fa": strain(SPECIES[0], number) for number in range(count)}
    for name, data in held.items():
        (folder / name).write_bytes(data)
    return held


def test_appended_to_killed_and_the_old_state_retired(
    url: str, corpus: Path, contents: dict[str, bytes], tmp_path: Path
) -> None:
    first = tmp_path / "first"
    held = strains(first, 3)
    submit_here([first], url, given=LARGE)
    before = set(containers(url).values())
    old = Archive(url)
    with seqcoder_jobs.open_archive(url) as reading:  # opened before, read after
        more = tmp_path / "more"
        more.mkdir()
        data = next(iter(held.values())).replace(b"ACG", b"ATG", 5)
        (more / "new.fa").write_bytes(data)
        with pytest.raises(Killed):
            submit_here([more], url, given=LARGE, runner=dies_reading("new.fa"))
        assert set(containers(url).values()) == before
        submit_here([more], url, given=LARGE)
        assert {name: reading[name].read() for name in held} == held
    check(url, held | {"new.fa": data})
    (now,) = containers(url).values()
    assert now.startswith(next(iter(before))[:1000])
    assert len(Archive(url).store.files("containers")) == 1
    assert list_orphans(old, old.load()) == []


def test_references_and_what_extends_them(url: str, tmp_path: Path) -> None:
    held = strains(tmp_path / "kin", 14)
    submit_here([tmp_path / "kin"], tmp_path / "local", given=FOUR)
    submit_here([tmp_path / "kin"], url, given=FOUR)
    assert containers(url) == containers(tmp_path / "local")
    assert len(containers(url)) > 1
    check(url, held)
    shutil.rmtree(tmp_path / "scratch")
    check(url, held)
    with seqcoder_jobs.open_archive(url) as reading:
        name = max(held)
        assert reading[name].read() == held[name]


def test_appended_to_what_extends_a_reference(url: str, tmp_path: Path) -> None:
    held = strains(tmp_path / "strains", 14)
    submit_here([tmp_path / "strains"], url, given=FOUR)
    for place in ("late", "later"):
        shutil.rmtree(tmp_path / "scratch")  # another machine
        (tmp_path / place).mkdir()
        held[f"{place}.fa"] = held["k03.fa"].replace(b"ACG", b"ATG", len(place))[: len(place) * 900]
        (tmp_path / place / f"{place}.fa").write_bytes(held[f"{place}.fa"])
        if place == "late":
            submit_here([tmp_path / place], url, given=FOUR)
            continue
        with pytest.MonkeyPatch.context() as patch:  # uploaded, its rows not written
            patch.setattr("seqcoder_jobs.archive.manifest.files.write_part", killed)
            with pytest.raises(Killed):
                submit_here([tmp_path / place], url, given=FOUR)
        shutil.rmtree(tmp_path / "scratch")
        submit_here([tmp_path / place], url, given=FOUR)
    parts = [c for c in Archive(url).load().plan.containers if c.part]
    assert len(parts) == 2
    assert any("-reference" not in c.file for c in parts)
    check(url, held)


def test_copied_to_a_folder_and_back(
    url: str, bucket: str, corpus: Path, contents: dict[str, bytes], tmp_path: Path
) -> None:
    submit_here([corpus], url)
    there = containers(url)
    local, back = tmp_path / "copy", f"{bucket}/back"
    copied = copy_archive(Archive(url), Archive(local))
    assert copied.copied == copied.containers == len(there)
    check(str(local), contents)
    assert containers(local) == there
    again = copy_archive(Archive(url), Archive(local))
    assert (again.copied, again.containers) == (0, len(there))
    copy_archive(Archive(local), Archive(back))
    check(back, contents)
    assert {s.name for s in Archive(back).store.files()} == {
        s.name for s in Archive(url).store.files()
    }
    # After an append only what is new goes over, and what it replaced goes.
    more = tmp_path / "more"
    more.mkdir()
    (more / "late.fa").write_bytes(genome(77, 900))
    submit_here([more], url)
    assert copy_archive(Archive(url), Archive(back)).copied == 1
    check(back, contents | {"late.fa": genome(77, 900)})
    with pytest.raises(UsageError, match=r"holds late\.fa, which .* does not"):
        copy_archive(Archive(local), Archive(back))
    path = next((local / "containers").glob("*.sqc"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityError, match="SHA-256"):
        copy_archive(Archive(local), Archive(f"{bucket}/third"))


def test_one_writer_at_a_time(url: str, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(claim, "WATCH_SECONDS", 20.0)
    archive = Archive(url)
    with archive.lock():
        assert Archive(url).is_locked
        with pytest.raises(UsageError, match=r"another run is writing this archive \(process"):
            submit_here([corpus], url)
    assert not Archive(url).is_locked
    assert submit_here([corpus], url).error is None


def test_the_claim_of_one_who_is_gone_is_taken_over(
    url: str, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "WATCH_SECONDS", 1.0)
    store = open_store(url)
    facts = {"process": 4, "started": "1", "host": "elsewhere 1 2", "id": "x", "renewed": 1}
    store.put(CLAIM, json.dumps(facts).encode())
    started = time.monotonic()
    assert submit_here([corpus], url).error is None
    assert time.monotonic() - started > 1  # another machine's: watched
    monkeypatch.setattr(claim, "WATCH_SECONDS", 600.0)
    store.put(CLAIM, json.dumps(claim._ours() | {"started": "1"}).encode())
    assert not Archive(url).is_locked
    assert submit_here([corpus], url).error is None  # this machine's: known to be gone


def test_one_whose_claim_was_taken_over_commits_nothing(
    url: str, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "RENEW_SECONDS", 0.0)

    def overtaken(*arguments: object, **others: object) -> None:
        store = open_store(url)
        while not store.replace(CLAIM, b"{}", store.find(CLAIM).identity):
            pass  # it was renewed just then
        run_here(*arguments, **others)  # type: ignore[arg-type]

    outcome = submit_here([corpus], url, runner=overtaken)
    assert isinstance(outcome.error, UsageError)
    assert "another run has taken the archive over" in str(outcome.error)
    store = open_store(url)
    assert store.files("manifest") == []
    assert store.get(CLAIM)[0] == b"{}"  # the other's stays


def test_readers_see_whole_states_only(url: str, tmp_path: Path) -> None:
    held = strains(tmp_path / "kin", 2)
    submit_here([tmp_path / "kin"], url, given=LARGE)
    over, wrong = threading.Event(), []

    def read() -> None:
        while not over.is_set():
            with seqcoder_jobs.open_archive(url) as genomes:
                for name, data in held.items():
                    if genomes[name].read() != data:
                        wrong.append(name)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(4):
            more = tmp_path / f"more{number}"
            more.mkdir()
            data = held["k00.fa"].replace(b"ACG", b"ATG", 3 + number)
            (more / f"new{number}.fa").write_bytes(data)
            submit_here([more], url, given=LARGE)
    finally:
        over.set()
        reader.join()
    assert wrong == []
    with seqcoder_jobs.open_archive(url) as genomes:
        assert len(genomes) == 6


def test_one_genome_costs_few_requests(url: str, corpus: Path) -> None:
    submit_here([corpus], url)
    requests, received = COUNTS.requests.total(), COUNTS.bytes_in
    with seqcoder_jobs.open_archive(url) as genomes:
        assert genomes["b.fa"].read() == CORPUS["b.fa"]
    # The plan is there; the mark, and what it names; of two tables a list and the file; the
    # container.
    assert COUNTS.requests.total() - requests <= 8
    assert COUNTS.bytes_in - received < 60_000


def test_containers_are_opened_side_by_side(
    url: str, corpus: Path, contents: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    submit_here([corpus], url)
    assert len(containers(url)) > 1
    both = threading.Barrier(2, timeout=20)  # one alone would wait for ever
    real, met = OpenArchive._open, []

    def opened(self: OpenArchive, name: str) -> Any:
        if not met:
            met.append(both.wait())
        return real(self, name)

    monkeypatch.setattr(OpenArchive, "_open", opened)
    with seqcoder_jobs.open_archive(url) as archive:
        names = sorted(contents)
        assert [genome.read() for genome in archive.each(names)] == [contents[n] for n in names]
    # What cannot be opened is told when its genome's turn comes, not before.
    monkeypatch.setattr(OpenArchive, "_open", real)
    last = containers(url).popitem()[0]
    store = Archive(url).store
    store.delete([s.name for s in store.files("containers") if Path(last).stem in s.name])
    read: list[str] = []
    with seqcoder_jobs.open_archive(url) as archive, pytest.raises(IntegrityError):
        read += (genome.name for genome in archive.each(archive))
    assert 0 < len(read) < len(contents)


def test_strangers_are_left_alone(url: str, corpus: Path) -> None:
    open_store(url).put("mine.txt", b"mine")
    with pytest.raises(UsageError, match=r"is no archive and not empty \(mine.txt\)"):
        submit_here([corpus], url)
    assert [s.name for s in open_store(url).files()] == ["mine.txt"]
