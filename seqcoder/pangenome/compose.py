"""Walks over walks: what an interval of a relative's sequence is in base space.

A relative form speaks of several spaces: 0 novel bases, 1 the base space before the genome,
2 the genome itself, 3 and up its parents' sequences. Here its items become pieces of base
space, and the substitutions that come along with a parent's sequence are collected.
"""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,arg-type,assignment"

from __future__ import annotations

import numba
import numpy as np

NOVEL, BASE, SELF, PARENT = 0, 1, 2, 3


@numba.njit(
    "int64(int64[:, ::1], int64, int64, int64, int64, int64, int64[:, ::1], int64)",
    cache=True,
    nogil=True,
)
def _copy(source, first, last, a, b, reverse, pieces, n):
    """Append what [a, b) of a sequence is, given its pieces[first:last]; returns the new n.

    ``source`` rows: end in the sequence, start in base space, length, reverse.
    """
    lo = first
    hi = last
    while lo < hi:
        mid = (lo + hi) // 2
        if source[mid, 0] > a:
            hi = mid
        else:
            lo = mid + 1
    row = lo
    begin = n
    at = a
    while at < b:
        end = source[row, 0]
        stop = min(end, b)
        skip = at - (end - source[row, 2])
        length = stop - at
        start = source[row, 1]
        start += source[row, 2] - skip - length if source[row, 3] else skip
        pieces[n, 1] = start
        pieces[n, 2] = length
        pieces[n, 3] = source[row, 3]
        pieces[n, 4] = 0
        n += 1
        at = stop
        row += 1
    if reverse:
        i = begin
        j = n - 1
        while i < j:
            for c in range(1, 4):
                keep = pieces[i, c]
                pieces[i, c] = pieces[j, c]
                pieces[j, c] = keep
            i += 1
            j -= 1
        for i in range(begin, n):
            pieces[i, 3] ^= 1
    return n


@numba.njit(
    "int64(int64[:, ::1], int64, int64, int64, int64)",
    cache=True,
    nogil=True,
)
def _count(source, first, last, a, b):
    """Return how many of the pieces overlap [a, b)."""
    lo = first
    hi = last
    while lo < hi:
        mid = (lo + hi) // 2
        if source[mid, 0] > a:
            hi = mid
        else:
            lo = mid + 1
    count = 0
    while lo < last and source[lo, 0] - source[lo, 2] < b:
        count += 1
        lo += 1
    return count


@numba.njit(
    "Tuple((int64[:, ::1], int64[:, ::1]))(int64[:, ::1], int64, int64[:, ::1], "
    "int64[::1], int64[:, ::1], int64[::1], int64)",
    cache=True,
    nogil=True,
)
def flatten(items, novel_start, rows, row_edges, subs, sub_edges, most):
    """Turn items into pieces of base space.

    items: int64[n, 4]: space, reverse, source position in the space, length; checked.
    rows: int64[r, 4]: the parents' pieces, parent j's in row_edges[j]:row_edges[j+1].
    subs: int64[s, 2]: the parents' substitutions (position, difference), as sub_edges says.
    Returns pieces int64[p, 5] (end in the genome, start, length, reverse, novel) and the
    substitutions that come along, int64[q, 2] (position, difference), in order. Where either
    would be more than ``most``, both are empty.
    """
    cap = 2 * items.shape[0] + 64
    pieces = np.empty((cap, 5), np.int64)
    scap = 1024
    along = np.empty((scap, 2), np.int64)
    n = 0
    m = 0
    at = 0
    novel = novel_start
    for i in range(items.shape[0]):
        space, reverse, src, length = items[i, 0], items[i, 1], items[i, 2], items[i, 3]
        need = 1
        more = 0
        lo = 0
        hi = 0
        if space >= PARENT:
            j = space - PARENT
            need = _count(rows, row_edges[j], row_edges[j + 1], src, src + length)
            lo = sub_edges[j] + np.searchsorted(subs[sub_edges[j] : sub_edges[j + 1], 0], src)
            hi = sub_edges[j] + np.searchsorted(
                subs[sub_edges[j] : sub_edges[j + 1], 0], src + length
            )
            more = hi - lo
        elif space == SELF:
            need = _count(pieces, 0, n, src, src + length)
            lo = np.searchsorted(along[:m, 0], src)
            hi = np.searchsorted(along[:m, 0], src + length)
            more = hi - lo
        if n + need > most or m + more > most:
            return pieces[:0].copy(), along[:0].copy()
        if n + need > cap:
            cap = 2 * (n + need)
            grown = np.empty((cap, 5), np.int64)
            grown[:n] = pieces[:n]
            pieces = grown
        if m + more > scap:
            scap = 2 * (m + more)
            wider = np.empty((scap, 2), np.int64)
            wider[:m] = along[:m]
            along = wider
        first = n
        if space == NOVEL:
            pieces[n, 1] = novel
            pieces[n, 2] = length
            pieces[n, 3] = 0
            pieces[n, 4] = 1
            novel += length
            n += 1
        elif space == BASE:
            pieces[n, 1] = src
            pieces[n, 2] = length
            pieces[n, 3] = reverse
            pieces[n, 4] = 0
            n += 1
        elif space == SELF:
            n = _copy(pieces, 0, n, src, src + length, reverse, pieces, n)
        else:
            n = _copy(rows, row_edges[j], row_edges[j + 1], src, src + length, reverse, pieces, n)
        for k in range(more):
            # A sequence read backwards gives its substitutions in the opposite order.
            q = hi - 1 - k if reverse else lo + k
            position = along[q, 0] if space == SELF else subs[q, 0]
            diff = along[q, 1] if space == SELF else subs[q, 1]
            along[m, 0] = at + (src + length - 1 - position if reverse else position - src)
            along[m, 1] = diff
            m += 1
        for k in range(first, n):
            at += pieces[k, 2]
            pieces[k, 0] = at
    return pieces[:n].copy(), along[:m].copy()


