"""Relative walks in the core: both builds do the same, and whatever is read is sound."""

from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core_builds import BUILDS
from seqcoder import core
from seqcoder.pangenome.relative_walk import BASE, NOVEL, PARENT, SELF, Forerunner
from seqcoder.pangenome.walk import Walk
from walk_items import code_items

SPACE = 500
both = pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.__name__)
quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def walk_over(space: int, rng: np.random.Generator) -> Forerunner:
    lengths = rng.integers(1, 60, 8)
    starts = rng.integers(0, space - 60, 8)
    n = int(lengths.sum())
    subs = np.sort(rng.choice(n, 20, replace=False))
    diffs = rng.integers(1, 4, 20).astype(np.uint8)
    return Forerunner.of(Walk(starts, lengths, rng.random(8) < 0.4, subs, diffs))


def genome_along(
    parents: list[Forerunner], rng: np.random.Generator
) -> list[tuple[int, int, int, int]]:
    """Draw items over all spaces."""
    items: list[tuple[int, int, int, int]] = []
    at = novel = 0
    for _ in range(12):
        space = int(rng.integers(0, 3 + len(parents)))
        size = {NOVEL: 40, BASE: SPACE, SELF: at}.get(space, 0)
        if space >= PARENT:
            size = parents[space - PARENT].n_bases
        if size < 2:
            continue
        length = int(rng.integers(1, min(size, 90)))
        source = novel if space == NOVEL else int(rng.integers(0, size - length + 1))
        items.append((space, int(rng.integers(0, 2)) if space else 0, source, length))
        novel += length if space == NOVEL else 0
        at += length
    return items


def plainly(
    items: list[tuple[int, int, int, int]], parents: list[Forerunner], text: np.ndarray
) -> np.ndarray:
    """The bases that items stand for, by their definition."""
    out = np.empty(0, np.uint8)
    spaces = [text[SPACE:], text[:SPACE], None]
    spaces += [parent.walk.apply(lambda a, b: text[a:b]) for parent in parents]
    for space, reverse, source, length in items:
        piece = (out if space == SELF else spaces[space])[source : source + length]
        out = np.concatenate([out, piece[::-1] ^ 3 if reverse else piece])
    return out


def columns_of(*groups: list[Forerunner]) -> tuple[list[tuple[np.ndarray, np.ndarray]], ...]:
    return tuple([(one.rows, one.subs) for one in group] for group in groups)


@both
@quick
@given(st.integers(0, 10**6), st.integers(0, 3), st.sampled_from([0.0, 0.05, 0.4]))
def test_what_is_written_is_read(build: ModuleType, seed: int, n_parents: int, rate: float) -> None:
    rng = np.random.default_rng(seed)
    parents = [walk_over(SPACE, rng) for _ in range(n_parents)]
    forerunners = [*parents, walk_over(SPACE, rng)]
    items = genome_along(parents, rng)
    novel = sum(item[3] for item in items if item[0] == NOVEL)
    text = rng.integers(0, 4, SPACE + novel).astype(np.uint8)
    bases = plainly(items, parents, text)
    copied = np.repeat([space != NOVEL for space, *_ in items], [item[3] for item in items])
    where = copied & (rng.random(len(bases)) < rate)
    bases[where] ^= rng.integers(1, 4, int(where.sum())).astype(np.uint8)
    relatives = (*columns_of(parents, forerunners), np.arange(len(forerunners)))
    rows = np.array(items, np.int64).reshape(-1, 4)
    payload, n_plain, n_changed, pieces, subs = build.write_relative_walk(
        rows, bases, text, SPACE, *relatives, build.Alleles()
    )
    assert np.array_equal(Forerunner(pieces, subs).walk.apply(lambda a, b: text[a:b]), bases)
    assert (
        payload.tobytes()
        == core.write_relative_walk(rows, bases, text, SPACE, *relatives, core.Alleles())[
            0
        ].tobytes()
    )
    if not rate:
        assert payload.tobytes().startswith(code_items(items)[:-4])
    counts = (len(items), n_plain, n_changed)
    limits = 1000, 1 << 20
    status, *found = build.read_relative_walk(
        payload, counts, len(bases), len(text), SPACE, *relatives, *limits, build.Alleles()
    )
    assert status == 0
    assert all(np.array_equal(a, b) for a, b in zip(found, (pieces, subs), strict=True))


