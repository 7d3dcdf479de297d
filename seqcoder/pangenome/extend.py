"""How far an alignment holds, and where it goes on after an indel."""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,arg-type,assignment"

from __future__ import annotations

import numba
import numpy as np

from seqcoder.coder.intrinsics import popcount
from seqcoder.pangenome.compare import matches_back, matches_on, mismatches

XDROP = 30
PENALTY = 2
REACH = 64
PROBE = 32
PROBE_MATCHES = 22
_ODD_BITS = np.uint64(0x5555555555555555)


@numba.njit(
    "Tuple((int64, int64, int64))(uint8[::1], int64, int64, int64, int64, int64)",
    cache=True,
    nogil=True,
)
def extend(text, t, step, sign, off, n):
    """Follow a diagonal from text[t] in direction ``step`` for at most ``n`` bases.

    Returns how many bases the best-scoring stretch holds, its score and its mismatches.
    """
    score = 0
    best = 0
    length = 0
    bad = 0
    worst = 0
    i = 0
    while True:
        if step > 0:
            run = matches_on(text, t + i, sign, off, n - i)
        else:
            run = matches_back(text, t + 1 - i, sign, off, n - i)
        i += run
        score += run
        if score > best:
            best = score
            length = i
            bad = worst
        i += 1
        worst += 1
        score -= PENALTY
        if i >= n or score < best - XDROP:
            break
    return length, best, bad


@numba.njit(
    "Tuple((int64, int64))(uint8[::1], int64[::1], int64, int64, int64, int64)",
    cache=True,
    nogil=True,
)
def realign(text, edges, end, sign, off, b):
    """Find the diagonal on which the alignment that ends at text[b] goes on after an indel.

    Returns (position, offset); position -1 when there is none.
    """
    src = sign * (b - 1) + off
    lo = 0
    hi = 0
    for e in range(edges.size - 1):
        if edges[e] <= src < edges[e + 1]:
            lo = edges[e]
            hi = edges[e + 1]
    flip = 0 if sign > 0 else 3
    for skip in (0, 16, 32):
        p = b + skip
        if p + PROBE > end:
            break
        # Two bits a base, so that a shift is compared in one step; what is likely is counted.
        probe = np.uint64(0)
        window = np.uint64(0)
        at = p + off - REACH if sign > 0 else off - REACH - p
        for j in range(PROBE):
            probe = probe << np.uint64(2) | np.uint64(text[p + j])
            src = at + sign * j
            base = text[src] ^ flip if 0 <= src < text.size else 0
            window = window << np.uint64(2) | np.uint64(base & 3)
        top = PROBE_MATCHES - 1
        found = 0
        for shift in range(-REACH, REACH + 1):
            src = at
            last = src + sign * (PROBE - 1)
            differ = window ^ probe
            differ = (differ | differ >> np.uint64(1)) & _ODD_BITS
            if (
                shift != 0
                and PROBE - np.int64(popcount(differ)) > top
                and min(src, last) >= lo
                and max(src, last) < hi
            ):
                same = PROBE - mismatches(text, p, sign, off + shift, PROBE)
                if same > top:
                    top = same
                    found = shift
            at += 1
            src = last + 1 if sign > 0 else at
            base = text[src] ^ flip if 0 <= src < text.size else 0
            if sign > 0:
                window = window << np.uint64(2) | np.uint64(base & 3)
            else:
                window = window >> np.uint64(2) | np.uint64(base & 3) << np.uint64(62)
        if found != 0:
            return p, off + found
    return np.int64(-1), off