@numba.njit(
    "int64[:, ::1](int64[:, ::1], int64[:, ::1])",
    cache=True,
    nogil=True,
)
def combine(one, two):
    """Merge two ordered lists of (position, difference); differences at one place are XORed."""
    out = np.empty((one.shape[0] + two.shape[0], 2), np.int64)
    n = 0
    i = 0
    j = 0
    while i < one.shape[0] or j < two.shape[0]:
        if j == two.shape[0] or (i < one.shape[0] and one[i, 0] < two[j, 0]):
            out[n] = one[i]
            i += 1
        elif i == one.shape[0] or two[j, 0] < one[i, 0]:
            out[n] = two[j]
            j += 1
        else:
            out[n, 0] = one[i, 0]
            out[n, 1] = one[i, 1] ^ two[j, 1]
            i += 1
            j += 1
            if out[n, 1] == 0:
                continue
        n += 1
    return out[:n].copy()


@numba.njit(
    "int64[:, ::1](int64[:, ::1])",
    cache=True,
    nogil=True,
)
def join(pieces):
    """Unite pieces that continue one another; int64[p, 5] in and out."""
    out = np.empty_like(pieces)
    n = 0
    for i in range(pieces.shape[0]):
        if n:
            before = out[n - 1]
            if before[3] == pieces[i, 3]:
                follows = (
                    pieces[i, 1] + pieces[i, 2] == before[1]
                    if before[3]
                    else before[1] + before[2] == pieces[i, 1]
                )
                if follows:
                    before[0] = pieces[i, 0]
                    before[1] = min(before[1], pieces[i, 1])
                    before[2] += pieces[i, 2]
                    continue
        out[n] = pieces[i]
        n += 1
    return out[:n].copy()


@numba.njit(
    "void(int64[:, ::1], int64[:, ::1], int64, uint8[::1])",
    cache=True,
    nogil=True,
)
def count_alleles(rows, subs, low, counts):
    """Count a genome's differences: two bits for each of 1, 2, 3 in counts[y - low].

    Counts stop at 3.
    """
    row = 0
    for i in range(subs.shape[0]):
        position = subs[i, 0]
        while rows[row, 0] <= position:
            row += 1
        offset = position - (rows[row, 0] - rows[row, 2])
        y = rows[row, 1] + (rows[row, 2] - 1 - offset if rows[row, 3] else offset) - low
        shift = 2 * (subs[i, 1] - 1)
        value = np.int64(counts[y])
        if (value >> shift) & 3 < 3:
            counts[y] = np.uint8(value + (1 << shift))


@numba.njit(
    "int64(int64[:, ::1], int64[:, ::1], uint8[::1], int64, int64[:, ::1])",
    cache=True,
    nogil=True,
)
def list_sites(pieces, along, counts, low, sites):
    """List the copied places where the genome's forerunners differ.

    sites: int64[cap, 3] to fill: position, the difference that comes along, the counts.
    Returns how many there are; if more than cap, only the first cap are filled in.
    """
    n = 0
    at = 0
    q = 0
    size = counts.size
    for i in range(pieces.shape[0]):
        length = pieces[i, 2]
        if pieces[i, 4] == 0:
            step = -1 if pieces[i, 3] else 1
            y = pieces[i, 1] - low + (length - 1 if pieces[i, 3] else 0)
            for k in range(length):
                seen = counts[y] if 0 <= y < size else np.uint8(0)
                y += step
                if seen:
                    position = at + k
                    while q < along.shape[0] and along[q, 0] < position:
                        q += 1
                    if n < sites.shape[0]:
                        sites[n, 0] = position
                        sites[n, 1] = 0
                        if q < along.shape[0] and along[q, 0] == position:
                            sites[n, 1] = along[q, 1]
                        sites[n, 2] = seen
                    n += 1
        at += length
    return n
