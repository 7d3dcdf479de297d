"""Extracted records in other styles, genomes by a list, and indexes beside what is written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import seqcoder
from doc_runner import environment
from genomes import fasta_bytes, letters, random_bases, small_genome
from seqcoder.reading.file_range import FileRanges
from test_cli import Cli, cli  # noqa: F401

TWO = small_genome(20_000, seed=2)
ONE_LINE = b">a long line\n" + letters(random_bases(90_000, 3)) + b"\n>b\nacgtn\n"


@pytest.fixture
def packed(cli: Cli) -> Cli:  # noqa: F811
    Path("one line.fa").write_bytes(ONE_LINE)
    assert cli("compress", "-1", "-q", "-o", "x.sqc", "two.fa", "one line.fa") == 0
    return cli


def test_upper_and_one_line(packed: Cli) -> None:
    assert packed("extract", "x.sqc", "-g", "two.fa", "--upper", "--width", "0") == 0
    expected = b"".join(
        b">" + record.partition(b"\n")[0] + b"\n"
        + record.partition(b"\n")[2].replace(b"\n", b"").upper() + b"\n"
        for record in TWO.split(b">")[1:]
    )  # fmt: skip
    assert packed.out == expected
    assert packed("extract", "x.sqc", "contig1:995-1005", "--upper") == 0
    assert packed.out.split(b"\n")[1].isupper()


def test_the_genome_s_name_first(packed: Cli) -> None:
    assert packed("extract", "x.sqc", "contig2:1-5", "--header-style", "genome#contig") == 0
    assert packed.out.split(b"\n")[0] == b">two.fa#contig2:1-5"
    assert packed("extract", "x.sqc", "-g", "two.fa", "--header-style", "genome#contig") == 0
    heads = [line for line in packed.out.split(b"\n") if line.startswith(b">")]
    assert heads == [b">two.fa#contig1 generated 2", b">two.fa#contig2 generated 2"]
    assert packed("extract", "x.sqc", "-g", "two.fa", "--header-style", "no") == 2


def test_genomes_by_a_list(packed: Cli) -> None:
    Path("names").write_text("#genome\n# mine\none line.fa\ntwo\n")  # as list prints
    assert packed("extract", "x.sqc", "--from-file", "names") == 0
    assert packed.out == ONE_LINE + TWO


def test_each_genome_begins_a_new_line(cli: Cli) -> None:  # noqa: F811
    files = {"a.fa": b">a\nACGTACGT", "empty.fa": b"", "b.fa": b">b\nTTTT", "c.fa": b">c\nA\n"}
    for name, data in files.items():
        Path(name).write_bytes(data)
    assert cli("compress", "-1", "-q", "-o", "x.sqc", *files) == 0
    names = [f"-g{name}" for name in files]
    assert cli("extract", "x.sqc", *names) == 0
    assert cli.out == b">a\nACGTACGT\n>b\nTTTT\n>c\nA\n"
    assert cli("extract", "x.sqc", "-g", "a.fa") == 0
    assert cli.out == files["a.fa"]


@pytest.mark.parametrize("width", ["", "7", "0"])
def test_indexes_are_those_of_what_is_written(packed: Cli, width: str) -> None:
    pyfaidx = pytest.importorskip("pyfaidx", reason="pyfaidx is for tests only")
    style = ["--width", width] if width else []
    for name in ("all.fa", "all.fa.bgz"):
        assert (
            packed("extract", "x.sqc", "-g", "two", "-g", "one line", "-o", name, "--index", *style)
            == 0
        )
        assert Path(f"{name}.fai").exists()
        assert Path(f"{name}.gzi").exists() == name.endswith("bgz")
    data = Path("all.fa").read_bytes()
    assert Path("all.fa.fai").read_bytes() == Path("all.fa.bgz.fai").read_bytes()
    Path("again.sqc").write_bytes(seqcoder.compress_bytes({"all.fa": data}))
    with seqcoder.open("again.sqc") as genomes:
        assert FileRanges(genomes["all.fa"]).fai() == Path("all.fa.fai").read_bytes()
        for name in ("all.fa", "all.fa.bgz"):
            with pyfaidx.Fasta(name, rebuild=False) as fasta:
                for record in genomes["all.fa"]:
                    end = len(record) - 1
                    assert fasta[record.name][1:end].seq == record[1:end]


def test_what_has_no_index(packed: Cli) -> None:
    assert packed("extract", "x.sqc", "-g", "two", "--index") == 2
    assert packed("extract", "x.sqc", "-g", "two", "--index", "-o", "two.fa.gz") == 2
    Path("twice.fa").write_bytes(fasta_bytes(("a", b"ACGT"), ("a", b"ACGT")))
    Path("ragged.fa").write_bytes(b">a\nAC\nACGT\nA\n")
    assert packed("compress", "-1", "-q", "-o", "y.sqc", "twice.fa", "ragged.fa") == 0
    assert packed("extract", "y.sqc", "-g", "twice", "--index", "-o", "t.fa") == 1
    assert b"t.fa is whole, and has no index" in packed.err
    assert b"".join(b">a\nACGT\n" for _ in range(2)) == Path("t.fa").read_bytes()
    assert packed("extract", "y.sqc", "-g", "ragged", "--index", "-o", "r.fa") == 1
    assert packed("extract", "y.sqc", "-g", "ragged", "--index", "-o", "s.fa", "--width", "2") == 0


def test_a_reader_that_stops_ends_it(packed: Cli) -> None:
    command = "seqcoder extract x.sqc -g 'one line.fa' --width 60"
    shell = f"{command} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", shell], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stdout.splitlines()[0] == ">a long line"
    assert done.stdout.splitlines()[1] in ("0", "141")  # all was written before, or was not
    assert done.stderr == ""
