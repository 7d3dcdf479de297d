"""What the parser makes of small files, item by item."""

from __future__ import annotations

import pytest

import seqcoder
from seqcoder import fasta
from seqcoder.errors import IntegrityError, UsageError


def parsed(data: bytes) -> fasta.ParsedFasta:
    result = fasta.parse(data)
    assert isinstance(result, fasta.ParsedFasta), result
    assert fasta.render(result) == data
    return result


def test_names_lengths_and_bases() -> None:
    p = parsed(b">a desc x\nACGT\nAC\n>b\nGGnT\n")
    assert [(r.header, r.name, r.length, r.base_start, r.base_count) for r in p.records] == [
        (b"a desc x", b"a", 6, 0, 6),
        (b"b", b"b", 4, 6, 3),
    ]
    assert p.bases.tolist() == [0, 1, 2, 3, 0, 1, 2, 2, 3]
    assert (p.side.width, p.side.plain) == (4, False)


def test_a_header_with_leading_white_space_has_a_name() -> None:
    p = parsed(b"> \tname rest\nACGT\n")
    assert p.table.names == [b"name"]
    assert p.records[0].header == b" \tname rest"


@pytest.mark.parametrize("data", [b">x\nACGU\n", b">x\nacgu\nACGUN\n>y\nUU\nT"])
def test_rna_costs_nothing_but_a_flag(data: bytes) -> None:
    p = parsed(data)
    assert p.side.rna
    assert len(p.side.exceptions) == data.count(b"N") + data.count(b"T")


def test_a_stray_u_in_dna_is_an_exception() -> None:
    p = parsed(b">x\nACGTTUTT\n")
    assert not p.side.rna
    assert p.side.exceptions.values.tobytes() == b"U"


def test_exception_runs_do_not_break_at_case_nor_case_at_gaps() -> None:
    p = parsed(b">x\nACNNnnGT--acg---tACGTACGTACGT\n")
    runs = p.side.exceptions
    assert runs.values.tobytes() == b"N--"
    assert runs.starts.tolist() == [2, 8, 13]
    assert runs.lengths.tolist() == [4, 2, 3]
    assert p.side.case_toggles.tolist() == [4, 6, 10, 17]


def test_line_ends_are_runs() -> None:
    assert parsed(b">x\r\nACGT\r\nAC\r\n").side.line_end_toggles.tolist() == [0]
    assert parsed(b">x\nACGT\r\nAC\n").side.line_end_toggles.tolist() == [1, 2]
    assert parsed(b">x\nACGT\nAC\n").side.line_end_toggles.tolist() == []
    assert not parsed(b">x\r\nACGT\r\n").side.plain


def test_layouts() -> None:
    side = parsed(b">a\nAAA\nAAA\nA\n\n>b\nAAA\n\n>c\n\n").side
    assert (side.width, side.blanks.tolist(), len(side.widths), side.plain) == (
        3,
        [1, 1, 1],
        0,
        True,
    )
    side = parsed(b">a\nAAA\nA\n>b\nAA\nAA\n>c\nAAAAAA\n>d\nAAA\nAAA\n").side
    assert (side.width, side.widths.tolist(), side.plain) == (3, [3, 2, 0, 3], False)
    side = parsed(b">a\nAAA\n>b\nAAAAAAA\n>c\n").side
    assert (side.width, len(side.widths), side.plain) == (0, 0, True)
    side = parsed(b">a\nAA\nAAA\n>b\nAA\nA\n>c\nA\n\n\nA\n").side
    assert side.ragged.tolist() == [2, 0, 3]
    assert side.line_lengths.tolist() == [2, 3, 1, 0, 1]
    assert side.line_counts.tolist() == [1, 1, 1, 2, 1]


