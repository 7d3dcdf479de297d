"""The protein library: what the model remembers of proteins, and how a coder reads it.

Proteins are conserved far beyond the point where DNA looks unrelated. The decoder side of
a model therefore holds some millions of amino acids of the most useful proteins of its
training genomes. Wherever the latents say that a gene is being read, the last few codons,
translated, are looked up; once a library protein agrees it is followed residue by
residue, through substitutions, on either strand. The residue it aligns with the codon at
hand, how well it has agreed so far and the codon's bases already known make a context
number for one more adaptive model of the coder, which learns by itself what a residue
says about a base in this genome.

Encoder and decoder take the same steps from the same bases: nothing of it is stored.
Everything is integer arithmetic; the key of a seed of at most 6 residues is below 2**30,
its hash a product modulo 2**64, and context numbers stay below 2**16.

The module starts numba. ``library_step`` has no fixed signature, as it is meant to be
compiled into a coder's kernel.
"""
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,assignment,type-arg"

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numba as nb
import numpy as np
from numpy.typing import NDArray

from seqcoder.coder.intrinsics import prefetch

# Residues are numbered in the order of "*ACDEFGHIKLMNPQRSTVWY"; a gap ends a protein.
GAP = 31
_LETTERS = "*ACDEFGHIKLMNPQRSTVWY"
# Standard genetic code, codons in the order AAA, AAC, AAG, AAT, ACA, ... TTT
_CODE = "KNKNTTTTRSRSIIMIQHQHPPPPRRRRLLLLEDEDAAAAGGGGVVVV*Y*YSSSS*CWCLFLF"
RESIDUE_OF: NDArray[np.uint8] = np.array([_LETTERS.index(a) for a in _CODE], np.uint8)

HASH_BITS = 22
SEED = 6  # residues that must agree before a library protein is followed
CONTEXTS = 1 << 16  # context numbers are below this
CONFIDENCES = 9  # confidence is below this
STATE = 64  # int64 of state a caller provides, zeros at first
_WALK = 16  # library positions tried for a seed
_WINDOW = 16  # residues over which agreement is counted
_AHEAD = 16  # positions whose slots are asked for before they are needed
_KEEP = 4  # fewer agreements than this end an alignment
_SURE = 13  # at this many nothing else is looked for

# Layout of the state.
_EXPECT, _RUN, _KEY, _KNOWN, _AT, _PAST, _AT2, _PAST2, _RING = 0, 1, 2, 3, 4, 5, 6, 7, 16


@dataclass(frozen=True, eq=False)
class Library:
    """Library proteins and the index of their seeds.

    ``residues`` (m,) uint8 begins and ends with GAP; ``heads`` (2**22,) int32 and
    ``chain`` (m + 1,) int32 link the positions that follow equal seeds, last one first.
    ``counts`` (2 * 65536,) uint32 are what the two context tables start from: four 8-bit
    counts, A in the lowest byte, as training left them.
    """

    residues: NDArray[np.uint8]
    heads: NDArray[np.int32]
    chain: NDArray[np.int32]
    counts: NDArray[np.uint32]
    seed: int

    def for_seed(self, seed: int) -> Library:
        """The same proteins indexed by seeds of another length (kept once built)."""
        return self if seed == self.seed else _reseeded(self, seed)


@nb.njit(
    nb.void(
        nb.types.Array(nb.uint8, 1, "C", readonly=True), nb.int64, nb.int32[::1], nb.int32[::1]
    ),
    cache=True,
    nogil=True,
)
def _index(residues: NDArray, seed: int, heads: NDArray, chain: NDArray) -> None:
    mask = (1 << (5 * seed)) - 1
    odd = np.uint64(0x9E3779B97F4A7C15)
    shift = np.uint64(64 - HASH_BITS)
    slots = np.empty(_AHEAD, np.int64)  # of the next positions; -1: no seed before one
    key = np.int64(0)
    run = 0
    for p in range(residues.size + _AHEAD):
        if p >= _AHEAD:
            at = slots[p % _AHEAD]
            if at >= 0:
                chain[p - _AHEAD] = heads[at]
                heads[at] = p - _AHEAD
        if p < residues.size:
            at = np.int64(-1)
            if run >= seed:
                at = np.int64((np.uint64(key) * odd) >> shift)
                prefetch(heads, np.uint64(at))
            slots[p % _AHEAD] = at
            run = 0 if residues[p] == GAP else run + 1
            key = ((key << 5) | np.int64(residues[p])) & mask


