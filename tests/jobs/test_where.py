"""Genomes chosen by expressions, and by lists."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest
from test_jobs_cli import Run, run  # noqa: F401
from test_metadata import NAMES, SUMMARY, archive  # noqa: F401

from seqcoder.errors import UsageError
from seqcoder_jobs import open_archive
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.metadata import save_metadata
from seqcoder_jobs.archive.metadata_table import read_metadata
from seqcoder_jobs.archive.where import genomes_where


def test_expressions(archive: Archive, tmp_path: Path) -> None:  # noqa: F811
    assert genomes_where(archive, "bases > 1500") == [NAMES[3]]
    (tmp_path / "x.txt").write_bytes(SUMMARY)
    save_metadata(archive, read_metadata(str(tmp_path / "x.txt")), NAMES)
    assert genomes_where(archive, "organism_name = 'Salmonella enterica'") == [NAMES[1]]
    assert genomes_where(archive, "organism_name LIKE '%coli%' and bases < 600") == [NAMES[0]]
    assert genomes_where(archive, "seq_rel_date >= '2014'") == [NAMES[1]]
    assert set(genomes_where(archive, "genome_size IS NULL -- a remark")) == set(NAMES[1:])
    with open_archive(archive.folder) as opened:
        (name,) = opened.where("seq_rel_date >= '2014'")
        assert opened[name].read().startswith(b">c1 genome 1")
    assert set(genomes_where(archive, "genome GLOB '*.fa' or bases > 1e9")) == set(NAMES[2:])
    for wrong in (
        "speces = 'x'",
        "bases >",
        "1=1) UNION SELECT sql FROM sqlite_master WHERE (1=1; DROP TABLE genomes",
        "load_extension('x')",
        "1) or (1=1",
        "1 limit 2",
        "1, 2",
        "select 1",
        "",
    ):
        with pytest.raises(UsageError, match="--where ") as caught:
            genomes_where(archive, wrong)
        assert "columns are genome, source, status" in str(caught.value)
        assert "organism_name" in str(caught.value)


def test_a_signal_ends_what_runs_away(archive: Archive) -> None:  # noqa: F811
    endless = (
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n)"
    )
    timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        genomes_where(archive, endless)


def test_nothing_chosen(archive: Archive, tmp_path: Path, run: Run) -> None:  # noqa: F811
    """All commands say it alike; a list of genomes may be empty."""
    none, names = tmp_path / "none", tmp_path / "names"
    none.write_text("# nobody\n")
    names.write_text("mine\n")
    where = ("--where", "bases < 0")
    error = "seqcoder-ray: error"
    to = {"copy": (tmp_path / "to",), "extract": (), "verify": ()}
    for command, more in to.items():
        code, _, err = run(command, archive, *more, "--from-file", none)
        assert (code, err) == (2, f"{error}: {none}: names no genome\n")
        code, _, err = run(command, archive, *more, *where)
        assert (code, err) == (2, f"{error}: {archive}: no genome meets --where bases < 0\n")
        code, _, err = run(command, archive, *more, *where, "--from-file", names)
        assert (code, "none of the genomes named meets --where" in err) == (2, True)
        assert run("list", archive, *where)[1].count("\n") == 1
    assert not (tmp_path / "to").exists()


def test_all_that_meet(archive: Archive, tmp_path: Path, run: Run) -> None:  # noqa: F811
    out = tmp_path / "out"
    where = ("--where", "bases > 1500")
    assert run("extract", archive, "--all", *where, "-o", out)[0] == 0
    assert [path.name for path in out.rglob("*")] == ["mine.fa"]
    one = tmp_path / "one.fa"
    assert run("extract", archive, "--all", *where, "-o", one)[0] == 0
    assert one.read_bytes() == (out / "mine.fa").read_bytes()
    assert run("extract", archive, "--all", "--where", "bases < 0", "-o", tmp_path / "no")[0] == 2
    none = tmp_path / "none"
    none.write_text("")
    assert run("extract", archive, "--all", "--from-file", none, "-o", tmp_path / "no")[0] == 2
    assert NAMES[3] == "mine.fa"