def test_text_before_the_first_header_and_no_header() -> None:
    p = parsed(b"; a comment\n\n>x\nACGT\n")
    assert p.side.preamble == b"; a comment\n\n"
    p = parsed(b"ACGTACGTAC\nACGTACGT")
    assert (p.side.headerless, p.table.names, p.side.width) == (True, [b""], 10)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b">x\n", "no sequence"),
        (b">x\nNNNN\n", "no sequence"),
        (b">x\nMKVLAATTNWQERSTPMKVLLIVFWY\n", "protein"),
        (b"\x7fELF" + bytes(range(256)), "no header"),
        (b">x\nAC\n" * 1000 + b"\n" * 100_000, "too short"),
        (b"x" * 5000 + b"\n>x\nACGT\n", "before the first header"),
        (b">x\n" + b"AAN" * 4000, "scattered"),
    ],
)
def test_what_is_not_worth_coding(data: bytes, reason: str) -> None:
    result = fasta.parse(data)
    assert isinstance(result, fasta.NotFasta)
    assert reason in result.reason


def test_protein_that_looks_a_little_like_dna_is_refused_and_gappy_dna_is_not() -> None:
    assert isinstance(fasta.parse(b">x\n" + b"ACGTNEFI" * 9), fasta.NotFasta)  # 62 %
    assert isinstance(fasta.parse(b">x\nACGTNRYACG" + b"-" * 900), fasta.ParsedFasta)  # 80 %


def test_regions_and_bases() -> None:
    p = parsed(b">a\nACGT\n>b\nNNACgtNNNNA-C\n")
    assert fasta.residue_to_base_range(p.table, p.side, 1, 0, 13) == (4, 10)
    assert fasta.residue_to_base_range(p.table, p.side, 1, 3, 8) == (5, 8)
    assert fasta.residue_to_base_range(p.table, p.side, 1, 7, 9) == (8, 8)
    assert fasta.render_region(p.table, p.side, 1, 3, 8, p.bases[5:8]) == b"CgtNN"
    with pytest.raises(UsageError, match="'b' of 13 residues"):
        fasta.residue_to_base_range(p.table, p.side, 1, 3, 14)
    with pytest.raises(IntegrityError, match="2 bases do not fill"):
        fasta.render_region(p.table, p.side, 1, 3, 8, p.bases[5:7])


MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("data", "names", "lengths", "marks"),
    [
        (MARK + b">a x\nACGT\n", [b"a"], [4], [0]),
        (MARK + b">a\r\nACGT\r\n>b\r\nAC", [b"a", b"b"], [4, 2], [0]),
        (MARK + b">a\nACGT\n" + MARK + b">b\nAC\n", [b"a", b"b"], [4, 2], [0, 2]),
        (MARK * 4 + b">a\nAC\n" + MARK * 2 + b">b\nA\n", [b"a", b"b"], [2, 1], [0] * 4 + [2] * 2),
        (MARK + b"; lab\n>a\nACGT\n", [b"a"], [4], [0]),
        (b"\n" + MARK + b">a\nACGT\n", [b"a"], [4], [1]),
        (MARK + b"ACGTACGT\nACG\n", [b""], [11], [0]),
        (b">a\nACGTACGTACGT" + MARK + b"\n", [b"a"], [15], []),
        (b">" + MARK + b"a\nACGT\n", [MARK + b"a"], [4], []),
        (b">a\nACGTACGTACGT\n" + MARK + b"AC\n", [b"a"], [17], []),
    ],
)
def test_a_byte_order_mark_is_layout(
    data: bytes, names: list[bytes], lengths: list[int], marks: list[int]
) -> None:
    found = parsed(data)
    assert (found.table.names, found.table.lengths.tolist()) == (names, lengths)
    assert found.side.marks.tolist() == marks
    assert fasta.render(found) == data
    side = fasta.unpack_side(fasta.pack_side(found), found.table, len(data))
    assert side.marks.tolist() == marks
    assert seqcoder.open(seqcoder.compress_bytes({"x": data}))["x"].read() == data


def test_a_file_of_byte_order_marks_alone_is_kept() -> None:
    assert isinstance(fasta.parse(MARK), fasta.NotFasta)
    assert seqcoder.open(seqcoder.compress_bytes({"x": MARK}))["x"].read() == MARK
