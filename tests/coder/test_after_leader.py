"""Chunks coded after a leader: the core against plain Python, and at its border."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

import reference
from generated import genome, noise, proteins, random_bases
from reference_library import translate

from seqcoder import coder, core


def relative(bases: np.ndarray, seed: str) -> np.ndarray:
    """Another species: one base in eight is another one."""
    out = bases.copy()
    luck = noise(len(bases), seed)
    out[luck < 32] = luck[luck < 32] & 3
    return out


LEADER, CLASSES = genome(9000, "leader")
MEMBER = relative(LEADER, "member")[:6000]
MEMBER_CLASSES = CLASSES[:6000]


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("use", ["state", "genes", "both"])
def test_the_core_agrees_with_plain_python(number: int, use: str) -> None:
    library = proteins(genome()[0])
    genes = translate(LEADER, CLASSES) if use != "state" else None
    led = (LEADER, CLASSES) if use != "genes" else None
    expected = reference.encode(MEMBER, number, MEMBER_CLASSES, library, led, genes)
    state = coder.learn(LEADER, number, CLASSES, library)
    leader = coder.Leader(
        state if use != "genes" else None,
        coder.index_genes(LEADER, CLASSES) if use != "state" else None,
    )
    payload = coder.encode(MEMBER, number, MEMBER_CLASSES, library, leader)
    assert payload == expected
    alone = coder.encode(MEMBER, number, MEMBER_CLASSES, library)
    assert len(payload) < len(alone)
    again = coder.decode(payload, len(MEMBER), number, MEMBER_CLASSES, None, library, leader)
    assert np.array_equal(again, MEMBER)


@pytest.mark.parametrize("number", [2, 3])
def test_without_classes(number: int) -> None:
    leader = coder.Leader(coder.learn(LEADER, number))
    payload = coder.encode(MEMBER, number, None, None, leader)
    assert payload == reference.encode(MEMBER, number, None, None, (LEADER, None))
    assert len(payload) < len(coder.encode(MEMBER, number)) * 0.9


def test_genes_are_translated_as_in_plain_python() -> None:
    assert core.translate_genes(LEADER, CLASSES, 10).tolist() == translate(LEADER, CLASSES)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    number=st.sampled_from([2, 3]),
    n=st.integers(0, 2000),
    led=st.integers(1, 2000),
    seed=st.integers(0, 99),
    classed=st.booleans(),
    genes=st.booleans(),
)
def test_round_trip(number: int, n: int, led: int, seed: int, classed: bool, genes: bool) -> None:
    bases, before = random_bases(n, f"m{seed}"), random_bases(led, f"l{seed}")
    if seed % 2:
        bases = relative(np.resize(before, n), f"r{seed}")
    classes = noise(n, f"c{seed}") & np.uint8(15) if classed else None
    lead_classes = np.resize(np.array([1, 2, 3], np.uint8), led) if classed else None
    library = proteins(genome()[0]) if classed else None
    state = coder.learn(before, number, lead_classes, library)
    known = coder.index_genes(before, lead_classes) if genes and lead_classes is not None else None
    leader = coder.Leader(state, known)
    payload = coder.encode(bases, number, classes, library, leader)
    stop = n * (seed % 7) // 6
    for count in (n, stop):
        got = coder.decode(payload, n, number, classes, count, library, leader)
        assert np.array_equal(got, bases[:count])


def test_the_state_of_a_decoder_is_that_of_learning() -> None:
    library = proteins(genome()[0])
    payload = coder.encode(LEADER, 2, CLASSES, library)
    decoder = coder.begin(payload, len(LEADER), 2, CLASSES, library)
    with pytest.raises(ValueError, match="some are left"):
        decoder.take_state()
    for at in range(0, len(LEADER), 2000):
        decoder.read(np.empty(min(2000, len(LEADER) - at), np.uint8))
    taken = decoder.take_state()
    assert taken.bases == len(LEADER)
    learnt = coder.learn(LEADER, 2, CLASSES, library)
    payloads = {
        coder.encode(MEMBER, 2, MEMBER_CLASSES, library, coder.Leader(state))
        for state in (taken, learnt, taken)  # never changes
    }
    assert len(payloads) == 1
    with pytest.raises(ValueError, match="taken"):
        decoder.take_state()
    with pytest.raises(ValueError, match="more than are left"):
        decoder.read(np.empty(1, np.uint8))


def test_a_leader_of_another_kind_is_refused() -> None:
    library, other = proteins(genome()[0]), proteins(MEMBER)
    state = coder.learn(LEADER, 2, CLASSES, library)
    genes = coder.index_genes(LEADER, CLASSES)

    def encode(level: int, classes: object, index: object, leader: object, more: object) -> None:
        core.encode_mixing(level, MEMBER, classes, index, leader, more)  # type: ignore[arg-type]

    for message, args in {
        "another level": (3, MEMBER_CLASSES, library.index, state, None),
        "classes in one": (2, None, library.index, state, None),
        "another library": (2, MEMBER_CLASSES, other.index, state, None),
        "another library ": (2, MEMBER_CLASSES, None, state, None),
        "no library beside": (2, MEMBER_CLASSES, None, None, genes),
    }.items():
        with pytest.raises(ValueError, match=message.strip()):
            encode(*args)


def test_a_state_outlives_what_made_it() -> None:
    library = proteins(genome()[0])
    index = core.Library(library.residues, library.counts)
    payload = np.frombuffer(core.encode_mixing(2, LEADER, CLASSES, index), np.uint8)
    decoder = core.MixingDecoder(2, payload, len(LEADER), CLASSES, index)
    decoder.read(np.empty(len(LEADER), np.uint8))
    state = decoder.take_state()
    expected = core.encode_mixing(2, MEMBER, MEMBER_CLASSES, index, state)
    follower = core.MixingDecoder(
        2, np.frombuffer(expected, np.uint8), len(MEMBER), MEMBER_CLASSES, index, state
    )
    del decoder, state, index
    bases = np.empty(len(MEMBER), np.uint8)
    follower.read(bases)
    assert np.array_equal(bases, MEMBER)
