"""Mixing coder, first version: one kernel codes and decodes (import starts numba)."""

from __future__ import annotations

import numpy as np
from numba import njit, types

_U8 = types.Array(types.uint8, 1, "C", readonly=True)
_SIG = types.int64(
    types.uint8[::1],  # bases
    types.int64,  # n
    types.uint8[::1],  # classes (n) or empty
    types.uint8[::1],  # stream
    types.boolean,  # decode
    types.int64[:, ::1],  # models: order, bits, offset, with_class
    types.uint16[::1],  # counts
    types.int64[::1],  # match lengths
    types.int32[:, ::1],  # match tables
    types.int32[:, ::1],  # log of nibble by kind
    types.uint16[::1],  # exp
    types.int64[::1],  # complement class
)


@njit(_SIG, cache=True, nogil=True, boundscheck=False, error_model="numpy")
def code(
    bases, n, classes, stream, decode, models, counts, lengths, tables, logs, exps, complement
):
    """Code or decode ``n`` bases; returns the bytes written (or 0)."""
    n_contexts = models.shape[0]
    n_match = lengths.shape[0]
    m = n_contexts + 2 * n_match
    feature = np.zeros((4, m), np.int32)
    weight = np.full(m, np.int32(1 << 14), np.int32)
    slot = np.zeros(m, np.int64)
    pointer = np.full(2 * n_match, np.int64(-1), np.int64)
    hits = np.zeros(2 * n_match, np.int64)
    rate = np.full((2 * n_match, 64), np.int32(60000), np.int32)
    has_class = classes.shape[0] > 0
    h = np.uint64(0)
    rc = np.uint64(0)
    low = np.uint64(0)
    rng = np.uint64(0xFFFFFFFFFFFFFFFF)
    value = np.uint64(0)
    pos = 0
    size = stream.shape[0]
    if decode:
        for _ in range(8):
            value = (value << np.uint64(8)) | np.uint64(stream[pos] if pos < size else 0)
            pos += 1
    mult = np.uint64(0x9E3779B97F4A7C15)
    one = np.uint64(1)
    for i in range(n):
        cls = np.uint64(classes[i]) if has_class else np.uint64(0)
        for j in range(n_contexts):
            k = models[j, 0]
            bits = np.uint64(models[j, 1])
            ctx = h & ((one << np.uint64(2 * k)) - one)
            width = 2 * k
            if models[j, 3]:
                ctx = (ctx << np.uint64(4)) | cls
                width += 4
            if width > models[j, 1]:
                ctx = ((ctx + one) * mult) >> (np.uint64(64) - bits)
            at = models[j, 2] + np.int64(ctx)
            slot[j] = at
            c = counts[at]
            kind = 1 if k >= 11 else 0
            for s in range(4):
                feature[s, j] = logs[kind, (c >> np.uint16(4 * s)) & np.uint16(15)]
        for j in range(2 * n_match):
            col = n_contexts + j
            for s in range(4):
                feature[s, col] = 0
            p = pointer[j]
            if p >= 0:
                if j & 1:
                    sym = 3 - bases[p]
                else:
                    sym = bases[p]
                pr = rate[j, hits[j]]
                feature[sym, col] = np.int32(logs[2, pr >> 8])
        zmax = np.int64(-(1 << 60))
        z0 = np.int64(0)
        z1 = np.int64(0)
        z2 = np.int64(0)
        z3 = np.int64(0)
        for j in range(m):
            w = np.int64(weight[j])
            z0 += w * feature[0, j]
            z1 += w * feature[1, j]
            z2 += w * feature[2, j]
            z3 += w * feature[3, j]
        z0 >>= 16
        z1 >>= 16
        z2 >>= 16
        z3 >>= 16
        zmax = max(max(z0, z1), max(z2, z3))
        e0 = np.int64(exps[min(zmax - z0, 4095)])
        e1 = np.int64(exps[min(zmax - z1, 4095)])
        e2 = np.int64(exps[min(zmax - z2, 4095)])
        e3 = np.int64(exps[min(zmax - z3, 4095)])
        total = e0 + e1 + e2 + e3
        f0 = (e0 * 65500) // total + 4
        f1 = (e1 * 65500) // total + 4
        f2 = (e2 * 65500) // total + 4
        f3 = 65536 - f0 - f1 - f2
        r = rng >> np.uint64(16)
        if decode:
            c1 = r * np.uint64(f0)
            c2 = c1 + r * np.uint64(f1)
            c3 = c2 + r * np.uint64(f2)
            b = np.int64(value >= c1) + np.int64(value >= c2) + np.int64(value >= c3)
            bases[i] = b
        else:
            b = np.int64(bases[i])
        cum = np.uint64(0)
        f = f0
        if b == 1:
            cum = np.uint64(f0)
            f = f1
        elif b == 2:
            cum = np.uint64(f0 + f1)
            f = f2
        elif b == 3:
            cum = np.uint64(f0 + f1 + f2)
            f = f3
        add = r * cum
        if b == 3:
            rng -= add
        else:
            rng = r * np.uint64(f)
        if decode:
            value -= add
        else:
            low += add
            if low < add:
                at = pos - 1
                while stream[at] == 255:
                    stream[at] = 0
                    at -= 1
                stream[at] += np.uint8(1)
        while rng < (one << np.uint64(32)):
            rng <<= np.uint64(8)
            if decode:
                value = (value << np.uint64(8)) | np.uint64(stream[pos] if pos < size else 0)
            else:
                stream[pos] = np.uint8(low >> np.uint64(56))
                low <<= np.uint64(8)
            pos += 1
        d0 = (np.int64(65535) if b == 0 else np.int64(0)) - f0
        d1 = (np.int64(65535) if b == 1 else np.int64(0)) - f1
        d2 = (np.int64(65535) if b == 2 else np.int64(0)) - f2
        d3 = (np.int64(65535) if b == 3 else np.int64(0)) - f3
        for j in range(m):
            g = d0 * feature[0, j] + d1 * feature[1, j] + d2 * feature[2, j] + d3 * feature[3, j]
            w = np.int64(weight[j]) + ((g + (1 << 15)) >> 16)
            weight[j] = np.int32(min(max(w, -(1 << 19)), 1 << 19))
        # counts: the context seen, and the same place read on the opposite strand
        h_old = h
        h = (h << np.uint64(2)) | np.uint64(b)
        rc = (rc >> np.uint64(2)) | (np.uint64(3 - b) << np.uint64(62))
        for j in range(n_contexts):
            k = models[j, 0]
            for side in range(2):
                if side == 0:
                    at = slot[j]
                    s = np.uint16(4 * b)
                else:
                    if i < k:
                        break
                    ctx = rc >> np.uint64(64 - 2 * k)
                    width = 2 * k
                    if models[j, 3]:
                        cc = np.uint64(complement[classes[i - k]]) if has_class else np.uint64(0)
                        ctx = (ctx << np.uint64(4)) | cc
                        width += 4
                    if width > models[j, 1]:
                        ctx = ((ctx + one) * mult) >> np.uint64(64 - models[j, 1])
                    at = models[j, 2] + np.int64(ctx)
                    s = np.uint16(4 * (3 - ((h >> np.uint64(2 * k)) & np.uint64(3))))
                c = counts[at]
                if ((c >> s) & np.uint16(15)) == np.uint16(15):
                    c = (c >> np.uint16(1)) & np.uint16(0x7777)
                counts[at] = c + (np.uint16(1) << s)
        for t in range(n_match):
            k = lengths[t]
            for side in range(2):
                j = 2 * t + side
                p = pointer[j]
                if p >= 0:
                    want = np.int64(3 - bases[p]) if side else np.int64(bases[p])
                    pr = rate[j, hits[j]]
                    if want == b:
                        rate[j, hits[j]] = pr + ((65535 - pr) >> 6)
                        hits[j] = min(hits[j] + 1, 31) if hits[j] < 32 else hits[j] - 1
                    else:
                        rate[j, hits[j]] = pr - (pr >> 6)
                        hits[j] = 40 if hits[j] < 32 else hits[j] + 6
                    if side:
                        p -= 1
                    else:
                        p += 1
                    if hits[j] >= 63:
                        p = -1
                        hits[j] = 0
                    pointer[j] = p
            if i + 1 >= k:
                bits = np.uint64(24)
                mask = (one << np.uint64(2 * k)) - one
                at = np.int64(((h & mask) * mult) >> (np.uint64(64) - bits))
                bt = np.int64(((rc >> np.uint64(64 - 2 * k)) * mult) >> (np.uint64(64) - bits))
                if pointer[2 * t] < 0 and tables[t, at] > 0:
                    pointer[2 * t] = tables[t, at]
                    hits[2 * t] = 0
                if pointer[2 * t + 1] < 0 and tables[t, bt] > 0:
                    pointer[2 * t + 1] = tables[t, bt] - k - 1
                    hits[2 * t + 1] = 0
                tables[t, at] = i + 1
    if not decode:
        for _ in range(8):
            stream[pos] = np.uint8(low >> np.uint64(56))
            low <<= np.uint64(8)
            pos += 1
    return pos
