"""Serialised side streams: how small they are, and what happens when they are damaged."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from side_reader import rebuild
from test_fasta_roundtrip import DATA, needs_data, real

from fasta_strategies import fasta_files
from seqcoder import fasta
from seqcoder.errors import IntegrityError
from seqcoder.fasta.columns import get_column, put_column
from seqcoder.fasta.strings import get_strings, put_strings
from seqcoder.storage.varint import ByteReader


def packed(data: bytes) -> tuple[bytes, bytes]:
    parsed = fasta.parse(data)
    assert isinstance(parsed, fasta.ParsedFasta)
    return fasta.pack_record_table(parsed.table), fasta.pack_side(parsed)


def squeezed(*parts: bytes) -> int:
    return len(zstandard.ZstdCompressor(level=19).compress(b"".join(parts)))


def draft(headers: list[bytes], mean: int, seed: int = 1) -> bytes:
    """Make a draft genome of one record for each header, wrapped at 60."""
    rng = random.Random(seed)
    parts: list[bytes] = []
    for header in headers:
        text = bytes(rng.choices(b"ACGT", k=int(rng.expovariate(1 / mean)) + 200))
        parts.append(b">" + header + b"\n")
        parts += [text[at : at + 60] + b"\n" for at in range(0, len(text), 60)]
    return b"".join(parts)


def test_side_streams_of_a_draft_are_small() -> None:
    stem = b"NZ_JAABCD0100000%02d.1 Listeria monocytogenes strain FSL-1 NODE_%d_length_%d, whole"
    headers = [stem % (n, n, 900_000 // n) + b" genome shotgun sequence" for n in range(1, 20)]
    table, side = packed(draft(headers, 30_000))
    assert squeezed(table, side) <= 330  # the headers alone are 2,000 bytes, xz -9e: 396
    assert squeezed(table) <= 150


def test_nothing_but_names_costs_two_bytes_of_side_streams() -> None:
    _, side = packed(draft([b"contig_%d" % n for n in range(30)], 500))
    assert side == bytes((0, 60))


def test_lengths_within_names_cost_nothing() -> None:
    text = random.Random(5).choices(range(200, 9000), k=300)
    data = b"".join(
        b">NODE_%d_length_%d\n%s\n" % (n + 1, length, b"A" * length)
        for n, length in enumerate(text)
    )
    table, side = packed(data)
    assert squeezed(table, side) <= 600 + 130  # 300 lengths of 2 bytes, and the pattern


@needs_data
@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("tiny_20142_records_repeats.fa", 10_500),
        ("softmask_N_giantvirus_arm29B.fna", 17_500),
        ("iupac_hpylori_SouthAfrica20.fasta", 490),
        ("alignment_gaps.aln", 1_500),
        ("half_N_MIIJ01000039.fna", 75),
        ("crlf_listeria.fasta", 40),
        ("blanklines_539_alleles_FUMC.fas", 160),
    ],
)
def test_side_streams_of_awkward_files_are_small(name: str, most: int) -> None:
    (path,) = (DATA / "awkward").glob(name + "*")
    assert squeezed(*packed(real(path))) <= most


strings_without_lf = st.binary(max_size=30).map(lambda text: text.replace(b"\n", b""))
counted = st.builds(
    lambda stem, number, end: stem + str(number).encode() + end,
    st.sampled_from([b"c", b"NODE_0", b"", b"1.", b"99999999999999999"]),
    st.integers(0, 300),
    st.sampled_from([b"", b".1", b" x 9 y"]),
)


@given(st.lists(st.tuples(st.one_of(counted, strings_without_lf), st.integers(0, 400))))
def test_strings_come_back(pairs: list[tuple[bytes, int]]) -> None:
    strings, lengths = [s for s, _ in pairs], [n for _, n in pairs]
    out = bytearray()
    put_strings(out, strings, lengths)
    reader = ByteReader(bytes(out), "test")
    assert get_strings(reader, lengths, sum(map(len, strings))) == strings
    reader.finish()


@given(st.lists(st.integers(0, (1 << 48) - 1)))
def test_columns_come_back(values: list[int]) -> None:
    out = bytearray()
    put_column(out, np.array(values, dtype=np.int64))
    reader = ByteReader(bytes(out), "test")
    assert get_column(reader, len(values), (1 << 48) - 1).tolist() == values
    reader.finish()


def read_all(table_data: bytes, side_data: bytes, limit: int) -> int:
    """Read and render damaged data; return the rendered length if nothing was noticed."""
    table = fasta.unpack_record_table(table_data, limit)
    side = fasta.unpack_side(side_data, table, limit)
    count = int(fasta.base_starts(table, side)[-1])
    assert 0 <= count <= limit
    return len(fasta.render(fasta.ParsedFasta(table, side, np.zeros(count, dtype=np.uint8))))


@given(fasta_files(), st.data())
def test_damage_is_an_integrity_error_or_other_text_of_bounded_size(
    data: bytes, draw: st.DataObject
) -> None:
    parsed = fasta.parse(data)
    if isinstance(parsed, fasta.NotFasta):
        return
    parts = [bytearray(part) for part in packed(data)]
    for _ in range(draw.draw(st.integers(1, 3))):
        part = parts[draw.draw(st.integers(0, 1))]
        how = draw.draw(st.sampled_from(["set", "cut", "add"]))
        place = draw.draw(st.integers(0, max(len(part) - 1, 0)))
        if how == "cut":
            del part[place:]
        elif how == "add" or not part:
            part.insert(place, draw.draw(st.integers(0, 255)))
        else:
            part[place] = draw.draw(st.sampled_from([0, 1, 2, 5, 6, 127, 128, 255]))
    try:
        size = read_all(bytes(parts[0]), bytes(parts[1]), len(data))
    except IntegrityError:
        return
    assert size <= 16 * (len(data) + sum(map(len, parts)))


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_random_bytes_are_refused_or_bounded(table: bytes, side: bytes) -> None:
    try:
        size = read_all(table, side, 1000)
    except IntegrityError:
        return
    assert size <= 16_000


@pytest.mark.parametrize(
    "table",
    [
        b"",
        b"\xff\xff\xff\xff\x7f\x00",  # 2**35 records
        b"\x01\x06" + b"\xff" * 6 + b"\x02\x00\x00\x00\x00",  # a record of 2**48 residues
        b"\x01\x07" + b"\xff" * 7,  # a column of seven planes
        b"\x01\x00\x01\x04\x00\x00",  # a new field that is not there
        b"\x01\x00\x02\x04\x00\x00\x01\n",  # a new field of nothing
        b"\x01\x00\x01\x09\x00\x00",  # an unknown operation
        b"\x01\x00\x01\x05\x00\x00",  # the rest of no string
        b"\x01\x00\x03\x04\x00\x00\x00\x02a\n",  # operations left over
        b"\x01\x00\x01\x00\x00\x00x",  # bytes left over
        b"\x02\x00\x04\x04\x00\x02\x00\x01\x01\x02a\n",  # a step from a name that is no number
    ],
)
def test_bad_record_tables(table: bytes) -> None:
    with pytest.raises(IntegrityError):
        fasta.unpack_record_table(table, 1 << 40)


def test_a_small_table_cannot_unfold_into_a_large_one() -> None:
    out = bytearray()
    put_strings(out, [b"n" * 1000] * 500, [0] * 500)
    with pytest.raises(IntegrityError, match="longer than the file"):
        get_strings(ByteReader(bytes(out), "test"), [0] * 500, 400_000)


@given(fasta_files())
def test_a_second_reader_agrees(data: bytes) -> None:
    parsed = fasta.parse(data)
    if isinstance(parsed, fasta.ParsedFasta):
        assert rebuild(*packed(data), parsed.bases.tolist()) == data


@needs_data
@pytest.mark.real
def test_a_second_reader_agrees_on_awkward_files() -> None:
    for path in sorted(DATA.glob("awkward/*")):
        data = real(path)
        parsed = fasta.parse(data) if len(data) < 400_000 else None
        if isinstance(parsed, fasta.ParsedFasta):
            assert rebuild(*packed(data), parsed.bases.tolist()) == data, path.name


def test_the_example_of_the_specification() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "side-streams.md").read_text()
    blocks = page.partition("## Example")[2].split("```")[1::2]
    text = blocks[0].strip("\n").replace("\n", "").replace("\\r", "\r").replace("\\n", "\n")
    table, side = packed(text.encode())
    assert table == bytes.fromhex(blocks[1])
    assert side == bytes.fromhex(blocks[2])