def build_library(
    residues: NDArray[np.uint8],
    seed: int = SEED,
    counts: NDArray[np.uint32] | None = None,
) -> Library:
    """Index residues (any uint8 codes; GAP is added at both ends); no counts are zeros."""
    start = np.zeros(2 * CONTEXTS, np.uint32) if counts is None else np.array(counts, np.uint32)
    ends = np.array([GAP], np.uint8)
    padded = np.concatenate([ends, np.minimum(residues, GAP), ends])
    heads = np.full(1 << HASH_BITS, -1, np.int32)
    chain = np.full(padded.size + 1, -1, np.int32)
    _index(padded, seed, heads, chain)
    for array in (padded, heads, chain, start):
        array.setflags(write=False)
    return Library(padded, heads, chain, start, seed)


@lru_cache(maxsize=4)
def _reseeded(library: Library, seed: int) -> Library:
    return build_library(library.residues[1:-1], seed, library.counts)


@lru_cache(maxsize=1)
def empty_library() -> Library:
    """A library that never says anything."""
    return build_library(np.zeros(0, np.uint8))


@nb.njit(cache=True, nogil=True)
def _ones(x):
    """Number of ones among 16 bits."""
    x = x - ((x >> 1) & 0x5555)
    x = (x & 0x3333) + ((x >> 2) & 0x3333)
    x = (x + (x >> 4)) & 0x0F0F
    return (x + (x >> 8)) & 0x1F


@nb.njit(cache=True, nogil=True)
def _advance(residue, direction, residues, heads, chain, seed, state):
    """Take note of a codon's residue; move, end and find alignments."""
    run = state[_RUN]
    for q in range(2):
        p = state[_AT + 2 * q]
        if p > 0:
            past = ((state[_PAST + 2 * q] << 1) | np.int64(residues[p] == residue)) & 0xFFFF
            p += direction
            if residues[p] >= GAP or (past & 63) == 0 or _ones(past) < _KEEP:
                p = 0
            state[_AT + 2 * q] = p
            state[_PAST + 2 * q] = past
    if state[_AT] == 0:
        state[_AT] = state[_AT2]
        state[_PAST] = state[_PAST2]
        state[_AT2] = 0
    state[_RING + (run & 31)] = residue
    run += 1
    state[_RUN] = run
    if direction > 0:
        key = ((state[_KEY] << 5) | residue) & ((np.int64(1) << (5 * seed)) - 1)
    else:
        key = (state[_KEY] >> 5) | (residue << (5 * (seed - 1)))
    state[_KEY] = key
    agreed = _ones(state[_PAST]) if state[_AT] > 0 else -1
    agreed2 = _ones(state[_PAST2]) if state[_AT2] > 0 else -1
    if run >= seed and agreed < _SURE:
        at = np.int64((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - HASH_BITS))
        after = np.int64(heads[at])
        tries = 0
        while after >= 0 and tries < _WALK:
            tries += 1
            p = after if direction > 0 else after - seed - 1
            if p > 0 and p != state[_AT] and p != state[_AT2] and residues[p] < GAP:
                score = 0
                past = np.int64(0)
                for e in range(1, min(run, _WINDOW) + 1):
                    x = np.int64(residues[p - direction * e])
                    if x == GAP:
                        break
                    if x == state[_RING + ((run - e) & 31)]:
                        score += 1
                        past |= np.int64(1) << (e - 1)
                    elif e <= seed:
                        score = -1
                        break
                if score > agreed:
                    if agreed > agreed2:
                        agreed2 = agreed
                        state[_AT2] = state[_AT]
                        state[_PAST2] = state[_PAST]
                    agreed = score
                    state[_AT] = p
                    state[_PAST] = past
                elif score > agreed2:
                    agreed2 = score
                    state[_AT2] = p
                    state[_PAST2] = past
            after = np.int64(chain[after])
    if state[_AT2] > 0 and agreed2 > agreed:
        for q in range(2):
            keep = state[_AT + q]
            state[_AT + q] = state[_AT2 + q]
            state[_AT2 + q] = keep