@both
@quick
@given(st.integers(0, 10**6), st.lists(st.sets(st.integers(0, 5)), min_size=2, max_size=5))
def test_counts_kept_from_genome_to_genome_are_those_counted_anew(
    build: ModuleType, seed: int, sets: list[set[int]]
) -> None:
    rng = np.random.default_rng(seed)
    walks = [walk_over(SPACE, rng) for _ in range(6)]
    kept = build.Alleles()
    for ordinals in sets:
        parents = [walks[at] for at in sorted(ordinals)][:2]
        items = genome_along(parents, rng)
        text = rng.integers(0, 4, SPACE + sum(i[3] for i in items if i[0] == NOVEL))
        bases = plainly(items, parents, text.astype(np.uint8))
        novel = np.repeat([space == NOVEL for space, *_ in items], [item[3] for item in items])
        bases[(rng.random(len(bases)) < 0.2) & ~novel] ^= 2
        groups = columns_of(parents, [walks[at] for at in sorted(ordinals)])
        given_ = (SPACE, *groups, np.array(sorted(ordinals), np.int64))
        rows = np.array(items, np.int64).reshape(-1, 4)
        once, again = (
            build.write_relative_walk(rows, bases, text.astype(np.uint8), *given_, alleles)
            for alleles in (build.Alleles(), kept)
        )
        assert once[0].tobytes() == again[0].tobytes()
        assert once[1:3] == again[1:3]
        counts = (len(items), *once[1:3])
        head = once[0], counts, len(bases), len(text)
        status, *found = build.read_relative_walk(*head, *given_, 1000, 1 << 20, kept)
        assert status == 0
        assert all(np.array_equal(a, b) for a, b in zip(found, once[3:], strict=True))


@both
@quick
@given(st.binary(max_size=200), st.integers(0, 10**6), st.data())
def test_any_bytes_are_a_walk_or_refused(
    build: ModuleType, payload: bytes, seed: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    parents = [walk_over(SPACE, rng) for _ in range(2)]
    columns = [(one.rows, one.subs) for one in parents]
    n_bases = data.draw(st.integers(0, 3000))
    counts = tuple(data.draw(st.integers(0, min(n_bases, 40))) for _ in range(3))
    limits = data.draw(st.sampled_from([(10, 1000), (100, 10), (1 << 40, 1 << 40)]))
    status, pieces, subs = build.read_relative_walk(
        np.frombuffer(payload, np.uint8),
        counts,
        n_bases,
        SPACE + 100,
        SPACE,
        columns,
        columns,
        np.arange(2),
        *limits,
        build.Alleles(),
    )
    if status:
        assert status in (
            core.WALK_BAD_ITEM,
            core.WALK_BAD_SUBSTITUTION,
            core.WALK_BAD_SITES,
            core.WALK_TOO_LARGE,
        )
        assert not len(pieces)
    else:
        Forerunner(pieces, subs).walk.check(n_bases, SPACE + 100)


@both
def test_what_is_no_walk_is_refused(build: ModuleType) -> None:
    text = np.zeros(SPACE, np.uint8)
    good = Forerunner.of(Walk.contiguous(0, 100))
    far = Forerunner.of(Walk.contiguous(SPACE, 100))
    none, fresh = np.empty(0, np.int64), build.Alleles()
    for items in ([(BASE, 0, 490, 20)], [(SELF, 0, 0, 20)], [(PARENT, 0, 90, 20)], [(9, 0, 0, 20)]):
        with pytest.raises(ValueError, match="items"):
            build.write_relative_walk(
                np.array(items),
                text[:20],
                text,
                SPACE,
                [(good.rows, good.subs)],
                [],
                none,
                fresh,
            )
    novel = np.array([(NOVEL, 0, 0, 20)])
    other = text[:20] + np.uint8(1)
    with pytest.raises(ValueError, match="items"):
        build.write_relative_walk(novel, other, text, SPACE - 20, [], [], none, fresh)
    for parents, forerunners in (([far], []), ([], [far])):
        groups = columns_of(parents, forerunners)
        named = np.arange(len(forerunners))
        with pytest.raises(ValueError, match="no walk over the space"):
            build.read_relative_walk(
                text, (1, 0, 0), 20, SPACE, SPACE, *groups, named, 100, 100, fresh
            )
    with pytest.raises(ValueError, match="counts"):
        build.read_relative_walk(text, (21, 0, 0), 20, SPACE, SPACE, [], [], none, 100, 100, fresh)
    two = columns_of([], [good, good])
    for ordinals in ([0], [1, 1], [1, 0]):
        with pytest.raises(ValueError, match="ordinals"):
            build.read_relative_walk(
                text, (1, 0, 0), 20, SPACE, SPACE, *two, np.array(ordinals), 100, 100, fresh
            )


@both
def test_a_walk_is_applied_to_known_parts_only(build: ModuleType) -> None:
    one = np.array([1], np.uint8)
    starts, ranges = np.array([10, 50]), [np.zeros(20, np.uint8), np.ones(5, np.uint8)]

    def apply(start: int, length: int, position: int, n: int = 5) -> np.ndarray:
        out = np.empty(n, np.uint8)
        columns = np.array([start]), np.array([length]), np.array([True])
        build.apply_walk(*columns, np.array([position]), one, starts, ranges, out)
        return out

    assert apply(50, 5, 0).tolist() == [3, 2, 2, 2, 2]
    assert apply(25, 5, 4).tolist() == [3, 3, 3, 3, 2]
    for wrong in ((9, 5, 0), (26, 5, 0), (51, 5, 0), (-(1 << 63), 5, 0), (50, -1, 0), (50, 4, 0)):
        with pytest.raises(ValueError, match=r"walk|out"):
            apply(*wrong)
    for position in (-1, 5):
        with pytest.raises(ValueError, match="substitution"):
            apply(50, 5, position)
