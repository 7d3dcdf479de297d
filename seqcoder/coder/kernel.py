"""The mixing kernel: one function that codes and decodes (importing it starts numba).

Every base gets a probability for each of A, C, G, T from a softmax over a weighted sum of
model features (symbol-level logistic mixing, after Mahoney's PAQ and Mattern's "Mixing
strategies in data compression", DCC 2012), and a 64-bit range coder codes it. The layout
of the arrays is in ``tables.py``, the models themselves are in ``levels.py``.

Bounds, all of them independent of the input (int32 unless said):

- a feature is at most 2047 in size (natural logarithm times 256);
- a weight is at most 2^18 - 1 (times 65536, so just under 4), and the product of a weight
  shifted down by 4 and a feature is below 2^14 * 2^11 = 2^25; at most 63 inputs: < 2^31;
- the errors of the four bases (times 65536) sum to zero and their absolute values to at
  most 2^17, so a gradient is below 2^17 * 2^11 = 2^28; shifted down by 8 it is below
  2^20, times a rate of at most 2^10: < 2^30;
- scores are 64-bit: at most 2^16 (clipped) * 2^18 (second-layer weight) * 8 sets = 2^37;
- the range coder keeps its range in [2^32, 2^64) and frequencies sum to 2^16.
"""

# numba's decorators and signatures are untyped
# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call"

from __future__ import annotations

import numpy as np
from numba import njit, types

from seqcoder.coder.intrinsics import popcount, prefetch, reverse_bits, trailing_zeros
from seqcoder.coder.tables import REPEAT_INPUTS
from seqcoder.latent.library import STATE, library_step

u64 = np.uint64
i64 = np.int64
i32 = np.int32
u16 = np.uint16
u32 = np.uint32

#: Bases between the sight of a place on the opposite strand and its update (prefetch).
DELAY = 8
HALF = DELAY // 2
#: Bases before the first update on the opposite strand (more than any order).
START = 32
#: Weight vectors a set can choose among.
CHOICES = 256

_A = types.Array
_SIGNATURE = types.int64(
    types.uint8[::1],  # bases
    types.int64,  # n: how many of them to code
    types.uint8[::1],  # classes: n of them, or none
    types.uint8[::1],  # stream
    types.boolean,  # decode
    types.uint64[:, ::1],  # marks: (2, k) bytes of the stream read or written, and range
    types.int64,  # bases between two marks
    types.int64[::1],  # parameters (tables.PARAMETERS)
    types.int64[:, ::1],  # models (tables.model_rows)
    types.uint32[::1],  # byte counts: four of 8 bits a context
    types.uint16[::1],  # nibble counts: four of 4 bits a context
    types.int32[:, ::1],  # indirect maps (nibble models, states * 4), probability * 2^22
    types.uint16[::1],  # state of nibble counts (65536)
    types.uint8[::1],  # ranks of the four bases in nibble counts (65536)
    types.uint64[:, ::1],  # seeds: mask, span
    types.uint32[:, ::1],  # positions by seed, plus one, 0 for none
    types.uint64[::1],  # bases packed, 32 a word
    types.uint32[::1],  # probability of a hit: 22 bits, and 10 bits of count
    types.int32[:, :, ::1],  # weights (sets, CHOICES, inputs)
    types.int64[:, ::1],  # second-layer weights (8, sets)
    types.int64[::1],  # set selectors
    types.int32[:, ::1],  # logarithm of a byte count, by kind
    types.int32[::1],  # logarithm of a probability (4096)
    types.int32[::1],  # logit of a hit probability (4096)
    types.int64[::1],  # exponential (4096)
    types.int64[::1],  # reciprocals (1024)
    types.int64[::1],  # class seen from the opposite strand (16)
    _A(types.uint8, 1, "C", readonly=True),  # protein library: residues, or none
    _A(types.int32, 1, "C", readonly=True),  # heads of its seeds
    _A(types.int32, 1, "C", readonly=True),  # chain of its seeds
    types.int64,  # length of its seeds
    types.uint32[:, ::1],  # library counts: four of 8 bits a context (inputs, CONTEXTS)
)


