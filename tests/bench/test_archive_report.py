"""``report.html`` and ``seqcoder_mqc.json`` of an archive."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from genomes import small_genome

pytest.importorskip("pyarrow")
pytest.importorskip("ray")

from seqcoder.errors import UsageError
from seqcoder.settings import Settings
from seqcoder.writing.chunk import ChunkCoder
from seqcoder.writing.container_report import ContainerReport
from seqcoder.writing.executor import ThreadExecutor
from seqcoder.writing.genome_source import Opener
from seqcoder.writing.pipeline import write_container
from seqcoder.writing.plan import ContainerPlan
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.reading.report import write_report
from seqcoder_jobs.reading.report.html import report_html
from seqcoder_jobs.reading.report.read import read_facts
from seqcoder_jobs.writing.planning import GivenParameters
from seqcoder_jobs.writing.submit import Request, submit


def run_here(
    containers: Sequence[ContainerPlan],
    settings: Settings,
    out: str,
    options: object,
    *,
    opener: Opener,
    on_report: Callable[[ContainerReport], None],
    on_progress: object,
    digests: object,
) -> None:
    executor = ThreadExecutor(ChunkCoder(settings), 1)
    for container in containers:
        on_report(
            write_container(
                container.genomes, settings, [], executor, Path(out) / container.file, opener=opener
            )
        )


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """An archive with everything in it: plain, gzip, protein (stored), broken (failed)."""
    corpus = tmp_path_factory.mktemp("corpus")
    for i in range(3):
        (corpus / f"genome{i}.fa").write_bytes(small_genome(3000, i))
    (corpus / "zipped.fna.gz").write_bytes(gzip.compress(small_genome(2000, 9)))
    (corpus / "a<b>&c.faa").write_bytes(b">p\nMKLVWQERT\n")
    (corpus / "broken.fa.gz").write_bytes(b"\x1f\x8b<script>alert(1)</script>")
    folder = tmp_path_factory.mktemp("made") / "archive"
    given = GivenParameters(level=1, latents=False, container_bytes=6000)
    submit(Request((str(corpus),), str(folder), given, all_files=True), runner=run_here)
    return Archive(folder)


class Check(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "img")
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + " "


def page_text(html: str) -> str:
    check = Check()
    check.feed(html)
    assert not check.open
    return " ".join(check.text.split())


def test_page_tells_what_became_of_all(archive: Archive) -> None:
    path = write_report(archive.folder)
    assert path == str(archive.folder / "report.html")
    text = page_text(Path(path).read_text())
    assert "5 of 6 files archived" in text
    assert "Not complete: 5 of 6 files are archived and verified, 1 failed" in text
    assert "corrupt gzip data" in text
    assert "a<b>&c.faa stored as it is" in text
    assert "genome0.fa" in text
    assert "seqcoder-ray extract archive" in text
    facts = read_facts(archive)
    assert facts.summary.bytes == sum(
        p.stat().st_size for p in (archive.folder / "containers").glob("*.sqc")
    )
    assert facts.saved.plan.digest in text


def test_table_for_multiqc(archive: Archive) -> None:
    write_report(archive)
    content = json.loads((archive.folder / "seqcoder_mqc.json").read_text())
    assert content["plot_type"] == "table"
    data: dict[str, Any] = content["data"]
    assert len(data) == 6
    assert data["broken.fa"] == {"status": "failed"}
    assert data["genome0.fa"]["status"] == "verified"
    assert data["genome0.fa"]["ratio"] > 3
    assert {key for cells in data.values() for key in cells} <= set(content["headers"])


def test_large_archives_have_short_pages(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    import seqcoder_jobs.reading.report.html as html
    import seqcoder_jobs.reading.report.multiqc as multiqc

    for name, value in (("_MOST_ROWS", 1), ("_HISTOGRAM_FROM", 2)):
        monkeypatch.setattr(html, name, value)
    monkeypatch.setattr(multiqc, "_MOST_GENOMES", 2)
    facts = read_facts(archive)
    text = page_text(report_html(facts))
    assert "Smallest bits per base" in text
    assert "Median" in text
    assert "more: seqcoder-ray status" in text
    assert set(multiqc.multiqc_content(facts)["data"]) == {
        path.name for path in (archive.folder / "containers").glob("*.sqc")
    }


def test_groups_of_relatives(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for i in range(2):
        (corpus / f"same{i}.fa").write_bytes(small_genome(9000, 1))
    (corpus / "other.fa").write_bytes(small_genome(3000, 2))
    folder = tmp_path / "archive"
    submit(
        Request((str(corpus),), str(folder), GivenParameters(level=1, latents=False)),
        runner=run_here,
    )
    facts = read_facts(Archive(folder))
    first, *others = facts.groups()
    assert (first["first"], first["genomes"], len(others)) == ("same0.fa", 2, 1)
    assert first["novel_bases"] < 0.6 * first["bases"]
    assert sum(row["raw_bytes"] for row in facts.groups()) == facts.summary.raw_bytes
    text = page_text(report_html(facts))
    assert "Groups of relatives" in text
    assert "1 genome of this archive is in no group" in text


def test_command_tells_the_same(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    from seqcoder_jobs.cli.report import report

    (archive.folder / "report.html").unlink(missing_ok=True)
    report(str(archive.folder))
    assert capsys.readouterr().out.strip() == str(archive.folder / "report.html")
    assert (archive.folder / "report.html").stat().st_size > 2000
    report(str(archive.folder), json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["verified"], told["stored"], told["failed"]) == (4, 1, 1)
    assert "corrupt gzip data" in told["failures"][0]["error"]
    assert told["seconds"]["code_seconds"] > 0


def test_no_archive(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no archive"):
        write_report(tmp_path)
    assert not list(tmp_path.iterdir())


def test_archive_begun_and_nothing_done(tmp_path: Path, archive: Archive) -> None:
    begun = Archive(tmp_path / "begun")
    begun.save(archive.load())
    text = page_text(Path(write_report(begun)).read_text())
    assert "6 are not done yet" in text
