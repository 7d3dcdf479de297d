"""Which proteins a model carries: those that would have paid most for genomes of other families.

All proteins of the corpus are the first library. Every genome is then read with it as the
coder would read it (seeds, one alignment followed at a time), sources from the genome's
own family left out; each 16 residues of the library are credited with the bits they would
have saved, the blocks that earned least are dropped, and the rest is tried again, until
the library fits. So what is kept has proven itself on genomes whose family it had not
seen, which is how it will be used.
"""

# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call,assignment,type-arg"

from __future__ import annotations

from collections.abc import Callable

import numba as nb
import numpy as np
import zstandard
from numpy.typing import NDArray

from seqcoder.latent.library import CONTEXTS, GAP, SEED, build_library, trace

BLOCK = 16
_GRADES = 64
_BACKGROUND = 0.075  # chance that a residue is what it is anyhow
_TRIES = 24
BITS_A_RESIDUE = 3.6  # first guess at what a packed residue takes
_SCHEDULE = (4.0, 2.6, 1.8, 1.4, 1.2, 1.08, 1.0, 1.0, 1.0, 0.98, 0.95)  # sizes aimed at, in goals


@nb.njit(cache=True, nogil=True)
def _ones(x):
    """Number of ones among 16 bits."""
    x = x - ((x >> 1) & 0x5555)
    x = (x & 0x3333) + ((x >> 2) & 0x3333)
    x = (x + (x >> 4)) & 0x0F0F
    return (x + (x >> 8)) & 0x1F


@nb.njit(cache=True, nogil=True)
def _link(lib: NDArray, seed: int, bits: int, heads: NDArray, chain: NDArray) -> None:
    mask = (1 << (5 * seed)) - 1
    key = np.int64(0)
    run = 0
    for p in range(lib.size):
        if run >= seed:
            at = np.int64((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits))
            chain[p] = heads[at]
            heads[at] = p
        run = 0 if lib[p] == GAP else run + 1
        key = ((key << 5) | np.int64(lib[p])) & mask


