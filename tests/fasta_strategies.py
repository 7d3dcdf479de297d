"""Hypothesis strategies for FASTA-shaped bytes, for the tests of every part of seqcoder.

Not imported by anything but tests: it needs hypothesis.
"""

from __future__ import annotations

from hypothesis import strategies as st

BASES = b"ACGT"
IUPAC = b"NRYSWKMBDHVnryswkmbdhv"
MARK = b"\xef\xbb\xbf"
ODD = b"-*. \t\r\0>;xX@\xff\x80"


def residues(alphabet: bytes = BASES, max_size: int = 300) -> st.SearchStrategy[bytes]:
    """Sequence bytes of an alphabet, often in runs of one letter."""
    letter = st.sampled_from([bytes((byte,)) for byte in alphabet])
    run = st.builds(lambda byte, count: byte * count, letter, st.integers(1, 40))
    pieces = st.lists(st.one_of(letter, letter, run), max_size=max_size // 4)
    return pieces.map(lambda parts: b"".join(parts)[:max_size])


def headers() -> st.SearchStrategy[bytes]:
    r"""Header text after ``>``: numbered names, descriptions, or anything without ``\n``."""
    numbered = st.builds(
        lambda stem, number, width, rest: b"%s%s%s" % (stem, b"%0*d" % (width, number), rest),
        st.sampled_from([b"contig_", b"NODE_", b"NZ_AB", b"x", b""]),
        st.integers(0, 2000),
        st.integers(1, 6),
        st.sampled_from([b"", b" whole genome", b"\tlen=5", b".1 x y 7", b" "]),
    )
    anything = st.binary(max_size=30).map(lambda text: text.replace(b"\n", b""))
    return st.one_of(numbered, numbered, st.sampled_from([b"", b" ", b" a b", b"same"]), anything)


@st.composite
def sequences(draw: st.DrawFn) -> bytes:
    """Draw the residues of one record: clean, soft-masked, with exceptions, RNA or wild."""
    kind = draw(st.sampled_from(["clean", "clean", "mask", "iupac", "rna", "wild"]))
    if kind == "clean":
        return draw(residues())
    if kind == "rna":
        return draw(residues(b"ACGUacgu"))
    alphabet = {"mask": b"ACGTacgt", "iupac": BASES * 6 + IUPAC, "wild": b"ACGTacgt" * 8 + ODD}
    return draw(residues(alphabet[kind]))


@st.composite
def lines(draw: st.DrawFn, text: bytes, end: bytes) -> bytes:
    """Break text into lines: one, wrapped, wrapped with blank lines after, or ragged."""
    kind = draw(st.sampled_from(["one", "wrapped", "wrapped", "blank", "ragged"]))
    if kind == "one":
        return text + end
    width = draw(st.integers(1, 80))
    parts: list[bytes] = []
    while text:
        parts.append(text[:width])
        text = text[width:]
        if kind == "ragged" and draw(st.booleans()):
            width = draw(st.integers(0, 80)) or 60
            parts += [b""] * draw(st.integers(0, 2))
    if kind == "blank":
        parts += [b""] * draw(st.integers(1, 3))
    return b"".join(part + end for part in parts)


@st.composite
def fasta_files(draw: st.DrawFn, max_records: int = 8) -> bytes:
    """Draw a FASTA file: any layout, line ends, case, exceptions, preamble, final newline."""
    ends = draw(st.sampled_from([[b"\n"], [b"\n"], [b"\r\n"], [b"\n", b"\r\n"]]))
    end = st.sampled_from(ends)
    parts: list[bytes] = []
    if draw(st.integers(0, 5)) == 0:
        parts += [draw(st.sampled_from([b"", b"; comment", b"#x"])) + draw(end)]
    if draw(st.integers(0, 5)) == 0:
        parts.insert(0, MARK * draw(st.integers(1, 2)))
    for _ in range(draw(st.integers(0, max_records))):
        parts.append(draw(st.sampled_from([b""] * 9 + [MARK])) + b">" + draw(headers()) + draw(end))
        parts.append(draw(lines(draw(sequences()), draw(end))))
    data = b"".join(parts)
    cut = draw(st.integers(0, 4))
    return data[: len(data) - cut] if cut < 3 else data


@st.composite
def plain_fasta_files(draw: st.DrawFn, max_records: int = 6) -> bytes:
    """Draw a FASTA file as most are: upper-case ACGT in lines of 60, LF, at least one base."""
    parts: list[bytes] = []
    for number in range(draw(st.integers(1, max_records))):
        text = draw(residues()) or b"A"
        parts.append(b">contig_%d\n" % (number + 1))
        parts += [text[at : at + 60] + b"\n" for at in range(0, len(text), 60)]
    return b"".join(parts)
