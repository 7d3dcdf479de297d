from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from seqcoder.container.rows import check_name
from seqcoder.storage.names import ODD, spell, unspell
from seqcoder_jobs.corpus.names import (
    Candidate,
    assign_names,
    is_tar,
    looks_like_fasta,
    plain_name,
    strip_bundle,
)


def named(*pairs: tuple[str, str], taken: tuple[str, ...] = ()) -> list[str]:
    return assign_names([Candidate(relative, corpus) for relative, corpus in pairs], taken)


def test_name_is_relative_path_without_compression_suffix() -> None:
    assert named(("a/x.fna.gz", "c"), ("b.fa", "c")) == ["a/x.fna", "b.fa"]


def test_same_name_in_two_corpora_gets_the_corpus_before_it() -> None:
    assert named(("x.fa", "one"), ("x.fa", "two"), ("y.fa", "two")) == [
        "one/x.fa",
        "two/x.fa",
        "y.fa",
    ]


def test_compressed_twin_keeps_its_suffix() -> None:
    assert named(("x.fa", "c"), ("x.fa.gz", "c")) == ["x.fa", "x.fa.gz"]


def test_corpora_of_one_name_are_numbered() -> None:
    assert named(("x.fa", "c"), ("x.fa", "c")) == ["x.fa~1", "x.fa~2"]


def test_taken_names_stay_with_their_owners() -> None:
    assert named(("x.fa", "new"), taken=("x.fa",)) == ["new/x.fa"]
    assert named(("x.fa", "new"), taken=("x.fa", "new/x.fa")) == ["x.fa~1"]


def test_odd_file_names_become_plain() -> None:
    assert plain_name("a\\b\nc\udcff.fa") == "a%5Cb%0Ac%FF.fa"
    assert plain_name("./../a//b.fa") == "a/b.fa"
    assert plain_name("a\x7f\x85\u2028b.fa") == "a%7F%C2%85%E2%80%A8b.fa"


NAMES = st.binary().map(lambda name: name.decode("utf-8", "surrogateescape")) | st.lists(
    st.sampled_from(["%", "25", "D7", "d7", "0A", "\n", "\udcd7", "\\", "é", "\x85", "A", "/"])
).map("".join).map(lambda text: text.encode("utf-8", "surrogateescape")).map(
    lambda name: name.decode("utf-8", "surrogateescape")
)


@given(NAMES)
def test_any_text_becomes_a_name_that_a_container_takes(text: str) -> None:
    check_name(plain_name(text))
    parts = [part for part in text.split("/") if part not in ("", ".", "..")]
    assert unspell(plain_name(text)) == ("/".join(parts) or "unnamed")


@given(NAMES, NAMES)
def test_a_name_has_one_spelling_and_that_can_be_undone(one: str, other: str) -> None:
    name = (one + other).encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    assert unspell(spell(name)) == name
    assert (spell(one) == spell(other)) == (one == other)
    assert not ODD.search(spell(name))
    spell(name).encode()


def test_what_is_spelt() -> None:
    assert spell("a%20b%2Fc%.fa") == "a%20b%2Fc%.fa"
    assert (spell("\udcd7"), spell("%D7"), spell("%25D7")) == ("%D7", "%25D7", "%2525D7")
    assert spell("%d7") == "%d7"


def test_many_files_of_one_name_take_no_longer_each() -> None:
    many = [("x.fa", "c")] * 20_000
    started = time.perf_counter()
    names = named(*many, taken=("x.fa~2", "x.fa~4"))
    assert time.perf_counter() - started < 20  # it was hours
    assert names[:3] == ["x.fa~1", "x.fa~3", "x.fa~5"]
    assert names[-1] == "x.fa~20002"


@given(
    st.lists(
        st.tuples(
            st.text(st.sampled_from("ab/.~g z\\\n"), min_size=1, max_size=8),
            st.sampled_from(["c", "d", "a"]),
        ),
        max_size=12,
    ),
    st.sets(st.sampled_from(["a", "b", "c/a", "a~1", "ab"])),
)
def test_names_are_unique_and_acceptable(pairs: list[tuple[str, str]], taken: set[str]) -> None:
    names = named(*pairs, taken=tuple(taken))
    assert len(set(names)) == len(names)
    assert not taken & set(names)
    for name in names:
        check_name(name)


def test_suffixes() -> None:
    assert all(map(looks_like_fasta, ["x.fa", "x.FNA.gz", "x.faa", "x.aln.zst", "x.fasta.xz"]))
    assert not any(map(looks_like_fasta, ["x.txt", "x.fa.md5", "fa", "x.gff.gz"]))
    assert is_tar("b.tar.xz")
    assert is_tar("b.TGZ")
    assert not is_tar("b.xz")
    assert strip_bundle("d/b.tar.zst") == "d/b"
