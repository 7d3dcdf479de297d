"""Digests agree with the worked examples of the GA4GH specifications."""

from __future__ import annotations

from hypothesis import given

from fasta_strategies import fasta_files
from seqcoder import fasta
from seqcoder.fasta import digest


def parsed(data: bytes) -> fasta.ParsedFasta:
    result = fasta.parse(data)
    assert isinstance(result, fasta.ParsedFasta)
    return result


def test_refget_examples() -> None:
    assert digest.refget(b"ACGT") == "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2"
    assert digest.refget(b"ac\nG-t*1") == "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2"
    assert digest.sha512t24u(b"") == "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXc"  # GA4GH VRS
    text = digest.refget(b"ACGT")
    assert digest.refget_text(digest.refget_bytes(text)) == text
    assert len(digest.refget_bytes(text)) == 24


def test_seqcol_example_of_the_specification() -> None:
    # docs/seqcols/digest_from_collection.md of github.com/ga4gh/refget
    assert (
        digest.seqcol_digest(
            ["chr1", "chr2", "chr3"],
            [248956422, 133797422, 135086622],
            [
                "SQ.2648ae1bacce4ec4b6cf337dcae37816",
                "SQ.907112d17fcb73bcab1ed1c72b97ce68",
                "SQ.1511375dc2dd1b633af8cf439ae90cec",
            ],
        )
        == "KxZO6qIbVNCIKtQj0WR3fwzg2rsJLlC3"
    )


def test_seqcol_of_a_file_as_the_reference_implementation_has_it() -> None:
    # base.fa of github.com/refgenie/refget
    p = parsed(b">chrX\nTTGGGGAA\n>chr1\nGGAA\n>chr2\nGCGC\n")
    refgets = [refget for refget, _ in digest.record_digests(p)]
    assert refgets == [
        "SQ.iYtREV555dUFKg2_agSJW6suquUyPpMw",
        "SQ.YBbVX0dLKG1ieEDCiMmkrTZFt_Z5Vdaj",
        "SQ.AcLxtBuKEPk_7PGE_H4dGElwZHCujwH6",
    ]
    names, lengths = ["chrX", "chr1", "chr2"], [8, 4, 4]
    assert digest.seqcol_level1(names, lengths, refgets) == {
        "lengths": "cGRMZIb3AVgkcAfNv39RN7hnT5Chk7RX",
        "names": "Fw1r9eRxfOZD98KKrhlYQNEdSRHoVxAG",
        "sequences": "0uDQVLuHaOZi1u76LjV__yrVUIz9Bwhr",
        "sorted_sequences": "KgWo6TT1Lqw6vgkXU9sYtCU9xwXoDt6M",
        "name_length_pairs": "B9MESWM8k-hK_OeQK8bZNAG74pLY0Ujq",
        "sorted_name_length_pairs": "zjM1Ie9m0zFbqsAnZ6jAJSXuFpKTr40J",
    }
    assert digest.seqcol_digest(names, lengths, refgets) == "XZlrcEGi6mlopZ2uD8ObHkQB1d0oDwKk"


def test_canonical_json_of_rfc_8785() -> None:
    assert digest.canonical_json("\u20ac$\u000f\nA'\u0042\u0022\u005c\\\"/") == (
        b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'
    )
    assert digest.canonical_json({"b": ["x"], "a": [1]}) == b'{"a":[1],"b":["x"]}'
    assert digest.canonical_json(b"\xff".decode("utf-8", "surrogateescape")) == b'"\xff"'


@given(fasta_files())
def test_record_digests_are_those_of_the_text(data: bytes) -> None:
    p = fasta.parse(data)
    if isinstance(p, fasta.NotFasta):
        return
    text = fasta.render_residues(p.side, 0, int(p.table.starts[-1]), p.bases)
    starts = p.table.starts.tolist()
    residues = [text[starts[i] : starts[i + 1]] for i in range(len(p.table))]
    expected = [(digest.refget(part), digest.md5(part)) for part in residues]
    assert digest.record_digests(p) == expected
