"""The pan-genome: walks give genomes back, relatives are cheap, bytes are determined."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import seqcoder
from seqcoder.errors import IntegrityError
from seqcoder.pangenome import PanGenome, Walk, read_walk
from seqcoder.pangenome.build import Added, Before
from seqcoder.pangenome.plain_walk import RELATIVE, read_plain
from seqcoder.pangenome.walk_reading import MAX_FORERUNNERS, read_walks

Bases = np.ndarray
ACGT = bytes.maketrans(bytes(range(4)), b"ACGT")


def random_bases(n: int, seed: int) -> Bases:
    return np.random.default_rng(seed).integers(0, 4, n).astype(np.uint8)


def reverse_complement(bases: Bases) -> Bases:
    return bases[::-1] ^ 3


def mutate(bases: Bases, rate: float, seed: int) -> Bases:
    rng = np.random.default_rng(seed)
    out = bases.copy()
    where = rng.random(len(out)) < rate
    out[where] ^= rng.integers(1, 4, int(where.sum())).astype(np.uint8)
    return out


def test_a_walk_that_is_wrong_names_its_genome(monkeypatch: pytest.MonkeyPatch) -> None:
    real = PanGenome._sequence
    monkeypatch.setattr(PanGenome, "_sequence", lambda pan, walk: real(pan, walk)[::-1])
    files = {f"{i}.fa": b">a\n" + random_bases(3000, i).tobytes().translate(ACGT) for i in (1, 2)}
    with pytest.raises(IntegrityError, match=r"^1\.fa: a genome of 3000 bases does not come back"):
        seqcoder.compress_bytes(files, settings=seqcoder.Settings(level=1))


class Filled:
    """A pan-genome and what its genomes came to."""

    def __init__(self, genomes: list[Bases]) -> None:
        self.pan = PanGenome()
        self.genomes = genomes
        self.added: list[Added] = [self.pan.add(genome) for genome in genomes]
        self.data = [added.data for added in self.added]

    def read(self, i: int) -> Walk:
        sizes = [len(genome) for genome in self.genomes]
        return read_walk(i, self.data.__getitem__, sizes.__getitem__, self.pan.n_bases)

    def check(self) -> None:
        space = np.concatenate([added.novel for added in self.added] or [np.zeros(0, np.uint8)])
        assert np.array_equal(space, self.pan.novel)
        for i, (genome, added) in enumerate(zip(self.genomes, self.added, strict=True)):
            walk = self.read(i)
            assert walk == added.walk
            assert np.array_equal(walk.apply(lambda a, b: space[a:b]), genome)


@st.composite
def families(draw: st.DrawFn) -> list[Bases]:
    """A few genomes that mutate, cut, turn and repeat one another's sequence."""
    genomes = [random_bases(draw(st.integers(0, 3000)), draw(st.integers(0, 5)))]
    for _ in range(draw(st.integers(0, 5))):
        parts = []
        for _ in range(draw(st.integers(0, 5))):
            source = genomes[draw(st.integers(0, len(genomes) - 1))]
            a = draw(st.integers(0, len(source)))
            b = draw(st.integers(a, len(source)))
            part = source[a:b]
            if draw(st.booleans()):
                part = reverse_complement(part)
            rate = draw(st.sampled_from([0.0, 0.0, 0.01, 0.1]))
            parts.append(mutate(part, rate, draw(st.integers(0, 99))))
            parts.append(random_bases(draw(st.sampled_from([0, 0, 1, 7, 300])), len(parts)))
        genomes.append(np.concatenate(parts) if parts else np.zeros(0, np.uint8))
    return genomes


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(families())
def test_any_family_round_trips(genomes: list[Bases]) -> None:
    filled = Filled(genomes)
    filled.check()
    assert Filled(genomes).data == filled.data


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([b"A", b"AC", b"ACG", b"TTAGGG", b"\x00"]), max_size=4),
    st.integers(1, 400),
)
def test_low_complexity_round_trips(units: list[bytes], times: int) -> None:
    letters = np.frombuffer(b"".join(unit * times for unit in units), dtype=np.uint8) & 3
    Filled([letters, letters[::-1].copy(), letters]).check()


