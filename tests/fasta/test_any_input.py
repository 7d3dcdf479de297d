"""Any bytes, in any compression, through the real calls: the same bytes come out, or one line."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import seqcoder
from fasta_strategies import fasta_files
from genomes import REAL, real_file
from seqcoder import InputError, Settings

COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"BZh")
ONE = Settings(level=1)


def bgzip(data: bytes) -> bytes:
    """Members of at most 65,280 bytes, with the extra field BC and an empty member at the end."""
    out = bytearray()
    for at in [*range(0, len(data), 65_280), len(data)]:
        member = bytearray(gzip.compress(data[at : at + 65_280], mtime=0))
        member[3] |= 4
        extra = b"\6\0BC\2\0" + (len(member) + 8 - 1).to_bytes(2, "little")
        out += member[:10] + extra + member[10:]
    return bytes(out)


def members(pack: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda data: b"".join(pack(data[at : at + 7]) for at in range(0, len(data) or 1, 7))


def zstd(data: bytes) -> bytes:
    """With a checksum, as the zstd command does it: without, damage may go unseen by anyone."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "gzip members": members(gzip.compress),
    "bgzip": bgzip,
    "zstd": zstd,
    "zstd frames": members(zstd),
    "xz": lzma.compress,
    "xz streams": members(lzma.compress),
    "bzip2": bz2.compress,
    "bzip2 streams": members(bz2.compress),
}
INPUTS = st.one_of(
    fasta_files(),
    st.binary(max_size=300),
    st.binary(max_size=80).map(lambda data: b">x\nACGTACGTACGT" + data),
    st.text(alphabet="ACGTN>acgtn\n\r -U*", max_size=100).map(str.encode),
).filter(lambda data: not data.startswith(COMPRESSED))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(INPUTS, st.sampled_from(sorted(PACKERS))), min_size=1, max_size=3))
def test_round_trip(given_files: list[tuple[bytes, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        expected: dict[str, bytes] = {}
        for number, (data, kind) in enumerate(given_files):
            path = folder / f"{number}.fa"
            path.write_bytes(PACKERS[kind](data))
            # Stored bytes of a plain file may look compressed: not here, see INPUTS.
            expected[path.name] = data
        report = seqcoder.compress(
            [folder / name for name in expected], folder / "x.sqc", settings=ONE, threads=1
        )
        assert not report.failures
        written = seqcoder.decompress(folder / "x.sqc", folder / "out", threads=1)
        assert {path.name: path.read_bytes() for path in written} == expected
        with seqcoder.open(folder / "x.sqc", threads=1) as container:
            assert seqcoder.verify(container, full=True, threads=1).intact


@settings(max_examples=60, deadline=None)
@given(INPUTS, st.sampled_from(sorted(set(PACKERS) - {"plain"})), st.data())
def test_damaged_inputs_are_refused(data: bytes, kind: str, draw: st.DataObject) -> None:
    """Cut short or a bit flipped: refused in one line, or what comes out is what was there.

    Between two members a cut cannot be seen; headers have bits that do not matter.
    """
    packed = PACKERS[kind](data)
    cut = draw.draw(st.integers(0, len(packed) - 1))
    flipped = bytearray(packed)
    flipped[draw.draw(st.integers(0, len(packed) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    several = kind not in ("gzip", "zstd", "xz", "bzip2")
    for damaged, may_pass in ((packed[:cut], several), (bytes(flipped), True)):
        with tempfile.TemporaryDirectory() as name:
            path, out = Path(name) / "x.fa", Path(name) / "x.sqc"
            path.write_bytes(damaged)
            refused = ""
            try:
                seqcoder.compress(path, out, settings=ONE, threads=1)
            except InputError as error:
                refused = str(error)
            if refused:
                assert str(path) in refused
                assert "\n" not in refused
                assert not out.exists() or seqcoder.open(out).keys() == set()
                continue
            with seqcoder.open(out, threads=1) as container:
                file = container["x.fa"].read()
            # What no longer begins like compressed data is stored as it is.
            assert (may_pass and data.startswith(file)) or file == damaged


def test_bytes_that_look_compressed_and_are_not() -> None:
    with pytest.raises(InputError, match="corrupt gzip"):
        seqcoder.compress_bytes({"x": b"\x1f\x8b" + bytes(20)}, settings=ONE)


PINNED = json.loads((Path(__file__).parent / "awkward.json").read_text())


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="no real genomes in ../shared/data")
def test_all_awkward_files_are_pinned() -> None:
    assert {path.name for path in (REAL / "awkward").glob("*.zst")} == set(PINNED)


@pytest.mark.real
@pytest.mark.parametrize("name", PINNED)
def test_awkward_files(name: str) -> None:
    """The container's size at level 1 is pinned, within what zstd's versions differ by."""
    data = real_file(f"awkward/{name}")
    packed = seqcoder.compress_bytes({name.removesuffix(".zst"): data}, settings=ONE)
    with seqcoder.open(io.BytesIO(packed), threads=1) as container:
        assert container[name.removesuffix(".zst")].read() == data
        assert seqcoder.verify(container, full=True).intact
    assert len(packed) == pytest.approx(PINNED[name], rel=0.001, abs=8)
