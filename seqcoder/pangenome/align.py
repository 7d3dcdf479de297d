"""Gap-free alignments of a genome to everything known: the candidates a walk is chosen from."""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,arg-type,assignment"

from __future__ import annotations

import numba
import numpy as np

from seqcoder.coder.intrinsics import popcount, prefetch
from seqcoder.pangenome.compare import matches_back, matches_on, mismatches
from seqcoder.pangenome.seeds import STEP, K, insert_own, slot_of

BLOCK = 24
XDROP = 30
PENALTY = 2
MIN_SCORE = 20
REACH = 64
PROBE = 32
PROBE_MATCHES = 22
ACTIVE = 32
OVERLAP = 256

_TOP = np.uint64(2 * (K - 1))
_ODD_BITS = np.uint64(0x5555555555555555)
_MASK = np.uint64((1 << (2 * K)) - 1)


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
    "boolean(uint8[::1], int64[::1], int64, int64[:, ::1], int64[::1], int64[::1], "
    "int64, int64, int64, int64)",
    cache=True,
    nogil=True,
)
def place(text, edges, end, segs, active, state, anchor, sign, off, floor):
    """Extend the diagonal through text[anchor] both ways and keep it as a segment.

    state: count, n_active.  Returns whether a segment was added.
    """
    begin = edges[-1]
    src = sign * anchor + off
    lo = begin
    hi = begin
    own = True
    for e in range(edges.size - 1):
        if edges[e] <= src < edges[e + 1]:
            lo = edges[e]
            hi = edges[e + 1]
            own = False
            break
    if own:
        # A copy within the genome reads only what lies before the place it is written to.
        if sign > 0:
            left = min(anchor - floor, src - begin, -off - K)
            right = min(end - anchor, -off)
        else:
            if src >= anchor:
                return False
            left = min(anchor - floor, (anchor - src - 1) // 2)
            right = min(end - anchor, src - begin + 1)
    elif sign > 0:
        left = min(anchor - floor, src - lo)
        right = min(end - anchor, hi - src)
    else:
        left = min(anchor - floor, hi - 1 - src)
        right = min(end - anchor, src - lo + 1)
    ln, sc, bd = extend(text, anchor - 1, -1, sign, off, left)
    if own and sign > 0:
        right = min(right, -off - ln)
    rn, sc2, bd2 = extend(text, anchor, 1, sign, off, right)
    if sc + sc2 < MIN_SCORE:
        return False
    a = anchor - ln
    b = anchor + rn
    n_active = state[1]
    for q in range(n_active):
        s = active[q]
        if segs[s, 2] == sign and segs[s, 3] == off and segs[s, 1] >= b:
            return False
    c = state[0]
    segs[c, 0] = a
    segs[c, 1] = b
    segs[c, 2] = sign
    segs[c, 3] = off
    segs[c, 4] = bd + bd2
    segs[c, 5] = 0 if own or sc + sc2 < 2 * MIN_SCORE else 1
    state[0] = c + 1
    if n_active == ACTIVE:
        drop = 0
        for q in range(1, ACTIVE):
            if segs[active[q], 1] < segs[active[drop], 1]:
                drop = q
        active[drop] = c
    else:
        active[n_active] = c
        state[1] = n_active + 1
    return True


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


@numba.njit(
    "int64[:, ::1](uint8[::1], int64[::1], int64, uint32[::1], uint64, uint32[::1], uint64)",
    cache=True,
    nogil=True,
)
def find_segments(text, edges, end, table_b, shift_b, table_p, shift_p):
    """Return the segments of text[edges[-1]:end], the genome: int64[n, 6], not in order.

    edges: int64[s + 1]; text[edges[i]:edges[i + 1]] is space i, indexed in ``table_b``
    (space 0) or ``table_p`` (the others; the genome is entered there as it goes by).
    A segment: first and last + 1 position in the text, sign and offset of its source (the
    source of text[t] is text[sign * t + offset], complemented where sign is -1),
    mismatches, and a flag used here only.
    """
    begin = edges[-1]
    cap = 4096
    segs = np.empty((cap, 6), np.int64)  # a, b, sign, off, mismatches, may realign
    state = np.zeros(2, np.int64)
    active = np.empty(ACTIVE, np.int64)
    slots_b = np.empty(BLOCK, np.uint64)
    slots_p = np.empty(BLOCK, np.uint64)
    inserted = begin
    f = np.uint64(0)
    r = np.uint64(0)
    fresh = True  # f and r do not hold the K - 1 bases from text[t]
    good = begin  # everything before is covered by some segment
    t = begin
    while t + K <= end:
        if state[0] + 2 * BLOCK + ACTIVE > cap:
            cap *= 2
            bigger = np.empty((cap, 6), np.int64)
            bigger[: state[0]] = segs[: state[0]]
            segs = bigger
        if t - inserted >= 512:
            stop = t // STEP * STEP
            insert_own(text, inserted, stop + K - 1, table_p, shift_p)
            inserted = stop
        stop_t = min(t + BLOCK, end - K + 1)
        # indels: alignments that end in this block and are not followed by another
        q = 0
        while q < state[1]:
            s = active[q]
            if segs[s, 5] == 1 and segs[s, 1] < stop_t + K:
                segs[s, 5] = 0
                b = segs[s, 1]
                p, off = realign(text, edges, end, segs[s, 2], segs[s, 3], b)
                if p >= 0:
                    place(
                        text,
                        edges,
                        end,
                        segs,
                        active,
                        state,
                        p,
                        segs[s, 2],
                        off,
                        max(begin, b - OVERLAP),
                    )
            q += 1
        keep = 0
        primary = -1
        for i in range(state[1]):
            s = active[i]
            if segs[s, 1] > t:
                active[keep] = s
                keep += 1
                if segs[s, 1] > good:
                    good = segs[s, 1]
                if segs[s, 0] <= t and (primary < 0 or segs[s, 1] > segs[primary, 1]):
                    primary = s
        state[1] = keep
        if primary >= 0:
            look = min(t + 2 * BLOCK, end)
            sign = segs[primary, 2]
            off = segs[primary, 3]
            if look <= segs[primary, 1] and mismatches(text, t, sign, off, look - t) <= 3:
                t += BLOCK
                fresh = True
                continue
        if fresh:
            for i in range(t, t + K - 1):
                base = np.uint64(text[i])
                f = ((f << np.uint64(2)) | base) & _MASK
                r = (r >> np.uint64(2)) | ((np.uint64(3) - base) << _TOP)
            fresh = False
        for i in range(stop_t - t):
            base = np.uint64(text[t + i + K - 1])
            f = ((f << np.uint64(2)) | base) & _MASK
            r = (r >> np.uint64(2)) | ((np.uint64(3) - base) << _TOP)
            slots_b[i] = slot_of(f, r, shift_b)
            slots_p[i] = slot_of(f, r, shift_p)
            prefetch(table_b, slots_b[i])
            prefetch(table_p, slots_p[i])
        for i in range(stop_t - t):
            at = t + i
            for which in range(2):
                hit = np.int64(table_p[slots_p[i]] if which == 0 else table_b[slots_b[i]]) - 1
                if hit < 0:
                    continue
                sign = 1
                off = hit - at
                if matches_on(text, at, 1, off, K) < K:
                    sign = -1
                    off = hit + K - 1 + at
                    if matches_on(text, at, -1, off, K) < K:
                        continue
                known = False
                for q in range(state[1]):
                    s = active[q]
                    if segs[s, 2] == sign and segs[s, 3] == off and segs[s, 0] <= at < segs[s, 1]:
                        known = True
                        break
                if not known:
                    place(
                        text,
                        edges,
                        end,
                        segs,
                        active,
                        state,
                        at,
                        sign,
                        off,
                        max(begin, min(good, at) - OVERLAP),
                    )
        t = stop_t
    return segs[: state[0]].copy()
