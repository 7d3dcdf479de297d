"""Walks read one after another: each decoded once, within a bound; two of one place told apart."""

import gc
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

import seqcoder
from seqcoder.pangenome import PanGenome, Walk, read_walk
from seqcoder.pangenome import walk_reading as reading
from seqcoder.pangenome.relative_walk import Forerunner
from seqcoder.pangenome.walk_reading import Kept, read_walks
from seqcoder.reading import verification
from seqcoder.reading.genome import Genome

N_BASES = 20_000


def strains(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    first = rng.integers(0, 4, N_BASES).astype(np.uint8)
    out = [first]
    for _ in range(count - 1):
        strain = first.copy()
        strain[rng.integers(0, N_BASES, 300)] ^= 2
        out.append(strain)
    return out


def added(genomes: list[np.ndarray]) -> tuple[list[bytes], list[Walk], int]:
    pan = PanGenome()
    made = [pan.add(genome) for genome in genomes]
    return [one.data for one in made], [one.walk for one in made], pan.n_bases


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Counter[bytes]:
    """How often each relative walk was decoded, by its bytes."""
    counts: Counter[bytes] = Counter()
    really = reading.read_relative

    def counted(data: bytes, *rest: object) -> Forerunner:
        counts[data] += 1
        return really(data, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "read_relative", counted)
    return counts


def container_of(count: int) -> bytes:
    files = {
        f"{i}.fa": b">s\n" + np.frombuffer(b"ACGT", np.uint8)[bases].tobytes() + b"\n"
        for i, bases in enumerate(strains(count))
    }
    return seqcoder.compress_bytes(files)


def test_every_walk_of_a_container_is_decoded_once(decoded: Counter[bytes]) -> None:
    data = container_of(12)
    decoded.clear()
    with seqcoder.open(data) as container:
        for genome in reversed(list(container.values())):
            genome.read()
        assert len(decoded) == 11
        assert set(decoded.values()) == {1}
        assert verification.verify(container, full=True).intact
        assert set(decoded.values()) == {1}


def test_one_genome_needs_its_forerunners_only(decoded: Counter[bytes]) -> None:
    data = container_of(12)
    decoded.clear()
    with seqcoder.open(data) as container:
        container["1.fa"].read()
        assert len(decoded) == 1


@pytest.mark.parametrize("most", [0, 1, 20_000, 1 << 30])
def test_what_is_kept_is_bounded_and_changes_nothing(most: int) -> None:
    data, walks, space = added(strains(12))
    kept = Kept(most)
    for i in [*range(12), *reversed(range(12)), 7, 3, 7]:
        walk = read_walk(i, data.__getitem__, lambda _: N_BASES, space, kept=kept)
        assert walk == walks[i]
        assert kept.nbytes <= most
    assert kept.nbytes == sum(one.nbytes for one in kept.take(range(12)).values())


def test_what_is_used_stays() -> None:
    data, _, space = added(strains(4))
    known = read_walks(range(4), data.__getitem__, lambda _: N_BASES, space).known
    kept = Kept(known[1].nbytes + known[2].nbytes + known[3].nbytes - 1)
    kept.put(1, known[1])
    kept.put(2, known[2])
    kept.take([1])
    kept.put(3, known[3])
    assert kept.take(range(4)).keys() == {1, 3}


def test_the_forms_of_a_walk_are_one_another() -> None:
    _, walks, _ = added(strains(3))
    for walk in [*walks, Walk.contiguous(5, 10), Walk.contiguous(0, 0)]:
        assert Forerunner.of(walk).walk == walk


def test_a_pan_genome_keeps_every_walk_once() -> None:
    genomes = strains(6)
    pan = PanGenome()
    gc.collect()
    before = sum(type(each) is Walk for each in gc.get_objects())
    for genome in genomes:
        pan.add(genome)
    gc.collect()
    assert sum(type(each) is Walk for each in gc.get_objects()) == before
    assert pan.n_bases < 2 * N_BASES


def test_another_genome_of_the_same_place_is_not_taken_for_the_kept_one() -> None:
    """As a repair meets it: two sections of one place, the walks of both are looked at."""
    with seqcoder.open(container_of(3)) as container:
        one, two = container["1.fa"], container["2.fa"]
        first = one.walk
        entry = replace(two.entry, ordinal=one.entry.ordinal)
        stand_in = Genome(container, entry)
        stand_in.walk_data = container["0.fa"].walk_data
        assert stand_in.walk == container["0.fa"].walk
        assert stand_in.walk != first
        assert Genome(container, one.entry).walk == first
