"""FASTA bytes come back exactly: invented files of any shape and the awkward real ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from fasta_strategies import MARK, fasta_files, plain_fasta_files
from seqcoder import fasta

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no real genomes in ../shared/data")


def real(path: Path) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())


def check(data: bytes) -> fasta.ParsedFasta | None:
    """Parse, serialise, read back and render; compare everything; return what was parsed."""
    parsed = fasta.parse(data)
    if isinstance(parsed, fasta.NotFasta):
        return None
    assert fasta.render(parsed) == data
    assert parsed.bases.dtype == np.uint8
    assert int(parsed.bases.max()) <= 3
    table = fasta.unpack_record_table(fasta.pack_record_table(parsed.table), len(data))
    assert list(table.names) == list(parsed.table.names)
    assert table.lengths.tolist() == parsed.table.lengths.tolist()
    side = fasta.unpack_side(fasta.pack_side(parsed), table, len(data))
    again = fasta.ParsedFasta(table, side, parsed.bases)
    assert fasta.render(again) == data
    assert fasta.pack_side(again) == fasta.pack_side(parsed)
    assert side.plain == parsed.side.plain
    return parsed


@given(fasta_files())
@example(b">a\n\n\nACGT\n\n>b\n\n")
@example(b">a\rACGT\r\r\nACGT\r")
@example(b"\n\n;x\n>a\nAC\n")
@example(b">\n>\n>x\nA")
@example(b">a\nACGT\n>b")
@example(b">a\r\nACGT\nAC\r\n")
@example(b">a\nAA\nAAA\nA\n>b\nAA\nAA\nA\n>c\nAAAAA\n")
def test_fasta_shaped_bytes_come_back(data: bytes) -> None:
    check(data)


@given(st.text(alphabet="ACGTN>acgtn\n\r -U", max_size=80))
def test_small_alphabets_come_back(text: str) -> None:
    check(text.encode())


@given(st.binary(max_size=200))
def test_any_bytes_come_back_or_are_refused(data: bytes) -> None:
    check(data)
    check(b">x\nACGT" + data)
    check(b">" + data + b"\nACGTACGTACGT")


@given(plain_fasta_files())
def test_plain_files_are_plain(data: bytes) -> None:
    parsed = check(data)
    assert parsed is not None
    assert parsed.side.plain
    assert parsed.side.width in (0, 60)


@given(fasta_files())
def test_records_are_what_a_simple_reader_sees(data: bytes) -> None:
    parsed = check(data)
    if parsed is None or parsed.side.headerless:
        return
    expected: list[tuple[bytes, bytes]] = []
    for number, line in enumerate(data.replace(b"\r\n", b"\n").split(b"\n")):
        bare = line
        while bare.startswith(MARK):
            bare = bare.removeprefix(MARK)
        if not number or bare[:1] == b">":
            line = bare
        if line[:1] == b">":
            expected.append((line[1:], b""))
        elif expected:
            expected[-1] = (expected[-1][0], expected[-1][1] + line)
    records = parsed.records
    assert [record.header for record in records] == [header for header, _ in expected]
    assert [record.length for record in records] == [len(text) for _, text in expected]
    for record, (header, text) in zip(records, expected, strict=True):
        assert record.name == (header.split() or [b""])[0]
        letters = b"ACGU" if parsed.side.rna else b"ACGT"
        kept = bytes(byte for byte in text.upper() if byte in letters)
        bases = parsed.bases[record.base_start : record.base_start + record.base_count]
        assert fasta.bases_to_letters(bases, parsed.side.rna) == kept


@given(fasta_files(), st.data())
def test_any_region_is_a_slice_of_the_record(data: bytes, draw: st.DataObject) -> None:
    parsed = check(data)
    if parsed is None:
        return
    table, side = parsed.table, parsed.side
    record = draw.draw(st.integers(0, len(table) - 1))
    length = int(table.lengths[record])
    start = draw.draw(st.integers(0, length))
    stop = draw.draw(st.integers(start, length))
    whole = fasta.render_residues(side, 0, int(table.starts[-1]), parsed.bases)
    offset = int(table.starts[record])
    low, high = fasta.residue_to_base_range(table, side, record, start, stop)
    region = fasta.render_region(table, side, record, start, stop, parsed.bases[low:high])
    assert region == whole[offset + start : offset + stop]
    lines = fasta.render_region(table, side, record, start, stop, parsed.bases[low:high], 7)
    assert lines == b"".join(region[at : at + 7] + b"\n" for at in range(0, len(region), 7))


def test_big_blocks_are_joined_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs across the parser's blocks and records across the renderer's are one."""
    from seqcoder.fasta import parsing, rendering

    monkeypatch.setattr(parsing, "_BLOCK", 7)
    monkeypatch.setattr(rendering, "_MANY", 3)
    monkeypatch.setattr(rendering, "_SHORT", 4)
    data = b">a\n" + b"ACGTNNNNNNNNNNNacgtacgtnnnACGTNNNNRRRRR" * 9 + b"\n>b\nAC\n>c\nACGT\n" * 3
    parsed = check(data)
    assert parsed is not None
    assert len(parsed.side.exceptions) == 9 * 4
    assert len(parsed.side.case_toggles) == 9 * 2


@needs_data
@pytest.mark.real
@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("awkward/*")) or ["absent"])
def test_awkward_files_come_back(name: str) -> None:
    data = real(DATA / "awkward" / name)
    parsed = check(data)
    refused = ("protein_vfdb_card.faa", "empty_0B.fasta", "header_only_14B.fasta")
    assert (parsed is None) == name.startswith(refused)


@needs_data
@pytest.mark.real
def test_a_genome_comes_back_and_how_fast(record_property: Callable[[str, object], None]) -> None:
    path = next(iter(sorted(DATA.glob("dev/genomes/Listeria*"))))
    data = real(path)
    times = [time.process_time()]
    parsed = fasta.parse(data)
    times.append(time.process_time())
    assert isinstance(parsed, fasta.ParsedFasta)
    assert fasta.render(parsed) == data
    times.append(time.process_time())
    assert parsed.side.plain
    for what, seconds in zip(("parse", "render"), np.diff(times), strict=True):
        record_property(f"{what}_MB_per_s", round(len(data) / 1e6 / max(seconds, 1e-9)))
