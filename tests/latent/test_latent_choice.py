"""Choosing a protein library: the core against plain Python, and what comes of the choice."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import choice_reference as reference
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.latent.library import GAP
from seqcoder_jobs.training.library import choose_residues
from seqcoder_jobs.training.proteins import nearness, protein_stream

GENOMES = 4


def drawn_proteins(
    rng: np.random.Generator, roots: list[NDArray[np.uint8]], count: int, letters: int
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Parts of the roots, some residues changed, with owners that rise."""
    parts = []
    for _ in range(count):
        root = roots[rng.integers(len(roots))]
        part = root[rng.integers(root.size) : rng.integers(root.size) + 1].copy()
        changed = rng.random(part.size) < rng.choice([0, 0.1, 0.4])
        changed |= (rng.random(part.size) < 0.7) & (np.arange(part.size) > rng.integers(10, 90))
        part[changed] = rng.integers(0, letters, int(changed.sum()))
        parts.append(np.append(part, np.uint8(GAP)))
    owners = np.sort(rng.integers(0, GENOMES, count)).astype(np.int32)
    return np.concatenate(parts), np.repeat(owners, [part.size for part in parts])


def credit_arguments(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    letters = int(rng.choice([2, 4, 21]))
    roots = [rng.integers(0, letters, int(rng.integers(1, 90))).astype(np.uint8) for _ in range(3)]
    library, owners = drawn_proteins(rng, roots, int(rng.integers(1, 40)), letters)
    proteins, protein_owners = drawn_proteins(rng, roots, int(rng.integers(1, 20)), letters)
    if rng.integers(2):  # the last protein ends with the array
        proteins, protein_owners = proteins[:-1], protein_owners[:-1]
    if rng.integers(2):
        library, owners = library[:-1], owners[:-1]
    near = np.eye(GENOMES, dtype=np.bool_)
    near |= rng.random(near.shape) < rng.choice([0, 0.5])
    gains = rng.integers(-80, 80, (GENOMES, core.CREDIT_GRADES, 2)) / 16  # sums are exact
    every = int(rng.integers(1, 4))
    worth = rng.choice([0, 255] if rng.integers(2) else 256, library.size // core.CREDIT_BLOCK + 1)
    return {
        "library": library,
        "library_owners": owners,
        "worth": worth.astype(np.uint8),
        "proteins": proteins,
        "protein_owners": protein_owners,
        "near": near,
        "gains": gains.astype(np.float32),
        "every": every,
        "turn": int(rng.integers(every)),
        "credit": np.zeros(library.size // core.CREDIT_BLOCK + 1, np.float32),
        "foretold": np.zeros((core.CREDIT_GRADES, 2), np.uint64),
    }


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_blocks_are_credited_as_in_plain_python(core_build: ModuleType, seed: int) -> None:
    given = credit_arguments(seed)
    read = core.credit_blocks(**given)
    expected = reference.Credit(
        (given["library"].tolist(), given["library_owners"].tolist()),
        given["worth"].tolist(),
        (given["proteins"].tolist(), given["protein_owners"].tolist()),
        given["near"], given["gains"], given["every"], given["turn"],
    )  # fmt: skip
    assert read == expected.read
    assert given["foretold"].tolist() == expected.foretold.tolist()
    assert given["credit"].tolist() == expected.credit.tolist()


@pytest.mark.parametrize(
    ("decoys", "decoy_owner", "gained"),
    [(0, 1, 10), (23, 1, 10), (24, 1, 9), (239, 0, 10), (240, 0, 8)],
)
def test_of_a_seed_24_places_of_other_families_are_tried(
    core_build: ModuleType, decoys: int, decoy_owner: int, gained: int
) -> None:
    """The last ones, relatives left out, of which 240 are passed at the most.

    The decoys share the first eleven residues of twenty, and so the first two seeds.
    """
    protein = np.arange(1, 21, dtype=np.uint8)
    part = np.append(protein, np.uint8(GAP))
    decoy = part.copy()
    decoy[11:16] = 0
    library = np.concatenate([part, np.tile(decoy, decoys)])
    owners = np.repeat(np.array([1] + [decoy_owner] * decoys, np.int32), part.size)
    credit = np.zeros(library.size // 16 + 1, np.float32)
    worth = np.zeros(credit.size, np.uint8)
    worth[0] = 1
    gains = np.zeros((2, core.CREDIT_GRADES, 2), np.float32)
    gains[:, :, 1] = 1
    core.credit_blocks(
        library, owners, worth, part, np.zeros(part.size, np.int32), np.eye(2, dtype=np.bool_),
        gains, 1, 0, credit, np.zeros((core.CREDIT_GRADES, 2), np.uint64),
    )  # fmt: skip
    assert credit.sum() == gained


@pytest.mark.parametrize(("period", "followed"), [(4, 87), (5, 24)])
def test_an_alignment_ends_below_four_agreements_of_sixteen(
    core_build: ModuleType, period: int, followed: int
) -> None:
    library = np.random.default_rng(2).integers(1, 21, 100).astype(np.uint8)
    at = np.arange(library.size)
    read = np.where((at < 20) | (at % period == 0), library, np.uint8(0))
    foretold = np.zeros((core.CREDIT_GRADES, 2), np.uint64)
    core.credit_blocks(
        library, np.ones(100, np.int32), np.zeros(7, np.uint8), read, np.zeros(100, np.int32),
        np.eye(2, dtype=np.bool_), np.zeros((2, core.CREDIT_GRADES, 2), np.float32),
        1, 0, np.zeros(7, np.float32), foretold,
    )  # fmt: skip
    assert foretold.sum() == followed


WRONG: dict[str, Any] = {
    "library_owners": lambda x: x[:-1],
    "worth": lambda x: x[:-1],
    "protein_owners": lambda x: np.append(x, np.int32(0)),
    "near": lambda x: x[:-1],
    "gains": lambda x: np.ascontiguousarray(x[:, :-1]),
    "every": lambda _: 0,
    "turn": lambda _: 3,
    "credit": lambda x: x[:-1],
    "foretold": lambda x: x[:-1],
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_sizes_are_refused(core_build: ModuleType, name: str) -> None:
    given = credit_arguments(1)
    with pytest.raises(ValueError):
        core.credit_blocks(**given | {name: WRONG[name](given[name])})
    assert not given["credit"].any()


@pytest.mark.parametrize("name", ["library_owners", "protein_owners"])
@pytest.mark.parametrize("owner", [-1, GENOMES])
def test_unknown_genomes_are_refused(core_build: ModuleType, name: str, owner: int) -> None:
    given = credit_arguments(1)
    given[name][-1] = owner
    with pytest.raises(ValueError, match="no such genome"):
        core.credit_blocks(**given)


def test_arrays_of_other_types_are_refused(core_build: ModuleType) -> None:
    given = credit_arguments(1)
    for name in ("credit", "library_owners", "near"):
        with pytest.raises(TypeError):
            core.credit_blocks(**given | {name: given[name].astype(np.float64)})


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_genes_are_translated_as_in_plain_python(core_build: ModuleType, seed: int) -> None:
    rng = np.random.default_rng(seed)
    runs = [np.zeros(1, np.uint8)]
    for _ in range(rng.integers(6)):
        period = [[1, 2, 3], [6, 5, 4], [4, 5, 6], [0], [9, 255]][rng.integers(5)]
        run = np.tile(np.array(period, np.uint8), 12)
        runs.append(run[rng.integers(3) : rng.integers(40)])
    classes = np.concatenate(runs)[rng.integers(2) :]
    bases = rng.integers(0, 4, classes.size).astype(np.uint8)
    shortest = int(rng.integers(1, 8))
    found = core.translate_genes(bases, classes, shortest)
    assert found.tolist() == reference.translate(bases.tolist(), classes.tolist(), shortest)


def test_translation_refuses_wrong_sizes(core_build: ModuleType) -> None:
    bases = np.zeros(30, np.uint8)
    with pytest.raises(ValueError, match="classes"):
        core.translate_genes(bases, bases[:-1], 1)
    with pytest.raises(ValueError, match="shortest"):
        core.translate_genes(bases, bases, 0)


def test_library_keeps_what_other_families_share() -> None:
    rng = np.random.default_rng(3)
    shared = rng.integers(1, 21, 600).astype(np.uint8)
    gap = np.array([GAP], np.uint8)

    def genome(seed: int) -> NDArray[np.uint8]:
        own = np.random.default_rng(seed).integers(1, 21, 6000).astype(np.uint8)
        mutated = shared.copy()
        at = np.random.default_rng(seed + 100).random(shared.size) < 0.15
        mutated[at] = mutated[at] % 20 + 1
        return np.concatenate([own, gap, mutated, gap])

    streams = [genome(s) for s in range(6)]
    near = np.eye(6, dtype=np.bool_)
    kept, owner = choose_residues(streams, near, 2400, lambda _: None)
    assert owner.shape == kept.shape
    assert 600 <= kept.size <= 2600
    words = {bytes(kept[i : i + 6]) for i in range(kept.size - 5)}
    from_shared = {bytes(s[i : i + 6]) for s in streams for i in range(6001, s.size - 7)}
    assert len(words & from_shared) > 0.6 * len(words)


def test_owners_of_more_genomes_than_a_byte_counts() -> None:
    rng = np.random.default_rng(4)
    gap = np.array([GAP], np.uint8)
    own = [rng.integers(1, 21, 40).astype(np.uint8) for _ in range(300)]
    shared = [rng.integers(1, 21, 400).astype(np.uint8) for _ in range(50)]
    # neighbours share, three proteins each: every turn reads some of those that share
    streams = [np.concatenate([*[own[k], gap] * 2, shared[k // 6], gap]) for k in range(300)]
    kept, owner = choose_residues(streams, np.eye(300, dtype=np.bool_), 40_000, lambda _: None)
    assert owner.max() > 255
    ends = np.flatnonzero(np.diff(owner)) + 1
    for part, who in zip(np.split(kept, ends), owner[np.r_[0, ends]], strict=True):
        assert all(p in streams[who].tobytes() for p in part.tobytes().split(bytes([GAP])))


def test_relatives_are_told_by_their_proteins() -> None:
    rng = np.random.default_rng(5)
    a = rng.integers(1, 21, 60_000).astype(np.uint8)
    b = rng.integers(1, 21, 60_000).astype(np.uint8)
    near = nearness([a, b, a.copy()], [None, None, None])
    assert near.tolist() == [[True, False, True], [False, True, False], [True, False, True]]
    half = np.concatenate([a[:30_000], b[30_000:]])
    assert not nearness([a, half], [None, None])[0, 1]
    # of one species all of them: what one has is still good for the others
    assert nearness([a, a.copy()], [None, None]).tolist() == [[True, False], [False, True]]
    assert nearness([a, b, b], ["x", None, None])[1, 2]
    assert not nearness([a, a], ["x", "y"])[0, 1]


def test_proteins_are_translated_on_both_strands() -> None:
    gene = np.array([0, 3, 2] + [1, 2, 0] * 30, np.uint8)  # ATG, then CGA 30 times
    classes = np.tile(np.array([1, 2, 3], np.uint8), 31)
    there = protein_stream(gene, classes)
    back = protein_stream(3 - gene[::-1], np.tile(np.array([6, 5, 4], np.uint8), 31))
    assert there.tolist() == back.tolist()
    assert there.size == 32
    assert there[-1] == GAP
