"""The entropy-coded columns of a relative walk: items, substitutions at new places, at sites.

Each kernel codes or decodes, as ``mode`` says, through the same lines. docs/pangenome.md
specifies the contexts.
"""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,arg-type,assignment"

from __future__ import annotations

import numba
import numpy as np

from seqcoder.pangenome.compose import NOVEL, PARENT, SELF
from seqcoder.pangenome.entropy import ENCODE, LADDER, code_bit, code_number

SPACES = 12
NEAR_LIMIT = 1 << 20

_NEAR = 16 * SPACES
_REVERSE = _NEAR + 2 * SPACES
_SHIFT = 256
_FAR = _SHIFT + 2 * LADDER
_LENGTH = _FAR + LADDER
_NOVEL = _LENGTH + 2 * LADDER
ITEM_CONTEXTS = _NOVEL + LADDER

_PHASE = 0
_DIFF = 256
_GAP = 512
GAP_CONTEXTS = _GAP + 24 * LADDER

_BEST = 6 * 64
_OTHER = _BEST + 8
SITE_CONTEXTS = _OTHER + 8


@numba.njit(
    "int64(int64, uint64[::1], uint8[::1], uint16[:, ::1], int64[:, ::1], int64[::1], int64)",
    cache=True,
    nogil=True,
)
def code_items(mode, rc, buf, probs, items, sizes, n_bases):
    """Code items (int64[n, 4]: space, reverse, source, length); returns 0, or 1 if invalid.

    sizes: int64[S]: bases of each space (of NOVEL: what there is to come at most; of SELF:
    unused). A source is a position within its space.
    """
    n_spaces = sizes.size
    offs = np.zeros(n_spaces, np.int64)
    signs = np.ones(n_spaces, np.int64)
    at = 0
    novel = 0
    before = 0
    for i in range(items.shape[0]):
        space = items[i, 0]
        node = 1
        for k in range(4):
            bit = code_bit(mode, rc, buf, probs, 16 * before + node, (space >> (3 - k)) & 1)
            node = 2 * node + bit
        space = node - 16
        if space >= n_spaces:
            return 1
        length = items[i, 3]
        if space == NOVEL:
            length = 1 + code_number(mode, rc, buf, probs, _NOVEL, length - 1)
            if at + length > n_bases or novel + length > sizes[NOVEL]:
                return 1
            items[i, 0] = NOVEL
            items[i, 1] = 0
            items[i, 2] = novel
            items[i, 3] = length
            novel += length
            at += length
            before = NOVEL
            continue
        fresh = 1 if before == NOVEL else 0
        near = 0
        sign = 1
        off = 0
        shift = 0
        if mode == ENCODE:
            sign = -1 if items[i, 1] else 1
            off = items[i, 2] - at if sign > 0 else items[i, 2] + length - 1 + at
            shift = off - offs[space]
            if sign == signs[space] and -NEAR_LIMIT < shift < NEAR_LIMIT:
                near = 1
        near = code_bit(mode, rc, buf, probs, _NEAR + 2 * space + fresh, near)
        if near:
            folded = (shift << 1) ^ (shift >> 63)
            folded = code_number(mode, rc, buf, probs, _SHIFT + LADDER * fresh, folded)
            sign = signs[space]
            off = offs[space] + ((folded >> 1) ^ -(folded & 1))
        else:
            back = code_bit(mode, rc, buf, probs, _REVERSE + space, 1 if sign < 0 else 0)
            sign = -1 if back else 1
            first = off + at if sign > 0 else off - at
            first = code_number(mode, rc, buf, probs, _FAR, first)
            off = first - at if sign > 0 else first + at
        kind = 0 if space >= PARENT else 1
        length = 1 + code_number(mode, rc, buf, probs, _LENGTH + LADDER * kind, length - 1)
        src = off + at if sign > 0 else off - at - length + 1
        limit = at if space == SELF else sizes[space]
        if src < 0 or src + length > limit or at + length > n_bases:
            return 1
        items[i, 0] = space
        items[i, 1] = 1 if sign < 0 else 0
        items[i, 2] = src
        items[i, 3] = length
        offs[space] = off
        signs[space] = sign
        at += length
        before = space
    return 0 if at == n_bases else 1


