"""Which alignment each base is copied from: the cheapest path through the candidates."""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,arg-type,assignment"

from __future__ import annotations

import numba
import numpy as np

from seqcoder.pangenome.compare import matches_on

SCALE = 256
TO_NOVEL = 10 * SCALE
NEAR = 14 * SCALE
NEAR_REACH = 4096
BIG = 1 << 60


@numba.njit(
    "Tuple((int64[:, ::1], int64))(uint8[::1], int64, int64, int64[:, ::1], int64[:, ::1], "
    "int64, int64)",
    cache=True,
    nogil=True,
)
def choose(text, begin, end, segs, rates, novel, far):
    """Return the path and its cost: int64[p, 2] of (segment or -1, first target position).

    -1 stands for novel. rates: int64[n, 2]: cost of a match and of a mismatch in each segment.
    novel, far: cost of a novel base, of a new item. segs sorted by first position.

    Between two events (a segment begins, ends or has a mismatch) all costs grow linearly, so
    that it never pays to change between states but at events: stretches without are one step.
    """
    A = 24
    ids = np.empty(A, np.int64)
    cost = np.empty(A, np.int64)
    entry = np.empty(A, np.int64)
    prev = np.empty(A, np.int64)
    node = np.empty(A, np.int64)
    bad = np.empty(A, np.int64)  # where a state's next mismatch is, or its segment ends
    origin = np.int64(-1)  # the segment the novel state was entered from
    cap = 4096
    nodes = np.empty((cap, 3), np.int64)
    n_nodes = 0
    # state 0 is novel
    ids[0] = -1
    cost[0] = 0
    entry[0] = begin
    prev[0] = -1
    node[0] = -1
    live = 1
    nxt = 0
    n = segs.shape[0]
    t = begin
    while t < end:
        # best state at this boundary
        b = 0
        for i in range(1, live):
            if cost[i] < cost[b]:
                b = i
        best = cost[b]
        # arrivals
        while nxt < n and segs[nxt, 0] <= t:
            if segs[nxt, 1] > t:
                at = live
                if live == A:
                    # Full: of all but the best, the one that ends first makes room.
                    at = -1
                    first = segs[nxt, 1]
                    for i in range(1, A):
                        if i != b and segs[ids[i], 1] < first:
                            first = segs[ids[i], 1]
                            at = i
                    if at < 0:
                        nxt += 1
                        continue
                else:
                    live += 1
                ids[at] = nxt
                bad[at] = t + matches_on(text, t, segs[nxt, 2], segs[nxt, 3], segs[nxt, 1] - t)
                cost[at] = BIG
                entry[at] = t
                prev[at] = -1
                node[at] = -1
            nxt += 1
        if live > 1:
            frm = ids[b] if b > 0 else origin
            for i in range(live):
                if i == b:
                    continue
                if i == 0:
                    w = TO_NOVEL
                else:
                    s = ids[i]
                    w = far
                    if frm >= 0 and segs[frm, 2] == segs[s, 2]:
                        d = segs[frm, 3] - segs[s, 3]
                        if -NEAR_REACH < d < NEAR_REACH:
                            w = NEAR
                if best + w < cost[i]:
                    if node[b] < 0:
                        if n_nodes == cap:
                            cap *= 2
                            more = np.empty((cap, 3), np.int64)
                            more[:n_nodes] = nodes
                            nodes = more
                        nodes[n_nodes, 0] = ids[b]
                        nodes[n_nodes, 1] = entry[b]
                        nodes[n_nodes, 2] = prev[b]
                        node[b] = n_nodes
                        n_nodes += 1
                    cost[i] = best + w
                    entry[i] = t
                    prev[i] = node[b]
                    node[i] = -1
                    if i == 0:
                        origin = ids[b]
        # departures, then the bases up to the next event, or this one if it is a mismatch
        stop = segs[nxt, 0] if nxt < n else end
        keep = 1
        for i in range(1, live):
            if segs[ids[i], 1] > t:
                stop = min(stop, max(bad[i], t + 1))
                ids[keep] = ids[i]
                cost[keep] = cost[i]
                entry[keep] = entry[i]
                prev[keep] = prev[i]
                node[keep] = node[i]
                bad[keep] = bad[i]
                keep += 1
        live = keep
        for i in range(1, live):
            s = ids[i]
            if bad[i] > t:
                cost[i] += (stop - t) * rates[s, 0]
            else:
                cost[i] += rates[s, 1]
                rest = segs[s, 1] - stop
                bad[i] = stop + matches_on(text, stop, segs[s, 2], segs[s, 3], rest)
        cost[0] += (stop - t) * novel
        t = stop
    b = 0
    for i in range(1, live):
        if cost[i] < cost[b]:
            b = i
    total = cost[b]
    m = 1
    p = prev[b]
    while p >= 0:
        m += 1
        p = nodes[p, 2]
    path = np.empty((m, 2), np.int64)
    path[m - 1, 0] = ids[b]
    path[m - 1, 1] = entry[b]
    p = prev[b]
    i = m - 2
    while p >= 0:
        path[i, 0] = nodes[p, 0]
        path[i, 1] = nodes[p, 1]
        p = nodes[p, 2]
        i -= 1
    return path, total
