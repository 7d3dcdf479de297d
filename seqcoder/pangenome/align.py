"""Gap-free alignments of a genome to everything known: the candidates a walk is chosen from."""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,arg-type,assignment"

from __future__ import annotations

import numba
import numpy as np

from seqcoder.coder.intrinsics import prefetch
from seqcoder.pangenome.compare import matches_on, mismatches
from seqcoder.pangenome.extend import extend, realign
from seqcoder.pangenome.seeds import STEP, K, insert_own, slot_of

BLOCK = 24
MIN_SCORE = 20
ACTIVE = 32
OVERLAP = 256

_TOP = np.uint64(2 * (K - 1))
_MASK = np.uint64((1 << (2 * K)) - 1)


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