@nb.njit(cache=True, nogil=True)
def _best(lib, owner, near, g, worth, heads, chain, key, bits, stream, t, r, seed):
    """Best position to follow after the seed just read: (position, score, agreement)."""
    at = np.int64((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits))
    c = heads[at]
    tries = 0
    best = np.int64(-1)
    where = np.int64(-1)
    agreed = np.int64(0)
    while c >= 0 and tries < _TRIES:
        if not near[owner[c], g] and lib[c] != GAP:
            tries += 1
            score = 0
            past = np.int64(0)
            for d in range(1, min(r, 16) + 1):
                if lib[c - d] == GAP:
                    break
                if lib[c - d] == stream[t - d]:
                    score += 1
                    past |= np.int64(1) << (d - 1)
                elif d <= seed:
                    score = -1
                    break
            if score >= 0 and score * 256 + worth[c // BLOCK] > best:
                best = score * 256 + worth[c // BLOCK]
                where = c
                agreed = past
        c = chain[c]
    return where, best >> 8, agreed


@nb.njit(cache=True, nogil=True)
def _credit(
    stream,
    genome,
    near,
    weight,
    skip,
    step,
    lib,
    owner,
    worth,
    heads,
    chain,
    bits,
    seed,
    hits,
    seen,
):
    """Credit blocks of the library with bits saved; returns bits saved a residue."""
    credit = np.zeros(lib.size // BLOCK + 1, np.float32)
    gain = np.zeros((_GRADES, 2), np.float32)
    for q in range(_GRADES):
        p = hits[q] / seen[q]
        gain[q, 1] = np.log2(p / _BACKGROUND)
        gain[q, 0] = np.log2((1 - p) / (1 - _BACKGROUND))
        hits[q] = 1
        seen[q] = 8
    mask = (np.int64(1) << (5 * seed)) - 1
    saved = 0.0
    count = 0
    number = 0
    begin = 0
    n = stream.size
    while begin < n:
        end = begin
        while end < n and stream[end] != GAP:
            end += 1
        number += 1
        if number % step == skip:
            g = genome[begin]
            key = np.int64(0)
            at = np.int64(-1)
            past = np.int64(0)
            for t in range(begin, end):
                a = stream[t]
                r = t - begin
                agreed = -1
                if at >= 0:
                    agreed = _ones(past)
                    if agreed < 4 or (past & 63) == 0 or lib[at] == GAP:
                        at = np.int64(-1)
                        agreed = -1
                if agreed < 13 and r >= seed:
                    where, score, bits_seen = _best(
                        lib, owner, near, g, worth, heads, chain, key, bits, stream, t, r, seed
                    )
                    if where >= 0 and where != at and score > agreed:
                        at = where
                        past = bits_seen
                if at >= 0:
                    q = _ones(past) * 2 + (past & 1)
                    x = 1 if lib[at] == a else 0
                    credit[at // BLOCK] += gain[q, x] * weight[g]
                    saved += gain[q, x]
                    hits[q] += x
                    seen[q] += 1
                    past = ((past << 1) | x) & 0xFFFF
                    at += 1
                    if at >= lib.size:
                        at = np.int64(-1)
                count += 1
                key = ((key << 5) | a) & mask
        begin = end + 1
    return credit, saved / max(1, count)


def _keep(
    lib: NDArray, owner: NDArray, credit: NDArray, size: int
) -> tuple[NDArray, NDArray, NDArray]:
    """The best ``size`` residues in whole blocks, single blocks dropped, and their worth."""
    smooth = credit.copy()
    smooth[1:] += credit[:-1] / 2
    smooth[:-1] += credit[1:] / 2
    want = min(size // BLOCK, smooth.size)
    least = max(float(np.partition(smooth, smooth.size - want)[smooth.size - want]), 0.0)
    good = smooth > least
    good[1:-1] &= good[:-2] | good[2:]
    kept = np.repeat(good, BLOCK)[: lib.size]
    value = np.repeat(smooth, BLOCK)[: lib.size]
    # one GAP after every stretch kept
    ends = np.flatnonzero(kept[:-1] & ~kept[1:]) + 1
    take = kept.copy()
    take[ends] = True
    parts = np.where(kept, lib, GAP).astype(np.uint8)[take]
    owners, values = owner[take], value[take]
    double = (parts == GAP) & np.concatenate([[True], parts[:-1] == GAP])
    parts, owners, values = parts[~double], owners[~double], values[~double]
    padded = np.concatenate([values, np.zeros(BLOCK - parts.size % BLOCK, np.float32)])
    by_block = padded.reshape(-1, BLOCK).max(axis=1)
    worth = np.clip(24 * np.log2(1 + np.maximum(by_block, 0)), 0, 255).astype(np.int32)
    return parts, owners, worth


def packed_size(lib: NDArray[np.uint8]) -> int:
    """Bytes the residues take in a model file."""
    return len(zstandard.ZstdCompressor(level=19).compress(lib.tobytes()))


def choose_residues(
    streams: list[NDArray[np.uint8]],
    near: NDArray[np.bool_],
    budget: int,
    progress: Callable[[str], None] = print,
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """The library's residues, (m,) uint8, packed in at most ``budget`` bytes, and their owners.

    Owners, (m,) int32, are indices into ``streams``, the genomes' proteins, each uint8;
    ``near`` (g, g) bool says which genomes must not profit from which (itself, its family).
    A genome counts by the square root of the number of genomes near it, inversely.
    """
    stream = np.concatenate(streams)
    sizes = [s.size for s in streams]
    genome = np.repeat(np.arange(len(streams), dtype=np.int32), sizes)
    weight = (1 / np.sqrt(near.sum(axis=1))).astype(np.float32)
    lib, owner = stream, genome
    worth = np.zeros(lib.size // BLOCK + 1, np.int32)
    agreement = np.arange(_GRADES) // 2 / 16
    hits = 20 * (0.05 + 0.8 * np.minimum(agreement, 1))
    seen = np.full(_GRADES, 20.0)
    goal = budget * 8 / BITS_A_RESIDUE
    for turn, factor in enumerate(_SCHEDULE):
        bits = 25 if lib.size > 1 << 24 else 22
        heads = np.full(1 << bits, -1, np.int32)
        chain = np.full(lib.size, -1, np.int32)
        _link(lib, SEED, bits, heads, chain)
        step = 3 if turn == 0 else 2
        credit, saved = _credit(
            stream, genome, near, weight, turn % step, step,
            lib, owner, worth, heads, chain, bits, SEED, hits, seen,
        )  # fmt: skip
        progress(f"library of {lib.size} residues saves {saved:.4f} bits a residue")
        lib, owner, worth = _keep(lib, owner, credit, int(goal * factor))
        if factor <= 1.0:
            packed = packed_size(lib)
            if packed <= budget:
                break
            goal *= 0.995 * budget / packed
    return lib, owner


def starting_counts(
    genomes: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]],
    near: NDArray[np.bool_],
    lib: NDArray[np.uint8],
    owner: NDArray[np.int32],
    most: int = 60,
    every: int = 4,
) -> NDArray[np.uint8]:
    """What the contexts' counts start from: (2, 65536, 4) uint8, at most ``most`` a context.

    ``genomes`` are pairs of bases and classes; ``owner`` (m,) int32 says whose each residue of
    ``lib`` is. Every ``every``-th of them is read with the
    library less the proteins of its own family; a context seen 200 times starts with its
    full share, one seen less with less.
    """
    seen = np.zeros((2, CONTEXTS, 4))
    for g in range(0, len(genomes), every):
        bases, classes = genomes[g]
        foreign = ~near[owner, g] | (lib == GAP)
        contexts, _ = trace(bases, classes, build_library(lib[foreign]))
        for q in range(2):
            said = contexts[q] > 0
            rows = contexts[q][said].astype(np.int64) * 4 + bases[said]
            seen[q] += np.bincount(rows, minlength=4 * CONTEXTS).reshape(-1, 4)
    total = seen.sum(axis=2, keepdims=True)
    share = (seen + 0.125) / (total + 0.5)
    counts = np.floor(share * np.minimum(total / 200, 1) * most + 0.5)
    return np.asarray(np.minimum(counts, 250), np.uint8)
