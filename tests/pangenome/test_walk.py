"""Walks: what they give back, what a slice of one is, and what a damaged one is refused for."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcoder.errors import IntegrityError
from seqcoder.pangenome import Walk
from seqcoder.pangenome.plain_walk import read_plain, write_plain
from seqcoder.pangenome.varint_columns import pack, unpack, unzigzag, zigzag

SPACE = 400


@st.composite
def walks(draw: st.DrawFn) -> Walk:
    lengths = draw(st.lists(st.integers(1, 60), max_size=12))
    starts = [draw(st.integers(0, SPACE - n)) for n in lengths]
    reverse = [draw(st.booleans()) for _ in lengths]
    total = sum(lengths)
    subs = sorted(draw(st.sets(st.integers(0, max(0, total - 1)), max_size=min(20, total))))
    diffs = [draw(st.integers(1, 3)) for _ in subs]
    return Walk(
        np.array(starts, dtype=np.int64),
        np.array(lengths, dtype=np.int64),
        np.array(reverse, dtype=np.bool_),
        np.array(subs, dtype=np.int64),
        np.array(diffs, dtype=np.uint8),
    )


def space_bases() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 4, SPACE).astype(np.uint8)


def naive(walk: Walk, space: np.ndarray) -> list[int]:
    out: list[int] = []
    for start, length, reverse in zip(walk.starts, walk.lengths, walk.reverse, strict=True):
        piece = [int(b) for b in space[start : start + length]]
        out += [3 - b for b in reversed(piece)] if reverse else piece
    for position, diff in zip(walk.sub_positions, walk.sub_diffs, strict=True):
        out[position] ^= int(diff)
    return out


@given(walks(), st.sampled_from([0, 1, 50]))
def test_apply_reads_only_the_spans(walk: Walk, apart: int) -> None:
    space = space_bases()
    asked = []

    def fetch(a: int, b: int) -> np.ndarray:
        asked.append((a, b))
        return space[a:b]

    assert walk.apply(fetch, apart).tolist() == naive(walk, space)
    assert asked == [tuple(s) for s in walk.spans(apart).tolist()]
    assert all(b + apart < a for (_, b), (a, _) in itertools.pairwise(asked))


@given(walks())
def test_bytes_round_trip(walk: Walk) -> None:
    data = write_plain(walk)
    assert read_plain(data, walk.n_bases, SPACE) == walk
    assert write_plain(read_plain(data, walk.n_bases, SPACE)) == data


@given(walks(), st.data())
def test_slice_is_the_slice_of_the_bases(walk: Walk, data: st.DataObject) -> None:
    n = walk.n_bases
    start = data.draw(st.integers(0, n))
    stop = data.draw(st.integers(start, n))
    part = walk.slice(start, stop)
    part.check(stop - start, SPACE)
    space = space_bases()
    assert part.apply(lambda a, b: space[a:b]).tolist() == naive(walk, space)[start:stop]


def test_trivial_walks_are_a_few_bytes() -> None:
    assert write_plain(Walk.contiguous(0, 0)) == b""
    assert write_plain(Walk.contiguous(0, 3_000_000)) == b"\x00\x00"
    assert len(write_plain(Walk.contiguous(60_000_000, 3_000_000))) == 5
    assert read_plain(b"", 0, 10) == Walk.contiguous(0, 0)


@given(walks(), st.data())
def test_damage_is_refused_or_read_as_another_walk(walk: Walk, data: st.DataObject) -> None:
    raw = bytearray(write_plain(walk))
    if not raw:
        return
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        read = read_plain(bytes(raw), walk.n_bases, SPACE)
    except IntegrityError:
        return
    read.check(walk.n_bases, SPACE)


@given(st.binary(max_size=80), st.integers(0, 1000))
def test_any_bytes_are_refused_or_valid(data: bytes, n: int) -> None:
    try:
        walk = read_plain(data, n, SPACE)
    except IntegrityError:
        return
    walk.check(n, SPACE)


@pytest.mark.parametrize(
    ("n_bases", "space"), [(99, SPACE), (101, SPACE), (100, 149), (100, -1), (-1, 400)]
)
def test_wrong_totals_are_refused(n_bases: int, space: int) -> None:
    data = write_plain(Walk.contiguous(50, 100).slice(0, 100))
    read_plain(data, 100, 150)
    if (n_bases, space) == (99, SPACE):  # a contiguous walk takes its length from the caller
        assert read_plain(data, 99, SPACE).n_bases == 99
        return
    if (n_bases, space) == (101, SPACE):
        assert read_plain(data, 101, SPACE).n_bases == 101
        return
    with pytest.raises(IntegrityError):
        read_plain(data, n_bases, space)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    import zstandard

    bomb = bytes([1]) + zstandard.compress(bytes(1 << 26))
    with pytest.raises(IntegrityError, match="frame of"):
        read_plain(bomb, 100, SPACE)
    claims = bytes([1]) + zstandard.compress(pack(np.array([1 << 40, 0])))
    with pytest.raises(IntegrityError):
        read_plain(claims, 100, SPACE)


@given(st.lists(st.integers(0, (1 << 62) - 1), max_size=50))
def test_varints(values: list[int]) -> None:
    data = pack(np.array(values, dtype=np.int64)) + b"\xff"
    read, used = unpack(data, len(values))
    assert read.tolist() == values
    assert used == len(data) - 1


@given(st.lists(st.integers(-(1 << 60), 1 << 60), max_size=50))
def test_zigzag(values: list[int]) -> None:
    column = np.array(values, dtype=np.int64)
    assert unzigzag(zigzag(column)).tolist() == values
    assert (zigzag(column) >= 0).all()


def test_columns_of_differing_length_are_refused() -> None:
    walk = Walk.contiguous(0, 5)
    with pytest.raises(IntegrityError, match="columns"):
        Walk(walk.starts, walk.lengths[:0], walk.reverse, walk.sub_positions, walk.sub_diffs).check(
            5, 5
        )
