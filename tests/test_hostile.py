"""Containers whose checksums all hold and whose contents are absurd: refused, and cheaply."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import seqcoder
from genomes import letters, random_bases, small_genome
from seqcoder import IntegrityError, Settings, UsageError, coder
from seqcoder.container import frames
from seqcoder.container.frames import bases_digest
from seqcoder.container.reader import ContainerReader
from seqcoder.container.rows import FASTA, PLAIN, STORED, ChunkRow, GenomeRow, check_name
from seqcoder.container.scan import scan_sections
from seqcoder.container.sections import END, section
from seqcoder.container.writer import ChunkFrames, ContainerWriter, GenomeFrames
from seqcoder.reading.repair import repair
from seqcoder.settings import DEFAULT_MODEL
from seqcoder.storage.range_source import RangeSource
from seqcoder.storage.varint import put_bytes, put_varint

BASES = random_bases(8)
# One record called n of 8 residues: lengths column, then a string list of NEW END.
TABLE = bytes.fromhex("01 01 08 02 04 00 00 02") + b"n\n"
FILE = b">n\n" + letters(BASES) + b"\n"
ROW = GenomeRow("g.fa", FASTA, 0, len(FILE), 1, 8, 8, 0, 0, 0, 0, 0, sha256(FILE).digest())


def varints(*values: int) -> bytes:
    out = bytearray()
    for value in values:
        put_varint(out, value)
    return bytes(out)


def side(streams: bytes = b"\0\0", table: bytes = TABLE) -> bytes:
    out = bytearray()
    put_bytes(out, table)
    return bytes(out) + streams


def rle_frame(size: int, declared: int) -> bytes:
    """A frame of ``size`` zeros, 128 KiB in 4 bytes, that declares another size."""
    out = bytearray(b"\xe0" + struct.pack("<Q", declared))
    while True:
        n = min(size, 1 << 17)
        size -= n
        out += struct.pack("<I", n << 3 | 2 | (size == 0))[:3] + b"\0"
        if not size:
            return bytes(out)


def container(
    row: GenomeRow = ROW,
    streams: bytes = b"\0\0",
    *,
    chunk: ChunkRow | None = None,
    residual: bytes = coder.encode(BASES, coder.TWO_BIT),
    latents: bytes = b"",
    **given: bytes,
) -> bytes:
    """One chunk and one genome, as said, however absurd; all checksums right."""
    packed = frames.compress(residual, 3)
    chunk = chunk or ChunkRow(8, coder.TWO_BIT, b"", 0, 0, bases_digest(BASES))
    chunk = replace(chunk, latents_length=len(latents), residual_length=len(packed))
    streams = b"" if row.kind == STORED else frames.compress(side(streams), 3)
    parts = {"side": streams, "walk": b"", "stored": b""} | given
    lengths = {f"{key}_length": len(value) for key, value in parts.items()}
    out = io.BytesIO()
    writer = ContainerWriter(out)
    writer.add_chunk(ChunkFrames(chunk, latents, packed))
    writer.add_genome(GenomeFrames(replace(row, **lengths), record_table=TABLE, **parts))
    writer.finish()
    return out.getvalue()


def with_index(frame: bytes) -> bytes:
    """A container of one chunk whose index frame is ``frame``."""
    whole = container()
    place = ContainerReader(RangeSource(whole)).index.chunks[-1].end
    return whole[:place] + section(END, b"", frame + place.to_bytes(6, "little"))


def read_all(data: bytes) -> None:
    with seqcoder.open(data, threads=1) as opened:
        for genome in opened.values():
            genome.read()
            for record in genome:
                assert record.name
                record.fetch(0, len(record))


def test_the_model_of_all_below_is_sound() -> None:
    read_all(container())


@pytest.mark.parametrize(
    "name",
    ["../x", "/x", "a//b", "", ".", "a/..", "a\\b", "a\0", "a\tb", "\x1b[2J", "a\x85", "a\u2028b"],
)
def test_names_that_lead_out_or_break_listings(name: str) -> None:
    with pytest.raises(UsageError, match="plain relative path"):
        check_name(name)
    with pytest.raises(UsageError, match="plain relative path"):
        seqcoder.compress_bytes({name: FILE})
    with pytest.raises(IntegrityError, match="plain relative path"):
        seqcoder.open(container(replace(ROW, name=name)))


def test_a_name_that_is_no_unicode() -> None:
    with pytest.raises(UsageError, match="plain relative path"):
        seqcoder.compress_bytes({"bad\udcff.fa": FILE})


HUGE = 1 << 39
BIG = replace(ROW, size=1 << 40)
ROWS = {
    "stored with a frame that is none": (replace(ROW, kind=STORED), {"stored": b""}),
    "stored and plain": (replace(ROW, kind=STORED, flags=PLAIN), {"stored": b"\0" + FILE}),
    "flags of a later version": (replace(ROW, flags=4), {}),
    "plain with exceptions": (replace(BIG, flags=PLAIN, n_residues=9), {}),
    "more residues than the table": (replace(BIG, n_residues=HUGE), {}),
    "more bases than base space": (replace(BIG, n_bases=HUGE, n_residues=HUGE), {}),
    "fewer bases": (replace(ROW, n_bases=7), {}),
    "more records": (replace(BIG, n_records=HUGE), {}),
    "another width": (replace(ROW, line_width=5), {}),
    "far from base space": (replace(ROW, base_start=1 << 60), {}),
    "no walk": (replace(ROW, base_start=None), {}),
    "walk of unknown form": (
        replace(ROW, base_start=None),
        {"walk": frames.compress(b"\xff", 3)},
    ),
    "walk longer than base space": (
        replace(BIG, base_start=None, n_bases=HUGE, n_residues=HUGE),
        {"walk": frames.compress(b"\0\0", 3)},
    ),
    "side frame absent": (ROW, {"side": b""}),
    "side frame empty": (ROW, {"side": frames.compress(b"", 3)}),
    "side frame twice": (ROW, {"side": frames.compress(side(), 3) * 2}),
    "side frame declares more": (BIG, {"side": rle_frame(100, 1 << 35)}),
    "side frame declares less": (BIG, {"side": rle_frame(1 << 30, 100)}),
    "walk frame too large": (replace(BIG, base_start=None), {"walk": rle_frame(1 << 30, 1 << 30)}),
}


@pytest.mark.parametrize(("row", "parts"), ROWS.values(), ids=ROWS)
def test_rows_and_frames(row: GenomeRow, parts: dict[str, bytes]) -> None:
    with pytest.raises(IntegrityError, match="container in memory"):
        read_all(container(row, **parts))


STREAMS = {
    "unknown flag": varints(4096, 0),
    "exceptions behind the end": varints(2048, 0, 1) + b"N" + b"\1\x08" + b"\0",
    "exceptions the row knows nothing of": varints(2048, 0, 1) + b"N" + b"\0\0",
    "too many exceptions": varints(2048, 0, 1 << 40),
    "a toggle behind the end": varints(1024, 0, 1) + b"\1\x09",
    "toggles backwards": varints(1024, 0, 2) + b"\0",
    "blank lines": varints(128, 0) + b"\6" + b"\xff" * 6,
    "ragged lines": varints(256, 0) + b"\1\1" + b"\5\0\0\0\0\x80" + b"\5\0\0\0\0\x80",
    "bytes behind the end": b"\0\0\0",
}


@pytest.mark.parametrize("streams", STREAMS.values(), ids=STREAMS)
@pytest.mark.parametrize("flags", [0, PLAIN])
def test_side_streams(streams: bytes, flags: int) -> None:
    data = container(replace(BIG, flags=flags), streams)
    with pytest.raises(IntegrityError, match="container in memory"), seqcoder.open(data) as opened:
        opened["g.fa"].read()


CHUNKS = {
    "unknown coding": ChunkRow(8, 77, b"", 0, 0, bytes(8)),
    "too few bytes": ChunkRow(1 << 28, 0, b"", 0, 0, bytes(8)),
    "wrong digest": ChunkRow(8, 0, b"", 0, 0, bytes(8)),
    "impossibly many bases": ChunkRow(1 << 40, 0, b"", 0, 0, bytes(8)),
    "no bases": ChunkRow(0, 0, b"", 0, 0, bytes(8)),
    "a model of too few letters": ChunkRow(8, 0, b"model", 0, 0, bytes(8)),
    "repeats of nothing": ChunkRow(8, 1, b"", 0, 0, bytes(8)),
}


@pytest.mark.parametrize("chunk", CHUNKS.values(), ids=CHUNKS)
def test_chunks(chunk: ChunkRow, tmp_path: Path) -> None:
    data = container(chunk=chunk)
    with pytest.raises(IntegrityError, match="container in memory"):
        read_all(data)
    path = tmp_path / "x.sqc"
    path.write_bytes(data)
    with pytest.raises(IntegrityError, match="no genome is whole"):
        repair(path, tmp_path / "out.sqc")


@pytest.mark.parametrize("first_base", [1 << 30, 1 << 62])
def test_repair_of_a_chunk_far_away(first_base: int, tmp_path: Path) -> None:
    """A gap is kept in chunks a reader takes; one that cannot be is told."""
    whole = container()
    chunk = scan_sections(RangeSource(whole)).index.chunks[0]
    moved = replace(chunk, first_base=first_base)
    entry = ContainerReader(RangeSource(whole)).index.genomes[0]
    far = replace(entry, row=replace(entry.row, base_start=first_base))
    data = whole[: chunk.offset]
    for part, there in ((chunk, moved), (entry, far)):
        payload = whole[part.section.payload_offset : part.end - 4]
        data += section(part.section.kind, there.section.head, payload)
    path, out = tmp_path / "x.sqc", tmp_path / "out.sqc"
    path.write_bytes(data)
    if first_base > 1 << 40:
        with pytest.raises(IntegrityError, match="no genome is whole"):
            repair(path, out)
        return
    assert repair(path, out).recovered == ("g.fa",)
    with seqcoder.open(out) as mended:
        assert mended["g.fa"].read() == FILE


INDEXES: dict[str, Callable[[], bytes]] = {
    "no frame": lambda: with_index(b"\x01\x02"),
    "lists nothing": lambda: with_index(b"\0"),
    "ends within an entry": lambda: with_index(b"\0C\5"),
    "a bomb": lambda: with_index(rle_frame(1 << 30, 1 << 30)),
    "declares much": lambda: with_index(rle_frame(100, 1 << 30)),
    "a million chunks": lambda: with_index(
        frames.compress(b"C\4\0\1\0\0\x09" * (1 << 20), 3, frames.side_dictionary())
    ),
    "a section behind the index": lambda: with_index(b"\0z\0" + varints(1 << 40)),
}


@pytest.mark.parametrize("make", INDEXES.values(), ids=INDEXES)
def test_indexes(make: Callable[[], bytes]) -> None:
    data = make()
    began = time.process_time()
    with pytest.raises(IntegrityError, match="container in memory"):
        seqcoder.open(data)
    assert time.process_time() - began < 3


def test_an_index_that_shrinks_much_is_written_so_that_it_can_be_read() -> None:
    out = io.BytesIO()
    writer = ContainerWriter(out)
    row = replace(ROW, kind=STORED, n_records=0, n_residues=0, n_bases=0, size=0, stored_length=1)
    table = bytes(9 << 20)
    for name in ("a", "b"):
        writer.add_genome(GenomeFrames(replace(row, name=name), stored=b"\0"))
    writer.index.genomes[:] = [replace(entry, record_table=table) for entry in writer.index.genomes]
    writer.finish()
    found = ContainerReader(RangeSource(out.getvalue())).index
    assert [entry.record_table for entry in found.genomes] == [table, table]


def test_files_of_nothing_but_entries() -> None:
    """Half a million sections, and ends of which each is the last but for its CRC."""
    ends = bytearray(b"SQC\2")
    for _ in range(30_000):
        ends += b"E\0\6" + len(ends).to_bytes(6, "little") + bytes(4)
    for data in (b"SQC\2" + section(ord("z"), b"", b"") * 500_000 + b"z", bytes(ends)):
        began = time.process_time()
        with pytest.raises(IntegrityError, match="no whole end section"):
            seqcoder.open(data)
        assert time.process_time() - began < 5


def test_repair_of_a_file_that_looks_like_sections_everywhere(tmp_path: Path) -> None:
    """Each of a million bytes might begin a chunk as long as the rest of the file."""
    path = tmp_path / "x.sqc"
    path.write_bytes(b"SQC\2" + b"C\4\0\1\0\0\xff\x7f" * 130_000)
    began = time.process_time()
    with pytest.raises(IntegrityError, match="nothing to recover"):
        repair(path, tmp_path / "out.sqc")
    assert time.process_time() - began < 10


def test_empty_frames_are_looked_at() -> None:
    """zstandard answers for a frame of no contents without a look at it."""
    empty = frames.compress(b"", 3)
    assert frames.decompress(empty, 0, "t") == frames.decompress(b"\x20\0\1\0\0", 0, "t") == b""
    for wrong in (b"\x20\0\1\0\0x", b"\x20\0\1\0", b"\x20\1\1\0\0", b"", b"\x20"):
        with pytest.raises(IntegrityError):
            frames.decompress(wrong, 100, "t")


def test_repair_with_the_beginning_lost(tmp_path: Path) -> None:
    """A chunk names its model itself."""
    from seqcoder.latent import load_model, pack_latents

    model = load_model(DEFAULT_MODEL)
    latents = np.ones(1, np.int8)
    data = container(
        chunk=ChunkRow(8, 2, bytes.fromhex(model.digest)[:8], 0, 0, bases_digest(BASES)),
        residual=coder.encode(BASES, 2, model.classes(latents, 8), model.library),
        latents=frames.compress(pack_latents(latents), 3),
    )
    read_all(data)
    for damaged in (bytes(4) + data[4:], data[4:], data[4:-1]):
        path, out = tmp_path / "x.sqc", tmp_path / "out.sqc"
        path.write_bytes(damaged)
        assert repair(path, out, force=True).recovered == ("g.fa",)
        with seqcoder.open(out) as mended:
            assert mended["g.fa"].read() == FILE


def test_names_that_are_no_text_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "x.sqc"
    path.write_bytes(seqcoder.compress_bytes({"x.fa": b">a\xffb\nACGT\n"}))
    command = [
        sys.executable,
        "-c",
        "from seqcoder.cli import main; main()",
        "list",
        "-r",
        str(path),
    ]
    strict = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(command, capture_output=True, env=strict, check=False)
    assert done.stdout == b"#genome\trecord\tlength\nx.fa\ta\xffb\t4\n", done.stderr


def test_mutated_contents_under_right_checksums() -> None:
    """Bytes of frames and tables changed at random: refused, or the very file of the row."""
    rng = np.random.default_rng(7)
    files = {
        "a.fa": small_genome(3000),
        "r.fa": b"; x\r\n>c_9 l=8\r\nACGTN\r\nNac\r\n>c_10\r\nA-GT",
    }
    packed = seqcoder.compress_bytes(files, settings=Settings(chunk_bases=2048, level=1))
    source = RangeSource(packed)
    index = scan_sections(source).index
    chunks = index.chunks
    tables = [entry.record_table for entry in ContainerReader(source).index.genomes]
    interesting = [0, 1, 2, 3, 4, 5, 0x7F, 0x80, 0xFF]
    for _ in range(150):
        out = io.BytesIO()
        writer = ContainerWriter(out)
        for c in chunks:
            frame = source.read(c.residual_offset, c.row.residual_length)
            residual = bytearray(frames.decompress(frame, 1 << 20, "t"))
            if rng.integers(4) == 0:
                residual[rng.integers(len(residual))] ^= rng.integers(1, 256)
            frame = frames.compress(bytes(residual), 3)
            writer.add_chunk(ChunkFrames(replace(c.row, residual_length=len(frame)), b"", frame))
        for g, packed_table in zip(index.genomes, tables, strict=True):
            frame = source.read(g.side_offset, g.row.side_length)
            inner = bytearray(frames.decompress(frame, 1 << 20, "t", frames.side_dictionary()))
            table = bytearray(packed_table or b"")
            for data in (inner, table):
                for _ in range(rng.integers(3)):
                    data[rng.integers(len(data))] = rng.choice([*interesting, rng.integers(256)])
            frame = frames.compress(bytes(inner), 3, frames.side_dictionary())
            row = replace(g.row, side_length=len(frame))
            writer.add_genome(GenomeFrames(row, frame, record_table=bytes(table)))
        writer.finish()
        with seqcoder.open(out.getvalue(), threads=1) as opened:
            for name, genome in opened.items():
                try:
                    assert genome.read() == files[name]
                    for record in genome:
                        record.fetch(0, len(record))
                except IntegrityError as error:
                    assert "container in memory" in str(error)  # noqa: PT017 - either will do


def test_mutated_walks_under_right_checksums() -> None:
    """Walks over relatives changed at random: refused, or the very file of the row."""
    rng = np.random.default_rng(8)
    bases = random_bases(20_000, seed=3)
    files = {}
    for i in range(4):
        bases = np.concatenate([bases[:6000], random_bases(300, seed=i), bases[6100:]])
        bases[rng.integers(0, len(bases), 40)] ^= 1
        files[f"g{i}.fa"] = b">x\n" + letters(bases) + b"\n"
    packed = seqcoder.compress_bytes(files, settings=Settings(level=1))
    source = RangeSource(packed)
    index = scan_sections(source).index
    chunks = index.chunks
    tables = [entry.record_table for entry in ContainerReader(source).index.genomes]
    walks = [
        frames.decompress(source.read(g.walk_offset, g.row.walk_length), 1 << 20, "t")
        for g in index.genomes
        if g.row.walk_length
    ]
    assert walks, "no genome is a walk"
    for _ in range(60):
        out = io.BytesIO()
        writer = ContainerWriter(out)
        for c in chunks:
            residual = source.read(c.residual_offset, c.row.residual_length)
            writer.add_chunk(ChunkFrames(c.row, b"", residual))
        for g, table in zip(index.genomes, tables, strict=True):
            side_frame = source.read(g.side_offset, g.row.side_length)
            walk = b""
            if g.row.walk_length:
                data = bytearray(walks[rng.integers(len(walks))])
                for _ in range(rng.integers(3)):
                    data[rng.integers(min(len(data), 20))] = rng.integers(256)
                walk = frames.compress(bytes(data), 3)
            row = replace(g.row, walk_length=len(walk))
            writer.add_genome(GenomeFrames(row, side_frame, walk, b"", table or b""))
        writer.finish()
        with seqcoder.open(out.getvalue(), threads=1) as opened:
            for name, genome in opened.items():
                try:
                    assert genome.read() == files[name]
                except IntegrityError as error:
                    assert "container in memory" in str(error)  # noqa: PT017 - either will do
