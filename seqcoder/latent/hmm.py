"""The phase model: a hidden Markov model over coding strand and codon position.

Seven states, which are also the classes of the integer decoder: 0 is outside genes,
1..3 are codon positions 0..2 of a gene on the forward strand, 4..6 those of a gene on the
reverse strand (which a reader of the chunk meets in the order 6, 5, 4). Each state emits a
base given the five before it. Nothing is learned from annotation: labels start
from long open reading frames (or from the encoder network) and are re-estimated on the
genome itself by Viterbi training, tied between the two strands.

Costs are integers in 1/256 bit, sums of them int64: 2**31 bases at 64 bits each stay
below 2**45.

Source of the method: Viterbi training of inhomogeneous Markov models of codon position,
Borodovsky & McIninch 1993 (GeneMark), Besemer, Lomsadze & Borodovsky 2001 (GeneMarkS).
"""
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,assignment,type-arg"

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from seqcoder.latent.frames import seed_labels

STATES = 7
ORDER = 5
WORDS = 4 ** (ORDER + 1)
COST_ONE_BIT = 256

_U8 = nb.types.Array(nb.uint8, 1, "C", readonly=True)
_I32_2 = nb.types.Array(nb.int32, 2, "C", readonly=True)


@nb.njit(
    nb.void(_U8, _U8, nb.int64[:, ::1]),
    cache=True,
    nogil=True,
)
def count_words(bases: NDArray, labels: NDArray, counts: NDArray) -> None:
    """Add every 6-base word under the label of its last base, and its mirror image.

    ``counts`` is (7, 4096) int64. The reverse complement of a word is counted under the
    mirror image of the label of the word's first base, which ties the two strands.
    Labels of 7 or more are unknown and not counted.
    """
    n = bases.size
    word = 0
    mirror = 0
    for i in range(n):
        b = np.int64(bases[i])
        word = ((word << 2) | b) & (WORDS - 1)
        mirror = (mirror >> 2) | ((3 - b) << (2 * ORDER))
        if i >= ORDER and labels[i] < STATES and labels[i - ORDER] < STATES:
            counts[labels[i], word] += 1
            c = labels[i - ORDER]
            m = c
            if c > 3:
                m = c - 3
            elif c > 0:
                m = c + 3
            counts[m, mirror] += 1


@nb.njit(
    nb.void(_U8, _I32_2, nb.int64, nb.int64, nb.int64, nb.uint8[::1], nb.uint8[::1], nb.uint8[::1]),
    cache=True,
    nogil=True,
)
def viterbi(
    bases: NDArray,
    costs: NDArray,
    enter_gene: int,
    enter_other: int,
    grain: int,
    best_from: NDArray,
    switched: NDArray,
    labels: NDArray,
) -> None:
    """Write the cheapest path into ``labels``.

    ``costs`` is (4096, 8) int32, word by state. A gene state follows its predecessor in
    the codon cycle for nothing; entering a gene state otherwise costs ``enter_gene`` and
    entering state 0 costs ``enter_other``, from whichever state was cheapest; both only at
    multiples of ``grain`` bases.
    ``best_from`` and ``switched`` (a bit per state) are work space of a byte a base.
    """
    n = bases.size
    s0 = np.int64(0)
    s1 = np.int64(0)
    s2 = np.int64(0)
    s3 = np.int64(0)
    s4 = np.int64(0)
    s5 = np.int64(0)
    s6 = np.int64(0)
    word = 0
    for i in range(n):
        word = ((word << 2) | np.int64(bases[i])) & (WORDS - 1)
        best = s0
        arg = 0
        if s1 < best:
            best = s1
            arg = 1
        if s2 < best:
            best = s2
            arg = 2
        if s3 < best:
            best = s3
            arg = 3
        if s4 < best:
            best = s4
            arg = 4
        if s5 < best:
            best = s5
            arg = 5
        if s6 < best:
            best = s6
            arg = 6
        gene = best + enter_gene
        other = best + enter_other
        if i % grain != 0:
            gene = np.int64(1) << 60
            other = gene
        mask = 0
        t0 = s0
        if other < t0:
            t0 = other
            mask |= 1
        t1 = s3
        if gene < t1:
            t1 = gene
            mask |= 2
        t2 = s1
        if gene < t2:
            t2 = gene
            mask |= 4
        t3 = s2
        if gene < t3:
            t3 = gene
            mask |= 8
        t4 = s5
        if gene < t4:
            t4 = gene
            mask |= 16
        t5 = s6
        if gene < t5:
            t5 = gene
            mask |= 32
        t6 = s4
        if gene < t6:
            t6 = gene
            mask |= 64
        row = costs[word]
        s0 = t0 + row[0]
        s1 = t1 + row[1]
        s2 = t2 + row[2]
        s3 = t3 + row[3]
        s4 = t4 + row[4]
        s5 = t5 + row[5]
        s6 = t6 + row[6]
        best_from[i] = arg
        switched[i] = mask
    last = 0
    best = s0
    ends = (s0, s1, s2, s3, s4, s5, s6)
    for s in range(STATES):
        if ends[s] < best:
            best = ends[s]
            last = s
    for j in range(n):
        i = n - 1 - j
        labels[i] = last
        if (switched[i] >> last) & 1:
            last = best_from[i]
        elif last > 3:
            last = last + 1 if last != 6 else 4
        elif last > 0:
            last = last - 1 if last != 1 else 3