@njit(_SIGNATURE, cache=True, nogil=True, boundscheck=False, error_model="numpy")
def code(
    bases,
    n,
    classes,
    stream,
    decode,
    marks,
    mark_every,
    params,
    models,
    byte_counts,
    nibble_counts,
    maps,
    state_of,
    ranks_of,
    seeds,
    positions,
    packed,
    hit_table,
    weights,
    second,
    selectors,
    logs,
    log_p,
    logit,
    exps,
    recips,
    opposite,
    residues,
    heads,
    chain,
    library_seed,
    library_counts,
):
    """Code (or decode) ``n`` bases; returns the length of the stream.

    ``marks`` (k of them, or none) are filled where ``mark_every * 0, 1, ...`` bases are done.
    """
    n_byte = params[0]
    n_models = params[1]
    n_inputs = params[2]
    rate = params[3]
    second_rate = params[4]
    map_shift = params[5]
    max_candidates = params[6]
    accept_misses = params[7]
    drop_misses = u64(params[8])
    accept_run = params[9]
    hit_limit = params[10]
    seed_bits = u64(params[11])
    seen_byte = params[12]
    standing_shift = params[13]
    drop_standing = params[14]
    accept_coding = params[15]
    n_seeds = seeds.shape[0]
    n_sets = selectors.shape[0]
    has_class = classes.shape[0] > 0
    has_repeats = n_seeds > 0

    n_library = library_counts.shape[0] if residues.shape[0] > 0 and has_class else 0
    first_library = n_models + (REPEAT_INPUTS if has_repeats else 0)
    library_state = np.zeros(STATE, np.int64)
    said = np.zeros(4, np.int64)

    feature = np.zeros((4, n_inputs), np.int32)
    slot = np.zeros(n_models, np.uint64)
    ahead = np.zeros((4, n_models), np.uint64)
    ring_slot = np.zeros((DELAY, n_models), np.uint64)
    ring_symbol = np.zeros((DELAY, n_models), np.uint8)
    seed_key = np.zeros((DELAY, n_seeds * 2 + 1), np.uint64)
    seed_place = np.full((DELAY, n_seeds * 2 + 1), i64(-1), np.int64)
    place = np.zeros(max_candidates + 1, np.int64)
    inverted = np.zeros(max_candidates + 1, np.int64)
    misses = np.zeros(max_candidates + 1, np.uint64)
    run = np.zeros(max_candidates + 1, np.int64)
    standing = np.zeros(max_candidates + 1, np.int64)
    guess = np.zeros(max_candidates + 1, np.int64)
    bucket = np.zeros(max_candidates + 1, np.int64)
    best = np.zeros(4, np.int64)
    total = np.zeros(4, np.int64)
    chosen = np.zeros(n_sets, np.int64)
    score = np.zeros((n_sets, 4), np.int64)
    share = np.zeros((n_sets, 4), np.int64)
    np.zeros(4, np.int64)
    final = np.zeros(4, np.int64)
    n_cand = 0
    for j in range(n_byte, n_models):
        for x in range(4):
            ahead[x, j] = u64(models[j, 2])

    h = u64(0)
    rc = u64(0)
    low = u64(0)
    span = u64(0xFFFFFFFFFFFFFFFF)
    value = u64(0)
    pos = 0
    size = stream.shape[0]
    if decode:
        for _ in range(8):
            value = (value << u64(8)) | u64(stream[pos] if pos < size else 0)
            pos += 1

    n_marks = 0
    next_mark = 0 if marks.shape[1] > 0 else n + 1
    for i in range(n):
        if i == next_mark:
            marks[0, n_marks] = u64(pos)
            marks[1, n_marks] = span
            n_marks += 1
            next_mark = next_mark + mark_every if n_marks < marks.shape[1] else n + 1
        cls = i64(classes[i]) if has_class else 0
        cls_u = u64(cls)
        # ---- features of the context models
        for j in range(n_byte):
            at = u64(models[j, 2]) + (h & u64(models[j, 3])) + cls_u * u64(models[j, 1])
            slot[j] = at
            counts = byte_counts[at]
            kind = models[j, 4]
            feature[0, j] = logs[kind, counts & u32(255)]
            feature[1, j] = logs[kind, (counts >> u32(8)) & u32(255)]
            feature[2, j] = logs[kind, (counts >> u32(16)) & u32(255)]
            feature[3, j] = logs[kind, counts >> u32(24)]
        for j in range(n_byte, n_models):
            at = ahead[i & 3, j] + (h & u64(15))
            slot[j] = at
            nib = nibble_counts[at]
            row = u64(state_of[nib]) << u64(2)
            ranks = u64(ranks_of[nib])
            m = j - n_byte
            feature[0, j] = log_p[maps[m, row + (ranks & u64(3))] >> 10]
            feature[1, j] = log_p[maps[m, row + ((ranks >> u64(2)) & u64(3))] >> 10]
            feature[2, j] = log_p[maps[m, row + ((ranks >> u64(4)) & u64(3))] >> 10]
            feature[3, j] = log_p[maps[m, row + (ranks >> u64(6))] >> 10]
        # ---- how much the longest byte and the shortest nibble contexts have seen
        seen = 0
        if n_byte > 0 and n_models > n_byte:
            counts = byte_counts[slot[seen_byte]]
            x = u64(counts & u32(0xFF00FF)) + u64((counts >> u32(8)) & u32(0xFF00FF))
            x = (x & u64(0xFFFF)) + (x >> u64(16))
            nib = nibble_counts[slot[n_byte]]
            y = u64(nib & u16(0x0F0F)) + u64((nib >> u16(4)) & u16(0x0F0F))
            y = (y & u64(0xFF)) + (y >> u64(8))
            x |= x >> u64(1)
            x |= x >> u64(2)
            x |= x >> u64(4)
            x |= x >> u64(8)
            y |= y >> u64(1)
            y |= y >> u64(2)
            y |= y >> u64(4)
            seen = min(i64(popcount(x)), 10) * 8 + i64(popcount(y))
        # ---- votes of the repeats
        quality = 0
        if has_repeats:
            for s in range(4):
                best[s] = 0
                total[s] = 0
            top = 0
            for c in range(n_cand):
                s = i64(bases[place[c]])
                if inverted[c]:
                    s = 3 - s
                guess[c] = s
                length = run[c]
                if length < 16:
                    lb = length >> 1
                elif length < 32:
                    lb = 8 + ((length - 16) >> 2)
                elif length < 64:
                    lb = 12 + ((length - 32) >> 4)
                elif length < 400:
                    lb = 14
                else:
                    lb = 15
                m32 = min(i64(popcount(misses[c])), 31) >> 1
                # the codon position, where the place is read in the same one
                codon = 0
                if cls > 0:
                    there = i64(classes[place[c]])
                    if inverted[c]:
                        there = opposite[there]
                    if there == cls:
                        codon = 1 + (cls - 1) % 3
                long_run = min(max((standing[c] - 16384) >> 11, 0), 23)
                bk = (((lb * 16 + m32) * 24) + long_run) * 4 + codon
                bucket[c] = bk
                p = i64(hit_table[bk] >> u32(20))
                vote = i64(logit[p])
                total[s] += vote
                best[s] = max(best[s], vote)
                top = max(top, p)
            for s in range(4):
                feature[s, n_models] = i32(min(best[s], 2047))
                feature[s, n_models + 1] = i32(min(total[s] - best[s], 2047))
                # a base that differs is most often the other purine or pyrimidine
                feature[s, n_models + 2] = i32(min(total[s ^ 2], 2047))
            if n_cand > 0:
                quality = 1
                if top >= 1638:
                    quality = 2
                if top >= 2458:
                    quality = 3
                if top >= 3277:
                    quality = 4
                if top >= 3686:
                    quality = 5
                if top >= 3932:
                    quality = 6
                if top >= 4055:
                    quality = 7
        # ---- what the protein library expects
        confidence = 0
        if n_library > 0:
            library_step(
                i, bases, classes, residues, heads, chain, library_seed, library_state, said
            )
            confidence = said[2]
            for j in range(n_library):
                counts = library_counts[j, said[j]]
                at_input = first_library + j
                if said[j] > 0:
                    feature[0, at_input] = logs[0, counts & u32(255)]
                    feature[1, at_input] = logs[0, (counts >> u32(8)) & u32(255)]
                    feature[2, at_input] = logs[0, (counts >> u32(16)) & u32(255)]
                    feature[3, at_input] = logs[0, counts >> u32(24)]
                else:
                    for s in range(4):
                        feature[s, at_input] = i32(0)
        # ---- mixing
        for s in range(4):
            final[s] = 0
        f0 = i64(0)
        f1 = i64(0)
        f2 = i64(0)
        for k in range(n_sets):
            what = selectors[k]
            pick = 0
            if what == 1:
                pick = quality + 8 * confidence
            elif what == 2:
                pick = cls
            elif what == 3:
                pick = i64(h & u64(255))
            elif what == 4:
                pick = i64(h & u64(15)) * 16 + cls
            elif what == 5:
                pick = seen
            chosen[k] = pick
            w = weights[k, pick]
            a0 = i32(0)
            a1 = i32(0)
            a2 = i32(0)
            a3 = i32(0)
            for j in range(n_inputs):
                x = i32(w[j] >> i32(4))
                a0 = i32(a0 + i32(x * feature[0, j]))
                a1 = i32(a1 + i32(x * feature[1, j]))
                a2 = i32(a2 + i32(x * feature[2, j]))
                a3 = i32(a3 + i32(x * feature[3, j]))
            z0 = i64(a0)
            z1 = i64(a1)
            z2 = i64(a2)
            z3 = i64(a3)
            zmax = max(max(z0, z1), max(z2, z3))
            z0 = min((zmax - z0) >> 8, 65535)  # 4096 to the nat
            z1 = min((zmax - z1) >> 8, 65535)
            z2 = min((zmax - z2) >> 8, 65535)
            z3 = min((zmax - z3) >> 8, 65535)
            score[k, 0] = z0
            score[k, 1] = z1
            score[k, 2] = z2
            score[k, 3] = z3
            e0 = exps[z0 >> 4]
            e1 = exps[z1 >> 4]
            e2 = exps[z2 >> 4]
            e3 = exps[z3 >> 4]
            inv = i64((65536 - 8) << 24) // (e0 + e1 + e2 + e3)
            f0 = ((e0 * inv) >> 24) + 1
            f1 = ((e1 * inv) >> 24) + 1
            f2 = ((e2 * inv) >> 24) + 1
            share[k, 0] = f0
            share[k, 1] = f1
            share[k, 2] = f2
            share[k, 3] = 65536 - f0 - f1 - f2
            v = second[quality, k]
            final[0] += v * z0
            final[1] += v * z1
            final[2] += v * z2
            final[3] += v * z3
        if n_sets > 1:
            zmin = min(min(final[0], final[1]), min(final[2], final[3]))
            e0 = exps[min((final[0] - zmin) >> 20, 4095)]
            e1 = exps[min((final[1] - zmin) >> 20, 4095)]
            e2 = exps[min((final[2] - zmin) >> 20, 4095)]
            e3 = exps[min((final[3] - zmin) >> 20, 4095)]
            inv = i64((65536 - 8) << 24) // (e0 + e1 + e2 + e3)
            f0 = ((e0 * inv) >> 24) + 1
            f1 = ((e1 * inv) >> 24) + 1
            f2 = ((e2 * inv) >> 24) + 1
        else:
            f0 = share[0, 0]
            f1 = share[0, 1]
            f2 = share[0, 2]
        f3 = 65536 - f0 - f1 - f2
        # ---- range coder
        r = span >> u64(16)
        c1 = r * u64(f0)
        c2 = c1 + r * u64(f1)
        c3 = c2 + r * u64(f2)
        if decode:
            b = i64(value >= c1) + i64(value >= c2) + i64(value >= c3)
            bases[i] = b
        else:
            b = i64(bases[i] & 3)
        if b == 0:
            add = u64(0)
            span = c1
        elif b == 1:
            add = c1
            span = c2 - c1
        elif b == 2:
            add = c2
            span = c3 - c2
        else:
            add = c3
            span = span - c3
        if decode:
            value -= add
            while span < u64(1 << 32):
                span <<= u64(8)
                value = (value << u64(8)) | u64(stream[pos] if pos < size else 0)
                pos += 1
        else:
            low += add
            if low < add:  # carry into what is written; the first byte cannot overflow
                at_byte = pos - 1
                while stream[at_byte] == 255:
                    stream[at_byte] = 0
                    at_byte -= 1
                stream[at_byte] += np.uint8(1)
            while span < u64(1 << 32):
                span <<= u64(8)
                stream[pos] = np.uint8(low >> u64(56))
                low <<= u64(8)
                pos += 1
        # ---- mixing weights
        for k in range(n_sets):
            d0 = i32((65536 if b == 0 else 0) - share[k, 0])
            d1 = i32((65536 if b == 1 else 0) - share[k, 1])
            d2 = i32((65536 if b == 2 else 0) - share[k, 2])
            d3 = i32((65536 if b == 3 else 0) - share[k, 3])
            w = weights[k, chosen[k]]
            step = i32(rate)
            for j in range(n_inputs):
                g = i32(d0 * feature[0, j])
                g = i32(g + i32(d1 * feature[1, j]))
                g = i32(g + i32(d2 * feature[2, j]))
                g = i32(g + i32(d3 * feature[3, j]))
                g = i32(i32(i32(i32(g >> i32(8)) * step) + i32(8192)) >> i32(14))
                x = i32(w[j] + g)
                x = min(x, i32(262143))
                x = max(x, i32(-262143))
                w[j] = x
        if n_sets > 1:
            e0 = (65536 if b == 0 else 0) - f0
            e1 = (65536 if b == 1 else 0) - f1
            e2 = (65536 if b == 2 else 0) - f2
            e3 = (65536 if b == 3 else 0) - f3
            for k in range(n_sets):
                # a score is how far a base lies behind, hence the sign
                g = e0 * score[k, 0] + e1 * score[k, 1] + e2 * score[k, 2] + e3 * score[k, 3]
                v = second[quality, k] - ((((g >> 14) * second_rate) + (1 << 17)) >> 18)
                second[quality, k] = min(max(v, -262143), 262143)
        # ---- counts of the contexts just seen
        shift8 = u32(8 * b)
        for j in range(n_byte):
            counts = byte_counts[slot[j]]
            if ((counts >> shift8) & u32(255)) >= u32(models[j, 5]):
                counts = (counts >> u32(1)) & u32(0x7F7F7F7F)
            byte_counts[slot[j]] = counts + (u32(1) << shift8)
        for j in range(n_library):
            if said[j] > 0:
                counts = library_counts[j, said[j]]
                if ((counts >> shift8) & u32(255)) == u32(255):
                    counts = (counts >> u32(1)) & u32(0x7F7F7F7F)
                library_counts[j, said[j]] = counts + (u32(1) << shift8)
        shift4 = u16(4 * b)
        for j in range(n_byte, n_models):
            nib = nibble_counts[slot[j]]
            row = u64(state_of[nib]) << u64(2)
            rank = i64((u64(ranks_of[nib]) >> u64(2 * b)) & u64(3))
            m = j - n_byte
            for q in range(4):
                x = maps[m, row + u64(q)]
                want = i32(4193280) if q == rank else i32(0)
                x = i32(x + i32(i32(want - x) >> i32(map_shift)))
                maps[m, row + u64(q)] = max(x, i32(2048))
            if ((nib >> shift4) & u16(15)) == u16(15):
                nib = (nib >> u16(1)) & u16(0x7777)
            nibble_counts[slot[j]] = u16(nib + u16(u16(1) << shift4))
        # ---- history
        packed[i >> 5] |= u64(b) << u64(62 - 2 * (i & 31))
        h = (h << u64(2)) | u64(b)
        rc = (rc >> u64(2)) | (u64(3 - b) << u64(62))
        # ---- the same places read on the opposite strand, DELAY bases late
        ring = i & (DELAY - 1)
        if i >= START + DELAY:
            for j in range(n_byte):
                at = ring_slot[ring, j]
                shift8 = u32(ring_symbol[ring, j]) << u32(3)
                counts = byte_counts[at]
                if ((counts >> shift8) & u32(255)) >= u32(models[j, 5]):
                    counts = (counts >> u32(1)) & u32(0x7F7F7F7F)
                byte_counts[at] = counts + (u32(1) << shift8)
            for j in range(n_byte, n_models):
                at = ring_slot[ring, j]
                shift4 = u16(u16(ring_symbol[ring, j]) << u16(2))
                nib = nibble_counts[at]
                if ((nib >> shift4) & u16(15)) == u16(15):
                    nib = (nib >> u16(1)) & u16(0x7777)
                nibble_counts[at] = u16(nib + u16(u16(1) << shift4))
        if i >= START:
            for j in range(n_byte):
                order2 = u64(models[j, 0])
                ring_symbol[ring, j] = np.uint8(u64(3) - ((h >> order2) & u64(3)))
                at = u64(models[j, 2]) + (rc >> (u64(64) - order2))
                if models[j, 1]:
                    other = u64(opposite[classes[i - (models[j, 0] >> 1)]])
                    at += other * u64(models[j, 1])
                ring_slot[ring, j] = at
                if order2 > u64(14):
                    prefetch(byte_counts, at)
            for j in range(n_byte, n_models):
                order2 = u64(models[j, 0])
                ring_symbol[ring, j] = np.uint8(u64(3) - ((h >> order2) & u64(3)))
                key = rc >> (u64(64) - order2)
                group = ((key >> u64(4)) * u64(models[j, 4])) >> u64(models[j, 5])
                at = u64(models[j, 2]) + (group << u64(4)) + (key & u64(15))
                ring_slot[ring, j] = at
                prefetch(nibble_counts, at)
        # ---- the lines that hold the sixteen contexts two bases ahead
        next_class = u64(classes[i + 3]) if has_class and i + 3 < n else u64(0)
        for j in range(n_byte):
            if models[j, 0] > 14:
                at = u64(models[j, 2]) + ((h << u64(4)) & u64(models[j, 3]))
                prefetch(byte_counts, at + next_class * u64(models[j, 1]))
        for j in range(n_byte, n_models):
            group = h & (u64(models[j, 3]) >> u64(4))
            group = (group * u64(models[j, 4])) >> u64(models[j, 5])
            at = u64(models[j, 2]) + (group << u64(4))
            ahead[(i + 3) & 3, j] = at
            prefetch(nibble_counts, at)
        # ---- repeats: judge the followed ones, look for new ones
        if has_repeats:
            kept = 0
            for c in range(n_cand):
                bk = bucket[c]
                state = hit_table[bk]
                count = i64(state & u32(1023))
                p = i64(state >> u32(10))
                m = misses[c] << u64(2)
                length = run[c]
                long_run = standing[c] - (standing[c] >> standing_shift)
                if guess[c] == b:
                    long_run += 65536 >> standing_shift
                    p += ((4194303 - p) * recips[count]) >> 16
                    length += 1
                else:
                    p -= (p * recips[count]) >> 16
                    length = 0
                    m |= u64(1)
                if count < hit_limit:
                    count += 1
                hit_table[bk] = u32((p << 10) | count)
                q = place[c] + 1 - 2 * inverted[c]
                if popcount(m) <= drop_misses and long_run >= drop_standing and q >= 0:
                    place[kept] = q
                    inverted[kept] = inverted[c]
                    misses[kept] = m
                    run[kept] = length
                    standing[kept] = long_run
                    kept += 1
            n_cand = kept
            # a seed is looked up HALF bases after it was seen, what it found judged another
            # HALF later, so that the memory has time to answer
            half = (i - HALF) & (DELAY - 1)
            # in a gene, the first two bases of a codon say more than the third
            following = 0
            coding = u64(0)
            if has_class and i + 1 < n:
                following = i64(classes[i + 1])
                phase = (following - 1) % 6
                third = (phase + 3 if phase < 3 else 7 - phase) % 3
                if third == 0:
                    coding = u64(0x5555555555555555 ^ 0x1041041041041041)
                elif third == 1:
                    coding = u64(0x5555555555555555 ^ 0x4104104104104104)
                else:
                    coding = u64(0x5555555555555555 ^ 0x0410410410410410)
            for t in range(n_seeds):
                mask = seeds[t, 0]
                width = i64(seeds[t, 1])
                if i >= START + DELAY:
                    for d in range(2):
                        q = seed_place[ring, 2 * t + d] + DELAY * (1 - 2 * d)
                        if (
                            q >= 32
                            and (q <= i if d == 0 else q + 34 < i)
                            and n_cand < max_candidates
                        ):
                            known = False
                            for c in range(n_cand):
                                if place[c] == q and inverted[c] == d:
                                    known = True
                            if not known:
                                start = u64(q - 32 if d == 0 else q + 1)
                                o = (start & u64(31)) << u64(1)
                                word = packed[start >> u64(5)] << o
                                if o > u64(0):
                                    word |= packed[(start >> u64(5)) + u64(1)] >> (u64(64) - o)
                                diff = word ^ (h if d == 0 else rc)
                                diff = (diff | (diff >> u64(1))) & u64(0x5555555555555555)
                                if d == 1:
                                    diff = reverse_bits(diff) >> u64(1)
                                length = i64(trailing_zeros(diff)) >> 1
                                accepted = (
                                    i64(popcount(diff)) <= accept_misses or length >= accept_run
                                )
                                if not accepted and following > 0:
                                    there = i64(classes[q])
                                    if d == 1:
                                        there = opposite[there]
                                    if there == following:
                                        accepted = i64(popcount(diff & coding)) <= accept_coding
                                if accepted:
                                    place[n_cand] = q
                                    inverted[n_cand] = d
                                    misses[n_cand] = diff
                                    run[n_cand] = length
                                    standing[n_cand] = i64(26214)
                                    n_cand += 1
                if i >= START + HALF:
                    key = seed_key[half, 2 * t]
                    q = i64(positions[t, key]) - 1
                    seed_place[half, 2 * t] = q
                    prefetch(packed, u64(max(q, 32) - 32) >> u64(5))
                    q = i64(positions[t, seed_key[half, 2 * t + 1]]) - 2 - width
                    seed_place[half, 2 * t + 1] = q
                    prefetch(packed, u64(max(q, 0)) >> u64(5))
                    positions[t, key] = u32(i + 2 - HALF)
                if i >= START:
                    for d in range(2):
                        key = (h if d == 0 else rc >> (u64(64) - u64(2 * width))) & mask
                        key = (key * u64(0x9E3779B97F4A7C15)) >> (u64(64) - seed_bits)
                        seed_key[ring, 2 * t + d] = key
                        prefetch(positions[t], key)
    if n_marks < marks.shape[1]:
        marks[0, n_marks] = u64(pos)
        marks[1, n_marks] = span
    if not decode:
        for _ in range(8):
            stream[pos] = np.uint8(low >> u64(56))
            low <<= u64(8)
            pos += 1
    return pos