@nb.njit(cache=True, nogil=True)
def library_step(i, bases, classes, residues, heads, chain, seed, state, out):
    """Say what the library knows of base ``i``, given the bases before it.

    ``bases`` (n,) uint8 is read below ``i`` only, ``classes`` (n,) uint8 at ``i``;
    ``state`` is (64,) int64, zeros before the first base, and must see every base in
    turn. ``out`` (at least 3 int64) becomes two context numbers below 2**16, 0 where
    there is nothing to say, and the confidence of the first: 0 to 8.
    """
    out[0] = 0
    out[1] = 0
    out[2] = 0
    c = np.int64(classes[i])
    if c == 0 or c > 6:
        state[_EXPECT] = 0
        state[_RUN] = 0
        state[_AT] = 0
        state[_AT2] = 0
        return
    if c != state[_EXPECT]:
        state[_RUN] = 0
        state[_KNOWN] = 0
        state[_AT] = 0
        state[_AT2] = 0
    known = state[_KNOWN]
    if c == 1 or c == 6:
        if known == 3:
            x = np.int64(bases[i - 3])
            y = np.int64(bases[i - 2])
            z = np.int64(bases[i - 1])
            if c == 1:
                a = np.int64(RESIDUE_OF[16 * x + 4 * y + z])
                _advance(a, 1, residues, heads, chain, seed, state)
            else:
                a = np.int64(RESIDUE_OF[63 - 16 * z - 4 * y - x])
                _advance(a, -1, residues, heads, chain, seed, state)
        known = 1
        prefix = 0
    elif known == 1:
        known = 2
        prefix = 1 + np.int64(bases[i - 1])
    elif known == 2:
        known = 3
        prefix = 5 + 4 * np.int64(bases[i - 2]) + np.int64(bases[i - 1])
    else:
        known = 0
        prefix = 0
    state[_KNOWN] = known
    state[_EXPECT] = (c + 1 if c < 3 else 1) if c < 4 else (c - 1 if c > 4 else 6)
    if known > 0 and state[_AT] > 0:
        strand = np.int64(c > 3)
        past = state[_PAST]
        grade = (min(_ones(past), 15) >> 1) * 2 + (past & 1)
        residue = np.int64(residues[state[_AT]])
        out[0] = 1 + ((strand * 16 + grade) * 21 + residue) * 21 + prefix
        out[2] = 1 + (grade >> 1)
        if state[_AT2] > 0:
            past = state[_PAST2]
            grade2 = (min(_ones(past), 15) >> 1) * 2 + (past & 1)
            residue2 = np.int64(residues[state[_AT2]])
            if residue2 == residue:
                out[1] = 1 + ((strand * 16 + grade) * 16 + grade2) * 21 + prefix
            else:
                out[1] = 16384 + ((strand * 16 + grade2) * 21 + residue2) * 21 + prefix


def trace(
    bases: NDArray[np.uint8], classes: NDArray[np.uint8], library: Library
) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """What :func:`library_step` says of every base: (2, n) contexts and (n,) confidence."""
    from seqcoder.latent import tracing

    return tracing.trace(bases, classes, library)
