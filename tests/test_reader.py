"""The Python API over containers: genomes, records, slices, and how little is read for them."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seqcoder
from genomes import fasta_bytes, letters, random_bases, small_genome
from seqcoder import Settings
from seqcoder.container.rows import ChunkRow
from seqcoder.reading import base_decoder as decoding

FILES = {
    "one.fa": small_genome(30_000, seed=1, records=1),
    "sub/two.fa": small_genome(24_000, seed=2, records=3),
    "plain.fa": fasta_bytes(
        ("p", letters(random_bases(50_000, 3))), ("q x", letters(random_bases(9_000, 4)))
    ),
    "protein.faa": b">prot\nMKVLITGAGSGIGLELVRQFLELGHRVVATDRDPERLAELAEELGDRVEVLRLDVTD\n" * 4,
    "empty.fa": b"",
}


@pytest.fixture(scope="module")
def packed() -> bytes:
    return seqcoder.compress_bytes(FILES, settings=Settings(chunk_bases=8192))


def residues_of(data: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in data.split(b">")[1:]:
        header, _, body = part.partition(b"\n")
        found[header.split()[0].decode()] = body.replace(b"\n", b"")
    return found


def test_every_file_comes_back(packed: bytes) -> None:
    with seqcoder.open(packed) as container:
        assert list(container) == list(FILES)
        assert {name: genome.read() for name, genome in container.items()} == FILES
        assert container["protein.faa"].stored
        assert container["empty.fa"].read() == b""


def test_records_and_slices(packed: bytes) -> None:
    expected = residues_of(FILES["sub/two.fa"])
    with seqcoder.open(packed) as container:
        genome = container["sub/two.fa"]
        assert [record.name for record in genome] == list(expected)
        record = genome["contig2"]
        text = expected["contig2"].decode()
        assert record.header == "contig2 generated 2"
        assert len(record) == len(text)
        assert str(record) == text
        assert record[10:70] == text[10:70]
        assert record[-30:] == text[-30:]
        assert record[5] == text[5]
        assert record[100:50:-3] == text[100:50:-3]
        with pytest.raises(TypeError, match="takes a place or a slice, not 'x'"):
            record["x"]  # type: ignore[call-overload]
        assert record[::1000] == text[::1000]
        assert genome[1].name == "contig2"
        assert [r.name for r in genome[1:]] == ["contig2", "contig3"]
        with pytest.raises(KeyError):
            genome["contig9"]
        with pytest.raises(IndexError):
            record[len(record)]


@given(ends=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_any_region_is_the_file_s(ends: tuple[float, float], packed: bytes) -> None:
    expected = residues_of(FILES["one.fa"])["contig1"]
    with seqcoder.open(packed) as container:
        start, stop = sorted(round(end * len(expected)) for end in ends)
        assert container["one.fa"][0].fetch(start, stop) == expected[start:stop]


def test_bases_that_are_kept_cannot_be_changed(packed: bytes) -> None:
    data = small_genome(5000)
    with seqcoder.open(seqcoder.compress_bytes({"one.fa": data})) as container:
        genome = container["one.fa"]
        with pytest.raises(ValueError, match="read-only"):
            genome.bases()[:] = 0
        genome.bases().copy()[:] = 0
        assert genome.read() == data
    with seqcoder.open(packed) as container:
        for genome in container.values():
            before, bases = genome.read(), genome.bases()
            if bases.flags.writeable:  # of several chunks, or along a walk: the caller's own
                bases[:] = 0
            assert genome.read() == before


def test_a_region_reads_the_end_and_its_chunks_only(packed: bytes) -> None:
    with seqcoder.open(packed) as container:
        source = container.reader.source
        opened = source.bytes_read
        end = container.reader.index.others[-1]
        assert opened == 6 + 4096 + end.end - end.offset
        record = container["plain.fa"]["p"]
        assert len(record[10_000:10_100]) == 100
        base = container["plain.fa"].row.base_start
        assert base is not None
        chunks = container.reader.index.chunks_over(base + 10_000, base + 10_100)
        assert len(chunks) == 1
        assert source.bytes_read == opened + chunks[0].end - chunks[0].offset


def test_opens_paths_files_and_bytes(packed: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.sqc"
    path.write_bytes(packed)
    for source in (path, str(path), packed, io.BytesIO(packed)):
        with seqcoder.open(source) as container:
            assert len(container) == len(FILES)


def test_verify_takes_a_path(packed: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.sqc"
    path.write_bytes(packed)
    with seqcoder.open(path) as container:
        assert repr(container) == f"<Container {path}: {len(container)} genomes>"
        expected = seqcoder.verify(container, full=True)
    assert expected.intact
    assert seqcoder.verify(path, full=True) == expected
    assert seqcoder.verify(str(path)).intact
    path.write_bytes(packed + b"torn")
    assert not seqcoder.verify(path).intact
    with pytest.raises(seqcoder.InputError, match="No such file"):
        seqcoder.verify(tmp_path / "absent.sqc")


def test_what_is_no_container_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"SQC", b"ACGT", FILES["one.fa"], b"\0" * 5000):
        with pytest.raises(seqcoder.InputError, match="not a seqcoder container"):
            seqcoder.open(data)
    with pytest.raises(seqcoder.InputError, match="No such file"):
        seqcoder.open(tmp_path / "nothing.sqc")


def test_same_input_same_bytes_whatever_the_threads(tmp_path: Path) -> None:
    path = tmp_path / "g.fa"
    path.write_bytes(FILES["plain.fa"])
    settings = Settings(chunk_bases=4096)
    made = []
    for threads in (1, 2, 4):
        out = tmp_path / f"{threads}.sqc"
        seqcoder.compress(path, out, settings=settings, threads=threads)
        made.append(out.read_bytes())
    assert made[0] == made[1] == made[2]


def test_public_names_exist() -> None:
    for name in seqcoder.__all__:
        assert getattr(seqcoder, name) is not None
    with pytest.raises(AttributeError):
        seqcoder.nonsense  # noqa: B018


def test_two_inputs_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.fa").write_bytes(FILES["one.fa"])
    with pytest.raises(seqcoder.UsageError, match=r"would both be called 'x\.fa'"):
        seqcoder.compress([tmp_path / "a/x.fa", tmp_path / "b/x.fa"], tmp_path / "x.sqc")


def test_names_that_lead_out_are_refused(tmp_path: Path) -> None:
    packed = seqcoder.compress_bytes({"a/x.fa": b">x\nACGT\n"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").symlink_to(tmp_path)
    with pytest.raises(seqcoder.UsageError, match="leads out"):
        seqcoder.decompress(packed, tmp_path / "out")
    evil = packed.replace(b"a/x.fa", b"../xfa")
    with pytest.raises(seqcoder.IntegrityError):
        seqcoder.decompress(evil, tmp_path / "out")


@pytest.mark.parametrize("name", seqcoder.__all__)
def test_no_module_hides_a_public_name(name: str) -> None:
    """Importing seqcoder.X sets the attribute X of the package to the module."""
    assert find_spec(f"seqcoder.{name}") is None


def test_a_walk_decodes_each_chunk_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk touches a chunk in many places; decoding it for each would be quadratic."""
    one = np.frombuffer(letters(random_bases(60_000, 8)), np.uint8).copy()
    other = one.copy()
    other[::97] = np.frombuffer(b"ACGT", np.uint8)[(np.arange(len(other[::97])) % 4)]
    other = np.concatenate([other[30_000:], other[:29_000], other[31_000:33_000]])
    files = {
        "one.fa": fasta_bytes(("one", one.tobytes())),
        "other.fa": fasta_bytes(("other", other.tobytes())),
    }
    data = seqcoder.compress_bytes(files, settings=Settings(chunk_bases=8192))
    with seqcoder.open(data) as container:
        genome = container["other.fa"]
        assert genome.row.base_start is None
        decoded: list[int] = []
        real = decoding.decode_chunk

        def counted(row: ChunkRow, *rest: Any, **named: Any) -> Any:
            decoded.append(row.n_bases)
            return real(row, *rest, **named)

        monkeypatch.setattr(decoding, "decode_chunk", counted)
        assert genome.read() == files["other.fa"]
        assert len(decoded) <= len(container.reader.index.chunks)
        assert str(genome[0])[100:200] == other[100:200].tobytes().decode()
