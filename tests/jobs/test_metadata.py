"""Metadata of genomes, and genomes chosen by them."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from local_runner import Killed, dies_reading, run_here, submit_here
from small_corpus import genome
from test_jobs_cli import SMALL, Run, run  # noqa: F401

from seqcoder.errors import InputError, UsageError
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.metadata import Kept, load_metadata, save_metadata
from seqcoder_jobs.archive.metadata_table import read_metadata
from seqcoder_jobs.archive.where import genomes_where
from seqcoder_jobs.reading.verify import manifest_findings
from seqcoder_jobs.writing import submit as submitting
from seqcoder_jobs.writing.submit import Request, submit

NAMES = (
    "GCF_000005845.2/GCF_000005845.2_ASM584v2_genomic.fna",
    "GCA_000006945.2_ASM694v2_genomic.fna",
    "ERR1234567.fa",
    "mine.fa",
)
SUMMARY = b"""##  See ftp://ftp.ncbi.nlm.nih.gov/genomes/README_assembly_summary.txt
#assembly_accession\tbioproject\torganism_name\tseq_rel_date\tgenome_size
GCF_000005845.2\tPRJNA57779\tEscherichia coli "K-12\t2013-09-26\t4641652
GCA_000006945.2\tPRJNA241\tSalmonella enterica\t2016-01-13\tna
GCF_999999999.1\tPRJNA1\tnothing here\t2020-01-01\t1
"""


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    for number, name in enumerate(NAMES):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(genome(number, 500 * (number + 1)))
    submit_here([tmp_path / "in"], tmp_path / "archive")
    return Archive(tmp_path / "archive")


def rows(archive: Archive) -> dict[str, dict[str, object]]:
    return {row["genome"]: row for row in load_metadata(archive).to_pylist()}


def give(archive: Archive, text: str) -> Kept:
    """Keep a table; returns what is said of it."""
    table = Path(archive.name).parent / "x.tsv"
    table.write_text(text)
    return save_metadata(archive, read_metadata(str(table)), NAMES)


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"run_accession": ["ERR1234567"], "year": [2024]}), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("assembly_summary.txt", SUMMARY, {NAMES[0]: {"genome_size": 4641652}}),
        ("s.txt.gz", gzip.compress(SUMMARY), {NAMES[1]: {"genome_size": None}}),
        ("filereport.tsv", b"run_accession\tcountry\nERR1234567\tChile\n", {NAMES[2]: {}}),
        (
            "assembly_data_report.jsonl",
            b'{"accession":"GCF_000005845.2","organism":{"organismName":"E. coli","taxId":562}}\n'
            b'{"accession":"GCA_000006945.2","organism":{"organismName":"S. enterica"}}\n',
            {NAMES[0]: {"organism_organismname": "E. coli", "organism_taxid": 562}},
        ),
        ("x.csv", b'\xef\xbb\xbfName,"Where, exactly"\nmine,"a, b"\n', {NAMES[3]: {}}),
        ("x.parquet", parquet(), {NAMES[2]: {"year": 2024}}),
    ],
)
def test_tables_of_all_kinds(
    archive: Archive, tmp_path: Path, name: str, data: bytes, told: dict[str, dict[str, object]]
) -> None:
    (tmp_path / name).write_bytes(data)
    kept = save_metadata(archive, read_metadata(str(tmp_path / name)), NAMES)
    assert kept.unmatched == (("GCF_999999999.1",) if "s.txt" in name or b"##" in data else ())
    found = rows(archive)
    for genome_name, facts in told.items():
        assert found[genome_name].items() >= facts.items()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"species\tyear\nx\t1\n", "no column tells which genome a row is of"),
        (b"genome\tgenome\nmine\t1\n", "two columns are called genome"),
        (b"genome\tx\nmine\t1\nmine.fa\t2\n", "two rows are of mine.fa"),
        (b"genome\tx\nmine\n", "cannot be read as a table"),
        (b"", "cannot be read as a table"),
        (b'{"accession": 1', "cannot be read as a table"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(
    archive: Archive, tmp_path: Path, data: bytes, said: str
) -> None:
    (tmp_path / "x.tsv").write_bytes(data)
    with pytest.raises((InputError, UsageError), match=said) as caught:
        save_metadata(archive, read_metadata(str(tmp_path / "x.tsv")), NAMES)
    assert "\n" not in str(caught.value)
    assert str(tmp_path / "x.tsv") in str(caught.value)
    assert load_metadata(archive) is None


def test_later_tables_replace_their_columns(archive: Archive) -> None:
    give(archive, "genome\tyear\tplace\nmine\t2023\tOslo\nERR1234567\t2020\tBern\n")
    give(archive, "genome\tyear\tname\nmine.fa\t2024\tx\nGCA_000006945.2\t1999\ty\n")
    give(archive, "genome\tplace\nERR1234567.fa\t\n")  # an empty cell clears
    assert rows(archive) == {
        "mine.fa": {"genome": "mine.fa", "year": 2024, "place": "Oslo", "name": "x"},
        "ERR1234567.fa": {"genome": "ERR1234567.fa", "year": 2020, "place": None, "name": None},
        NAMES[1]: {"genome": NAMES[1], "year": 1999, "place": None, "name": "y"},
    }


def test_types_are_those_of_the_values(archive: Archive) -> None:
    """Of all tables: numbers and text make text, and what is corrected makes numbers again."""
    told = "".join(f"{name}\t{n}\t00{n}\t{n}\n" for n, name in enumerate(NAMES[1:]))
    give(archive, f"name\tyear\tward\tdose\n{told}")
    assert load_metadata(archive).schema.types == [pa.string(), pa.int64(), pa.string(), pa.int64()]
    kept = give(archive, "name\tyear\tdose\nmine\tabc\t0.5\n")
    assert kept.mixed == (("year", "abc"),)
    types = load_metadata(archive).schema.types
    assert types == [pa.string(), pa.string(), pa.string(), pa.float64()]
    told_of: list[str] = []
    assert genomes_where(archive, "year >= 1", told_of.append) == [NAMES[2], "mine.fa"]
    assert genomes_where(archive, "year = 1 and year < 10") == [NAMES[2]]
    assert (genomes_where(archive, "ward = '002'"), "'abc'" in told_of[0]) == (["mine.fa"], True)
    assert give(archive, "name\tyear\nmine\t2024\n").mixed == ()
    assert load_metadata(archive)["year"].to_pylist() == [0, 1, 2024]


def test_odd_rows_and_columns(archive: Archive, tmp_path: Path, run: Run) -> None:  # noqa: F811
    table = tmp_path / "x.tsv"
    table.write_text(
        "name\tdose\tyear\t\t\nmine\t30.5\t2020\t\t\nnosuch.fa\t1\tx\t\t\n\t2\t3\t\t\n"
    )
    code, _, err = run("submit", "-o", archive, "--metadata", table)
    assert (code, "2 rows of no genome here: nosuch.fa, a row without a name" in err) == (0, True)
    assert rows(archive) == {"mine.fa": {"genome": "mine.fa", "dose": 30.5, "year": 2020}}
    lines = run("list", archive, "--metadata")[1].splitlines()
    assert lines[0].endswith("sha256\tdose\tyear")
    assert next(line for line in lines if line.startswith("mine")).endswith("\t30.5\t2020")
    for option in (("submit", "-o", archive, "--metadata"), ("extract", archive, "--from-file")):
        code, _, err = run(*option, tmp_path / "no.tsv")
        table_or_list = "a table of metadata" if "--metadata" in option else "a list"
        assert (code, f"name {table_or_list}, or -" in err) == (2, True)


def test_the_commands(archive: Archive, tmp_path: Path, run: Run) -> None:  # noqa: F811
    (tmp_path / "x.txt").write_bytes(SUMMARY)
    code, _, err = run("submit", "-o", archive, "--metadata", tmp_path / "x.txt")
    assert code == 0
    assert "1 row of no genome here: GCF_999999999.1" in err
    assert archive.is_marked
    assert list(manifest_findings(archive)) == []
    where = ("--where", "organism_name = 'Salmonella enterica'")
    code, out, _ = run("list", archive, *where)
    assert [line.split("\t")[0] for line in out.splitlines()[1:]] == [NAMES[1]]
    code, out, _ = run("list", archive, *where, "--metadata", "--json")
    (row,) = json.loads(out)
    assert (row["genome"], row["seq_rel_date"]) == (NAMES[1], "2016-01-13")
    code, out, _ = run("extract", archive, *where)
    assert out == (tmp_path / "in" / NAMES[1]).read_text()
    (tmp_path / "names").write_text("mine\n")
    code, out, _ = run("list", archive, "--from-file", tmp_path / "names")
    assert [line.split("\t")[0] for line in out.splitlines()[1:]] == [NAMES[3]]
    code, out, _ = run("verify", archive, "--from-file", tmp_path / "names")
    assert (code, "1 container" in out) == (0, True)
    assert run("verify", archive, "--where", "bases > 1e9")[0] == 2
    code, _, err = run("extract", archive, "--where", "bases > 1e9", "-o", tmp_path / "none/")
    assert code == 2
    assert "no genome meets --where bases > 1e9" in err
    code, _, err = run("list", archive, "--where", "nonsense")
    assert (code, err.count("\n")) == (2, 1)


def test_what_was_kept_is_told(archive: Archive, tmp_path: Path, run: Run) -> None:  # noqa: F811
    table = tmp_path / "x.tsv"
    table.write_text("name\tyear\tBases\nmine\t2020\t7\nERR1234567\t2021\t8\n")
    code, _, err = run("submit", "-o", archive, "--metadata", table)
    kept, covered = err.splitlines()[-2:]
    assert (code, kept) == (0, f"seqcoder-ray: {table}: metadata of 2 genomes kept")
    assert f"{table}: column bases is not seen" in covered
    assert "rename it" in covered
    assert "bases" not in run("submit", "-o", archive, "--metadata", table, "-q")[2]
    table.write_text("name\tyear\nmine\t2020\nnosuch\t2021\n")
    _, _, err = run("submit", "-o", archive, "--metadata", table)
    assert err.splitlines()[-1].endswith(
        "metadata of 1 genome kept; 1 row of no genome here: nosuch"
    )


def test_killed_before_and_after(archive: Archive, tmp_path: Path) -> None:
    """Metadata are there whole or not at all, and the same command ends it."""
    (tmp_path / "x.txt").write_bytes(SUMMARY)
    (tmp_path / "in" / "late.fa").write_bytes(genome(9, 700))
    request = Request((str(tmp_path / "in"),), str(archive), metadata=str(tmp_path / "x.txt"))
    with pytest.raises(Killed):
        submit(request, runner=dies_reading("late.fa"))
    assert load_metadata(archive) is None

    def killed(*_: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(submitting, "finish", killed)
        with pytest.raises(Killed):
            submit(request, runner=run_here)
    assert set(rows(archive)) == set(NAMES[:2])
    assert not archive.is_marked
    assert submit(request, runner=run_here).kept == Kept(("GCF_999999999.1",), genomes=2)
    assert archive.is_marked
    assert list(manifest_findings(archive)) == []