@nb.njit(
    nb.void(nb.types.Array(nb.int64, 2, "C", readonly=True), nb.int64, nb.uint8[::1]),
    cache=True,
    nogil=True,
)
def window_path(costs: NDArray, switch: int, types: NDArray) -> None:
    """Write the cheapest sequence of types: ``costs`` (w, 7) int64, ``switch`` a change."""
    n = costs.shape[0]
    total = np.zeros(STATES, np.int64)
    origin = np.zeros((n, STATES), np.uint8)
    for i in range(n):
        best = 0
        for s in range(1, STATES):
            if total[s] < total[best]:
                best = s
        dearest = total[best] + switch
        for s in range(STATES):
            origin[i, s] = s
            if dearest < total[s]:
                total[s] = dearest
                origin[i, s] = best
            total[s] += costs[i, s]
    last = 0
    for s in range(1, STATES):
        if total[s] < total[last]:
            last = s
    for j in range(n):
        i = n - 1 - j
        types[i] = last
        last = origin[i, last]


def word_costs(counts: NDArray[np.int64], prior: float = 6.0) -> NDArray[np.int32]:
    """Code lengths in 1/256 bit of the last base of every word: (7, 4096) -> (4096, 8).

    Each order is smoothed towards the next lower one with ``prior`` counts.
    """
    lower = np.full((STATES, 4), 0.25)
    for k in range(ORDER + 1):
        table = counts.reshape(STATES, 4 ** (ORDER - k), 4**k, 4).sum(axis=1).astype(np.float64)
        below = np.tile(lower.reshape(STATES, -1, 4), (1, 4 if k else 1, 1))
        total = table.sum(axis=2, keepdims=True)
        lower = (table + prior * below) / (total + prior)
    bits = -np.log2(lower.reshape(STATES, WORDS))
    costs = np.zeros((WORDS, 8), np.int32)
    costs[:, :STATES] = np.minimum(np.rint(bits.T * COST_ONE_BIT), 64 * COST_ONE_BIT)
    return costs


@dataclass(frozen=True)
class PhaseOptions:
    """How the phase model is fitted: switching costs in bits, rounds, smoothing.

    ``grain``: a path changes state only at multiples of that many bases.
    """

    enter_gene: float = 9.5
    enter_other: float = 5.5
    rounds: int = 8
    prior: float = 6.0
    grain: int = 24


def fit_labels(
    bases: NDArray[np.uint8],
    start: NDArray[np.uint8] | None = None,
    options: PhaseOptions | None = None,
) -> NDArray[np.uint8]:
    """Label every base of a genome by Viterbi training on the genome itself.

    ``bases`` and the result are (n,) uint8; ``start`` gives the first labels (default:
    long open reading frames).
    """
    o = options or PhaseOptions()
    bases = np.ascontiguousarray(bases)
    labels = seed_labels(bases) if start is None else np.array(start, np.uint8)
    n = bases.size
    work = np.empty((2, n), np.uint8)
    for _ in range(o.rounds):
        counts = np.zeros((STATES, WORDS), np.int64)
        count_words(bases, labels, counts)
        before = labels
        labels = np.empty(n, np.uint8)
        viterbi(
            bases,
            word_costs(counts, o.prior),
            round(o.enter_gene * COST_ONE_BIT),
            round(o.enter_other * COST_ONE_BIT),
            o.grain,
            work[0],
            work[1],
            labels,
        )
        if np.count_nonzero(before != labels) * 1000 < n:
            break
    return labels
