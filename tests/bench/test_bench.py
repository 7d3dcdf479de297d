"""``seqcoder bench``: what holds is kept, what does not is dropped and named."""

from __future__ import annotations

import json
import os
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from genomes import fasta_bytes, letters, random_bases, small_genome
from seqcoder.bench import plots, tables
from seqcoder.bench.bench_page import report_html
from seqcoder.bench.cases import make_cases, place, residues
from seqcoder.bench.rows import Row, totals, write_parquet, write_tsv
from seqcoder.bench.run import BenchSettings, Result, benchmark
from seqcoder.bench.tools import PEERS, found_peers, our_tool, size_name
from seqcoder.cli.bench import run as run_command
from seqcoder.errors import InputError, IntegrityError, UsageError


def fake(folder: Path, name: str, body: str) -> None:
    """Write a stand-in for a peer: this Python, and a body that reads and writes files."""
    path = folder / name
    path.write_text(f"#!{sys.executable} -IS\nimport shutil, sys\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return folder


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    path = tmp_path / "small.fa"
    path.write_bytes(small_genome(6000))
    return path


def test_peers_are_found_by_their_programs(bin_folder: Path) -> None:
    assert not found_peers(["GeCo3"])
    fake(bin_folder, "GeCo3", "")
    assert not found_peers(["GeCo3"])  # one cannot come back without the other
    fake(bin_folder, "GeDe3", "")
    assert [tool.name for tool in found_peers(["geco3"])] == ["GeCo3"]
    assert {tool.keeps for tool in PEERS} == {"full FASTA", "bases only"}
    assert len({tool.label for tool in PEERS}) == len(PEERS)


def test_what_comes_back_decides(bin_folder: Path, genome: Path) -> None:
    fake(bin_folder, "GeCo2", "shutil.copyfile('input.seq', 'input.seq.co')")
    fake(bin_folder, "GeDe2", "shutil.copyfile('input.seq.co', 'input.seq.de')")
    # Gives back the residues, but not their case.
    fake(bin_folder, "MFCompressC", "shutil.copyfile('input.fa', 'packed')")
    fake(
        bin_folder,
        "MFCompressD",
        "out = open('restored', 'w')\n"
        "for line in open('packed'): out.write(line if line[0] == '>' else line.upper())",
    )
    # Loses a base.
    fake(bin_folder, "GeCo3", "shutil.copyfile('input.seq', 'input.seq.co')")
    fake(bin_folder, "GeDe3", "open('input.seq.de', 'w').write(open('input.seq.co').read()[:-1])")
    # Writes nothing; fails.
    fake(bin_folder, "ennaf", "")
    fake(bin_folder, "unnaf", "")
    fake(bin_folder, "cmix", "sys.exit('cmix: more memory')")
    result = benchmark(
        BenchSettings(
            (genome,), levels=(1,), peers=("geco2", "geco3", "mfcompress", "naf", "cmix"), repeat=1
        )
    )
    kept = {row.tool: row.keeps for row in result.rows}
    assert kept["seqcoder"] == "full FASTA"
    assert kept["GeCo2"] == "bases only"
    assert kept["MFCompress"] == "bases only"
    assert len(kept) == 3
    dropped = "\n".join(result.dropped)
    assert "GeCo3 -l 6 -lr 0.008 -hs 40: MISMATCH: the bases did not come back" in dropped
    assert "NAF -22: wrote nothing" in dropped
    assert "cmix: cmix: ended with 1: cmix: more memory" in dropped


def test_rows_of_ours_add_up(genome: Path) -> None:
    result = benchmark(
        BenchSettings((genome,), levels=(1,), peers=("xz",), repeat=1, chunk_sizes=(1024, 4096))
    )
    assert not result.dropped
    ours = next(row for row in result.rows if row.ours and not row.chunk_bases)
    assert ours.input_bytes == genome.stat().st_size
    assert ours.bases == 6000 - 80  # two runs of 40 N
    assert ours.ratio == ours.input_bytes / ours.size
    parts = ours.latent_bytes + ours.residual_bytes + ours.side_bytes
    assert 0 < ours.size - parts < 400
    assert ours.compress_peak > 20 << 20
    chunked = [row for row in result.rows if row.chunk_bases]
    assert [row.chunk_bases for row in chunked] == [1024, 4096]
    assert chunked[0].size > chunked[1].size
    assert chunked[0].region_wall
    assert {row.tool for row in result.rows} == {"seqcoder", "xz"}


def test_several_files_together(tmp_path: Path) -> None:
    one, two = tmp_path / "one.fa", tmp_path / "two.fa"
    one.write_bytes(small_genome(3000, 1))
    two.write_bytes(fasta_bytes(("r", letters(random_bases(500))), line_end=b"\r\n") + b">e")
    result = benchmark(
        BenchSettings((one, two), together=True, levels=(1,), peers=("xz",), repeat=2)
    )
    assert not result.dropped
    assert {row.case for row in result.rows} == {"2 files"}
    assert {(row.keeps, row.runs) for row in result.rows} == {("full FASTA", 2)}
    assert {row.input_bytes for row in result.rows} == {one.stat().st_size + two.stat().st_size}


def test_a_wrong_row_of_ours_is_an_error(
    genome: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import seqcoder.bench.run as module

    right = module.run

    def spoilt(command: str, folder: Path, threads: int, limit: float) -> object:
        used = right(command, folder, threads, limit)
        for path in (folder / "out").glob("*.fa"):
            path.write_bytes(path.read_bytes()[:-2] + b"x\n")
        return used

    monkeypatch.setattr(module, "run", spoilt)
    with pytest.raises(IntegrityError, match="1 of our own rows"):
        run_command([genome], None, False, "1", "none", "", 1, 1, 60.0, True, False)
    assert "MISMATCH" in capsys.readouterr().err


def test_inputs_are_checked(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    one = tmp_path / "one.fa"
    with pytest.raises(UsageError, match="two inputs"):
        make_cases([one, tmp_path / "a" / "one.fa.gz"], together=True)
    with pytest.raises(UsageError, match="no files"):
        make_cases([], together=False)
    with pytest.raises(InputError, match=r"one\.fa"):
        place(make_cases([one], together=False)[0], tmp_path)
    one.write_bytes(b">protein\nMKLVWQ\n")
    placed = place(make_cases([one], together=False)[0], tmp_path)
    assert placed.bases == 0
    assert not (tmp_path / "input.seq").exists()
    assert residues(b">a\nac\ngt\n>b\r\nNN\r\n") == b"ACGTNN"
    assert size_name(3 << 20) == "3M"
    assert size_name(1000) == "1000"
    assert "--no-latents" in our_tool(2, latents=False).compress


def row(case: str, tool: str, size: int, cpu: float = 1.0, **more: object) -> Row:
    facts: dict[str, object] = {
        "case": case,
        "tool": tool,
        "setting": "-9",
        "keeps": "full FASTA",
        "ours": tool == "seqcoder",
        "input_bytes": 1000,
        "bases": 900,
        "size": size,
        "ratio": 1000 / size,
        "bits_per_base": 8 * size / 900,
        "compress_cpu": cpu,
        "compress_wall": cpu,
        "compress_peak": 1 << 20,
        "decompress_cpu": cpu / 2,
        "decompress_wall": cpu / 2,
        "decompress_peak": 1 << 20,
        "runs": 1,
    }
    return Row(**(facts | more))  # type: ignore[arg-type]


def test_totals_leave_out_what_is_not_complete() -> None:
    rows = [row("a", "xz", 300), row("b", "xz", 200), row("a", "seqcoder", 100)]
    assert [(t.label, t.size, t.ratio) for t in totals(rows)] == [("xz -9", 500, 4.0)]


def test_pareto_front() -> None:
    points = [(1.0, 9.0), (2.0, 5.0), (3.0, 7.0), (4.0, 1.0)]
    assert pareto_set(points) == {0, 2, 3}


def pareto_set(points: list[tuple[float, float]]) -> set[int]:
    return set(plots.pareto(points))


class Check(HTMLParser):
    """Counts elements, and sees that all are closed and nothing is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert tag not in ("script", "link", "img", "iframe")
        assert not any(name in ("src", "srcset") for name, _ in attrs)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_stands_alone_and_escapes() -> None:
    pytest.importorskip("matplotlib")
    rows = [
        row("<a>", "seqcoder", 100, level=2, residual_bytes=90, code_seconds=1.0),
        row("<a>", "xz", 300),
        row("<a>", "GeCo3", 120, 9.0, keeps="bases only"),
        row("<a>", "seqcoder", 110, chunk_bases=1024, setting="-2 1K", region_wall=0.5),
        row("<a>", "seqcoder", 105, chunk_bases=2048, setting="-2 2K", region_wall=0.7),
    ]
    html = report_html(
        Result(BenchSettings((Path("a"),)), rows, ["<a>: broken & lost"], ["a remark"])
    )
    check = Check()
    check.feed(html)
    assert not check.open
    assert check.seen.count("svg") == 5
    assert "&lt;a&gt;: broken &amp; lost" in html
    assert "<a>" not in html


def test_training_curves(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from seqcoder.cli.bench import _training

    log = tmp_path / "log.jsonl"
    log.write_text('{"step": 50, "loss": 1.5, "accuracy": 0.3, "bits": 2.1}\n' * 2)
    plan = BenchSettings((Path("a"),), training=_training(log))
    html = report_html(Result(plan, [row("a", "seqcoder", 100)]))
    assert "Training of the model" in html
    assert "Windows typed as labelled" in html
    for wrong in ("", "x", "[1]\n", '{"step": 1}\n'):
        log.write_text(wrong)
        with pytest.raises(UsageError, match=r"log\.jsonl"):
            _training(log)
    with pytest.raises(InputError, match="none"):
        _training(tmp_path / "none")


def test_page_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    html = report_html(Result(BenchSettings((Path("a"),)), [row("a", "seqcoder", 100)]))
    assert "pip install" in html
    assert "<svg" not in html
    with pytest.raises(UsageError, match="matplotlib"):
        plots.draw(1, 1, 1, lambda axes: None)


def test_files_written(genome: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    run_command([genome], out, False, "1", "xz,zstd", "", 1, 1, 60.0, True, True)
    facts = json.loads(capsys.readouterr().out)
    assert len(facts["rows"]) == 3
    lines = (out / "bench.tsv").read_text().splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("case\ttool\tsetting")
    assert (out / "bench.html").read_text().startswith("<!doctype html>")
    parquet = pytest.importorskip("pyarrow.parquet")
    assert parquet.read_table(out / "bench.parquet").num_rows == 3


@pytest.mark.parametrize(
    ("levels", "peers", "message"),
    [("4", "all", "levels"), ("1", "zst", "zst"), ("", "all", "levels")],
)
def test_options_are_checked(genome: Path, levels: str, peers: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run_command([genome], None, False, levels, peers, "", 1, 1, 60.0, True, False)


def test_tables_go_into_the_document(tmp_path: Path) -> None:
    document = tmp_path / "doc.md"
    document.write_text("before\n<!-- t -->\nold\n<!-- end t -->\nafter\n")
    tables.put_table(document, "t", "new")
    assert document.read_text() == "before\n<!-- t -->\nnew\n<!-- end t -->\nafter\n"
    with pytest.raises(UsageError, match="between"):
        tables.put_table(document, "u", "new")
    rows = [
        row("BuEb", "seqcoder", 4700, bases=18_940, latent_bytes=10, residual_bytes=4600),
        row("AgPh", "seqcoder", 10_700, bases=43_970, residual_bytes=10_500),
        row("BuEb", "xz", 5956, bases=18_940),
    ]
    text = tables.dnacorpus_table(rows)
    assert "| SeqCoder (published) | 14,235 (2.590) | 6,351 (2.683) | 2.6178 |" in text
    assert "| **seqcoder -9**, whole container | 10,700 (1.947) | 4,700 (1.985) |" in text
    assert "| seqcoder -9, latents and residual | 10,500 (1.910) | 4,610 (1.947) |" in text
    assert "| xz -9 | – | 5,956 (2.516) | – |" in text
    assert "| **seqcoder -9** |" in tables.totals_table(rows)


def test_parquet_is_optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert not write_parquet([row("a", "xz", 1)], tmp_path / "x.parquet")
    write_tsv([row("a", "x\tz", 1)], tmp_path / "x.tsv")
    assert "x z" in (tmp_path / "x.tsv").read_text()


def test_command_line_reaches_the_options(genome: Path) -> None:
    from seqcoder.cli.app_checking import app

    with pytest.raises(UsageError, match="peer 'zst' is not known"):
        app(["bench", str(genome), "--peers", "zst"], standalone_mode=False)
    with pytest.raises(UsageError, match="is a file"):
        app(["bench", str(genome), "-o", str(genome)], standalone_mode=False)


def test_table_by_command(genome: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    document, plot = tmp_path / "doc.md", tmp_path / "plot.svg"
    document.write_text("<!-- dev -->\n<!-- end dev -->\n")
    options = ["--name", "dev", "--levels", "1", "--peers", "xz", "--plot", str(plot)]
    tables.main(["files", str(genome), *options, "--into", str(document)])
    text = document.read_text()
    assert "| **seqcoder -1** | full FASTA |" in text
    assert f"python -m seqcoder.bench.tables files {genome}" in text
    assert plot.read_text().startswith("<svg")


def test_chunk_size_reaches_our_command() -> None:
    from seqcoder.bench.run import _our_tools

    plan = BenchSettings((Path("a"),), levels=(2,), chunk_bases=5 << 20, chunk_sizes=(1 << 20,))
    first, second, third = _our_tools(plan, True, ("input.fa",))
    assert " --chunk-size 5M -o packed.sqc" in first.compress
    assert (first.label, second.label) == ("seqcoder -2", "seqcoder -2 --no-latents")
    assert "--chunk-size 1M " in third.compress