@numba.njit("int64(int64)", cache=True, nogil=True)
def _bucket(gap):
    """Return 0..7 for a gap below 4, 8, 16, 32, 64, 128, 1024 or larger."""
    if gap >= 1024:
        return 7
    n = 0
    while n < 6 and gap >= 4 << n:
        n += 1
    return n


@numba.njit(
    "int64(int64, uint64[::1], uint8[::1], uint16[:, ::1], int64[::1], uint8[::1], int64)",
    cache=True,
    nogil=True,
)
def code_gaps(mode, rc, buf, probs, clocks, diffs, limit):
    """Code increasing ``clocks`` (int64[m], below ``limit``) and their differences 1..3.

    Substitutions lie three apart more often than not (third codon positions), so a gap is
    coded as its remainder by 3, then its quotient. Returns 0, or 1 if invalid.
    """
    last = -1
    bucket = 7
    older = 2
    r1 = 0
    r2 = 0
    diff = 0
    for i in range(clocks.size):
        gap = clocks[i] - last - 1
        r = gap % 3
        context = _PHASE + (bucket * 9 + r1 * 3 + r2) * 2
        if code_bit(mode, rc, buf, probs, context, 1 if r == 2 else 0):
            r = 2
        else:
            r = code_bit(mode, rc, buf, probs, context + 1, r)
        base = _GAP + LADDER * (bucket * 3 + older)
        gap = 3 * code_number(mode, rc, buf, probs, base, gap // 3) + r
        last += gap + 1
        if last >= limit:
            return 1
        context = _DIFF + 16 * (1 if r == 2 else 0) + 4 * diff
        d = np.int64(diffs[i])
        if code_bit(mode, rc, buf, probs, context, 1 if d == 2 else 0):
            d = 2
        else:
            d = 3 if code_bit(mode, rc, buf, probs, context + 1, d >> 1) else 1
        clocks[i] = last
        diffs[i] = d
        diff = d
        older = 0 if bucket < 2 else (1 if bucket < 6 else 2)
        bucket = _bucket(gap)
        r2 = r1
        r1 = r
    return 0


@numba.njit(
    "void(int64, uint64[::1], uint8[::1], uint16[:, ::1], int64[:, ::1], int64[::1], uint8[::1])",
    cache=True,
    nogil=True,
)
def code_sites(mode, rc, buf, probs, sites, plain, changes):
    """Code what happens at the sites: changes uint8[n], 0 or a difference 1..3.

    sites: int64[n, 3] as `compose.list_sites` gives them; plain: int64[m], positions of the
    substitutions elsewhere, known already.
    """
    history = 0
    j = 0
    for i in range(sites.shape[0]):
        position = sites[i, 0]
        have = sites[i, 1]
        seen = sites[i, 2]
        while j < plain.size and plain[j] < position:
            j += 1
        near = np.int64(1 << 40)
        if j < plain.size:
            near = plain[j] - position
        if j > 0:
            near = min(near, position - plain[j - 1])
        # The likeliest other base: the common one where ours is special, else the one seen most.
        best = have
        if have == 0:
            top = 0
            for d in range(1, 4):
                times = (seen >> (2 * (d - 1))) & 3
                if times > top:
                    top = times
                    best = d
            kind = top - 1
        else:
            kind = 2 + max(1, (seen >> (2 * (have - 1))) & 3)
        context = (kind * 8 + history) * 8 + _bucket(near)
        change = np.int64(changes[i])
        if code_bit(mode, rc, buf, probs, context, 1 if change else 0):
            history = (2 * history + 1) & 7
            if code_bit(mode, rc, buf, probs, _BEST + kind, 1 if change == best else 0):
                change = best
            else:
                one = 2 if best == 1 else 1
                two = 2 if best == 3 else 3
                change = (
                    two if code_bit(mode, rc, buf, probs, _OTHER + kind, change == two) else one
                )
        else:
            history = (2 * history) & 7
            change = 0
        changes[i] = change