def test_relatives_are_nearly_free() -> None:
    first = random_bases(200_000, 1)
    turned = np.concatenate([first[150_000:], reverse_complement(first[:150_000])])
    near = mutate(first, 0.001, 2)
    filled = Filled([first, first, reverse_complement(first), turned, near])
    filled.check()
    sizes = [len(added.data) for added in filled.added]
    assert [len(added.novel) for added in filled.added] == [200_000, 0, 0, 0, 0]
    assert sizes[1] == 2  # contiguous from 0
    assert sizes[2] < 24
    assert sizes[3] < 40
    assert sizes[4] < 200 * 2  # 200 substitutions, some 13 bits each


def test_substitutions_shared_with_a_relative_cost_little() -> None:
    first = random_bases(100_000, 3)
    far = mutate(first, 0.05, 4)
    nearer = mutate(far, 0.0005, 5)
    sizes = [len(data) for data in Filled([first, far, nearer]).data]
    assert sizes[1] > 3000
    assert sizes[2] < 200


def test_the_same_sequence_again_within_a_genome() -> None:
    one = random_bases(50_000, 6)
    filled = Filled([np.concatenate([one, one, reverse_complement(one)])])
    filled.check()
    assert filled.pan.n_bases < 51_000


def test_unrelated_genomes_stay_whole() -> None:
    filled = Filled([random_bases(100_000, seed) for seed in (7, 8, 9)])
    filled.check()
    assert [len(data) for data in filled.data] == [2, 4, 4]
    assert filled.pan.n_bases == 300_000


def test_building_can_go_on_later() -> None:
    first = random_bases(60_000, 10)
    genomes = [first, mutate(first, 0.02, 11), mutate(first, 0.02, 12)]
    whole = Filled(genomes)
    part = Filled(genomes[:2])
    space = part.pan.n_bases
    reading = read_walks([0, 1], part.data.__getitem__, [60_000, 60_000].__getitem__, space)
    before = Before(part.pan.novel.copy(), ((0, space),), 2, (0, 1), reading)
    later = PanGenome(before).add(genomes[2])
    assert later.data == whole.data[2]
    assert np.array_equal(later.novel, whole.added[2].novel)


def test_few_walks_are_read_for_one() -> None:
    first = random_bases(20_000, 13)
    genomes = [first]
    for seed in range(40):
        genomes.append(mutate(genomes[-1], 0.002, seed))
    filled = Filled(genomes)
    for i in range(0, 41, 8):
        read: set[int] = set()

        def data_of(at: int, read: set[int] = read) -> bytes:
            read.add(at)
            return filled.data[at]

        walk = read_walk(i, data_of, lambda at: len(genomes[at]), filled.pan.n_bases)
        assert walk == filled.added[i].walk
        assert len(read) <= MAX_FORERUNNERS + 1


def family() -> Filled:
    first = random_bases(4000, 14)
    return Filled([first, mutate(first, 0.03, 15), mutate(first, 0.03, 16)])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_is_refused_or_gives_a_valid_walk(data: st.DataObject) -> None:
    filled = FAMILY
    damaged = bytearray(filled.data[2])
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    damaged = damaged[: data.draw(st.integers(1, len(damaged)))]
    blobs = [*filled.data[:2], bytes(damaged)]
    try:
        walk = read_walk(2, blobs.__getitem__, lambda _: 4000, filled.pan.n_bases)
    except IntegrityError:
        return
    walk.check(4000, filled.pan.n_bases)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_after_the_form_are_refused_or_valid(data: bytes) -> None:
    blobs = [*FAMILY.data[:2], bytes([RELATIVE]) + data]
    try:
        walk = read_walk(2, blobs.__getitem__, lambda _: 4000, FAMILY.pan.n_bases)
    except IntegrityError:
        return
    walk.check(4000, FAMILY.pan.n_bases)


FAMILY = family()


def test_a_relative_walk_needs_its_relatives() -> None:
    assert FAMILY.data[2][0] == RELATIVE
    with pytest.raises(IntegrityError, match="read_walk"):
        read_plain(FAMILY.data[2], 4000, FAMILY.pan.n_bases)
    with pytest.raises(IntegrityError, match="before the first"):
        read_walk(0, lambda _: FAMILY.data[2], lambda _: 4000, FAMILY.pan.n_bases)


def test_an_endless_chain_is_refused() -> None:
    blob = bytes([RELATIVE, 1, 1, 0, 1, 0, 0])
    with pytest.raises(IntegrityError, match="forerunners"):
        read_walk(10_000, lambda _: blob, lambda _: 100, 100)
