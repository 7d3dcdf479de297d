"""Kind: structured input turned into text and parsed again. Names are names, in every place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import seqcoder
from seqcoder.fasta import reverse_complement
from seqcoder.reading.query import Query, read_query, read_regions
from seqcoder.reading.region import find_region
from test_cli import Cli, cli  # noqa: F401

RECORDS = {
    "seq": b"AACCGGTTAC",
    "seq:1-4": b"GGGGGGGGGT",
    "other:7": b"ACGTACGTAC",
    "{odd}": b"TTTTTTTTTA",
    "#x": b"CCCCCCCCCA",
    "lone": b"acgRYNNNNT",
}


@pytest.fixture
def all_sqc(cli: Cli, tmp_path: Path) -> Path:  # noqa: F811
    text = b"".join(b">%s about it\n%s\n" % (n.encode(), r) for n, r in RECORDS.items())
    (tmp_path / "all.fa").write_bytes(text)
    (tmp_path / "bare.fa").write_bytes(b"ACGTACGTAA\n")
    (tmp_path / "rna.fa").write_bytes(b">r\nAACCGUUU\n")
    assert cli("compress", "-q", "-o", "all.sqc", "all.fa", "bare.fa", "rna.fa") == 0, cli.err
    return tmp_path / "all.sqc"


def test_the_name_of_a_bed_row_is_a_name(cli: Cli, all_sqc: Path, tmp_path: Path) -> None:  # noqa: F811
    rows = b"seq\t0\t4\nseq:1-4\t0\t4\n{odd}\t8\t10\n#x\t8\t10\n#no\t1\t2\n\t0\t3\n"
    (tmp_path / "r.bed").write_bytes(rows)
    assert cli("extract", "all.sqc", "-w", "0", "-r", "r.bed") == 0, cli.err
    assert cli.out == (
        b">seq:1-4\nAACC\n>seq:1-4:1-4\nGGGG\n>{odd}:9-10\nTA\n>#x:9-10\nCA\n>:1-3\nACG\n"
    )


def test_ambiguous_regions_are_refused_and_braces_tell_them_apart(cli: Cli, all_sqc: Path) -> None:  # noqa: F811
    assert cli("extract", "all.sqc", "seq:1-4") == 2
    assert b"write {seq:1-4} or {seq}:1-4" in cli.err
    assert cli.out == b""
    assert cli("extract", "all.sqc", "-w", "0", "{seq:1-4}", "{seq}:1-4", "seq:1-4:10") == 0
    assert cli.out == b">seq:1-4 about it\nGGGGGGGGGT\n>seq:1-4\nAACC\n>seq:1-4:10-10\nT\n"
    assert cli("extract", "all.sqc", "-w", "0", "{odd}", "{{odd}}:10", "other:7", "{other:7}") == 0
    assert cli.out.count(b"TTTTTTTTTA") == 1
    assert cli("extract", "all.sqc", "{nobody}:1-4") == 2
    assert b"no record 'nobody'" in cli.err


def test_nameless_records_have_regions(cli: Cli, all_sqc: Path) -> None:  # noqa: F811
    for query in ("{}:2-4", ":2-4"):
        assert cli("extract", "all.sqc", query) == 0
        assert cli.out == b">:2-4\nCGT\n"
    assert cli("extract", "all.sqc", "{}") == 0
    assert cli.out == b">\nACGTACGTAA\n"


@pytest.mark.parametrize(
    ("query", "residues"),
    [("seq:-3", b"AAC"), ("seq:9-", b"AC"), ("{seq}:9", b"AC"), ("seq:", b"AACCGGTTAC")],
)
def test_a_range_may_lack_an_end(cli: Cli, all_sqc: Path, query: str, residues: bytes) -> None:  # noqa: F811
    assert cli("extract", "all.sqc", query) == 0, cli.err
    assert cli.out.split(b"\n")[1] == residues


def test_reverse_complement_and_the_strands_of_bed(cli: Cli, all_sqc: Path, tmp_path: Path) -> None:  # noqa: F811
    assert cli("extract", "all.sqc", "-i", "seq:2-5", "lone", "r:1-3") == 0, cli.err
    assert cli.out == (b">seq:2-5/rc\nCGGT\n>lone/rc about it\nANNNNRYcgt\n>r:1-3/rc\nGUU\n")
    (tmp_path / "s.bed").write_bytes(b"seq\t1\t5\tgene\t0\t-\nseq\t1\t5\tgene\t0\t+\n")
    assert cli("extract", "all.sqc", "-r", "s.bed") == 0
    assert cli.out == b">seq:2-5/rc\nCGGT\n>seq:2-5\nACCG\n"
    assert cli("extract", "all.sqc", "-i", "-r", "s.bed") == 0
    assert cli.out == b">seq:2-5\nACCG\n>seq:2-5/rc\nCGGT\n"
    assert cli("extract", "all.sqc", "-i", "-g", "rna.fa") == 0
    assert cli.out == b">r/rc\nAAACGGUU\n"
    assert cli("extract", "all.sqc", "-i", "-w", "3", "seq:1-7") == 0
    assert cli.out == b">seq:1-7/rc\nACC\nGGT\nT\n"


def test_an_empty_row_of_bed_is_refused(cli: Cli, all_sqc: Path, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "e.bed").write_bytes(b"seq\t4\t4\n")
    assert cli("extract", "all.sqc", "-r", "e.bed") == 2
    assert b"e.bed: seq 4 4: a row of BED without a base" in cli.err


def test_genomes_by_short_names_and_patterns(cli: Cli, all_sqc: Path, tmp_path: Path) -> None:  # noqa: F811
    both = (tmp_path / "bare.fa").read_bytes() + (tmp_path / "rna.fa").read_bytes()
    assert cli("extract", "all.sqc", "-g", "bare", "-g", "rna.fa") == 0
    assert cli.out == both
    assert cli("extract", "all.sqc", "-g", "[br]*") == 0
    assert cli.out == both
    assert cli("extract", "all.sqc", "-g", "z*") == 2
    assert b"no genome 'z*'; 'seqcoder list' names them" in cli.err
    assert cli("decompress", "all.sqc", "-g", "rna", "-g", "b*", "-o", "back/") == 0
    assert sorted(path.name for path in Path("back").iterdir()) == ["bare.fa", "rna.fa"]
    assert cli("decompress", "all.sqc", "-g", "rna", "-o", "one.fa") == 0
    assert Path("one.fa").read_bytes() == (tmp_path / "rna.fa").read_bytes()
    assert cli("decompress", "-c", "all.sqc", "-g", "rna") == 0
    assert cli.out == (tmp_path / "rna.fa").read_bytes()
    assert cli("decompress", "all.sqc", "-g", "nobody") == 2


NAMES = st.text(st.characters(blacklist_characters=" \t\n\r", min_codepoint=33), max_size=9)


@given(NAMES, st.integers(1, 10**9), st.integers(0, 10**9))
def test_braces_hold_any_name(name: str, start: int, more: int) -> None:
    (query,) = read_query(f"{{{name}}}:{start}-{start + more}")
    assert (query.record, query.start, query.end) == (name, start, start + more)
    (query,) = read_query(f"{{{name}}}")
    assert (query.record, query.whole) == (name, True)


def test_python_takes_the_same_regions(tmp_path: Path) -> None:
    data = seqcoder.compress_bytes({"a.fa": b">a:1-2\nACGT\n>a\nTTTT\n"})
    with seqcoder.open(data) as container:
        genomes = list(container.values())
        with pytest.raises(seqcoder.UsageError, match="may be a record or a region"):
            find_region("a:1-2", genomes, "x")
        assert find_region("{a}:1-2", genomes, "x").fetch(0, 2) == b"TT"
        assert find_region(Query("a:1-2", 2, 3, ""), genomes, "x").fetch(0, 2) == b"CG"
    assert read_regions(b"a 0 5\n") == [Query("a", 1, 5, "a 0 5")]


@given(st.text("ACGTUNRYSWKMBDHVacgtn-*.", max_size=50).map(str.encode))
def test_the_other_strand_of_the_other_strand(residues: bytes) -> None:
    dna = residues.replace(b"U", b"T")
    assert reverse_complement(reverse_complement(dna)) == dna
    rna = dna.replace(b"T", b"U").replace(b"t", b"u")
    assert reverse_complement(reverse_complement(rna, rna=True), rna=True) == rna


@pytest.mark.parametrize(
    "row", ["seq\t-1\t3", "seq\t\u0661\t\u0663", "seq\t1.5\t3", "chrom\tstart\tend"]
)
def test_a_row_of_bed_without_numbers_is_told_as_that(row: str) -> None:
    with pytest.raises(
        seqcoder.UsageError, match=r"x\.bed: .*: a row of BED whose start and end are no"
    ):
        read_regions(f"{row}\n".encode(), "x.bed")


def test_a_list_of_no_regions_is_told(cli: Cli, all_sqc: Path, tmp_path: Path) -> None:  # noqa: F811
    for data in (b"", b"\n# nothing\n", b"track name=x\n"):
        (tmp_path / "none.bed").write_bytes(data)
        assert cli("extract", "all.sqc", "-r", "none.bed") == 2
        assert cli.err == b"seqcoder: error: none.bed: lists no region\n"
