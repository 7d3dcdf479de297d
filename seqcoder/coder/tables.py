"""The arrays the mixing kernel works on, built from a level.

All tables of logarithms and exponentials are rounded from float64 with a margin far wider
than any difference between mathematics libraries would be: see ``_rounded``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seqcoder.coder.levels import COMPLEMENT_CLASS, SELECTORS, Level, Model

if TYPE_CHECKING:
    from seqcoder.latent.library import Library

#: Weight vectors of a set (see ``kernel.CHOICES``).
CHOICES = 256
#: Inputs the repeats give: best vote, the other votes, votes for a transition.
REPEAT_INPUTS = 3
HASH = 0x9E3779B97F4A7C15
#: Added to a count before its logarithm is taken: order up to 8, up to 11, above (maps).
ALPHAS = (0.4, 0.15, 0.06)
_HIT_CONTEXTS = 16 * 16 * 24 * 4


@dataclass(frozen=True)
class Constants:
    """Tables that do not depend on the level; never written to."""

    logs: NDArray[np.int32]  # (2, 256): 256 * ln(count + alpha)
    log_p: NDArray[np.int32]  # (4096): 256 * ln(p)
    logit: NDArray[np.int32]  # (4096): 256 * ln(3 p / (1 - p)), at least 0
    exps: NDArray[np.int64]  # (4096): 65535 * exp(-x / 256)
    recips: NDArray[np.int64]  # (1024): 65536 / (count + 1.5)
    state_of: NDArray[np.uint16]  # (65536)
    ranks_of: NDArray[np.uint8]  # (65536)
    sorted_states: NDArray[np.int64]  # (states, 4): counts, falling
    opposite: NDArray[np.int64]  # (16)


def _rounded(values: list[float]) -> list[int]:
    return [math.floor(v + 0.5) for v in values]


@lru_cache(maxsize=1)
def constants() -> Constants:
    """Build (once) the tables every level shares."""
    logs = [_rounded([256 * math.log(c + a) for c in range(256)]) for a in ALPHAS[:2]]
    log_p = _rounded([256 * math.log((i + 0.5) / 4096) for i in range(4096)])
    logit = []
    for i in range(4096):
        p = (i + 0.5) / 4096
        logit.append(max(0.0, 256 * math.log(3 * p / (1 - p))))
    exps = _rounded([65535 * math.exp(-i / 256) for i in range(4096)])
    recips = [(2 * 65536) // (2 * c + 3) for c in range(1024)]
    nibbles = np.arange(65536, dtype=np.int64)
    counts = np.stack([(nibbles >> (4 * s)) & 15 for s in range(4)], axis=1)
    order = np.argsort(-counts, axis=1, kind="stable")
    ranks = np.argsort(order, axis=1, kind="stable")
    falling = np.take_along_axis(counts, order, axis=1)
    key = falling @ np.array([4096, 256, 16, 1])
    kinds, state_of = np.unique(key, return_inverse=True)
    states = np.stack([(kinds >> s) & 15 for s in (12, 8, 4, 0)], axis=1)
    return Constants(
        logs=np.array(logs, np.int32),
        log_p=np.array(log_p, np.int32),
        logit=np.array(_rounded(logit), np.int32),
        exps=np.array(exps, np.int64),
        recips=np.array(recips, np.int64),
        state_of=state_of.reshape(-1).astype(np.uint16),
        ranks_of=(ranks @ np.array([1, 4, 16, 64])).astype(np.uint8),
        sorted_states=states,
        opposite=np.array(COMPLEMENT_CLASS, np.int64),
    )


def _zeros(size: int, dtype: type) -> NDArray[Any]:
    """Zeros that start on a cache line, so that groups of contexts do too."""
    item = np.dtype(dtype).itemsize
    raw: NDArray[Any] = np.zeros(size + 64 // item, dtype)
    skip = (-raw.ctypes.data % 64) // item
    return raw[skip : skip + size]


def used_models(level: Level, with_class: bool, n: int) -> list[Model]:
    """Models in the kernel's order: byte counts first; class models only with classes.

    Tables fit the chunk: contexts so long that a chunk of ``n`` bases would hardly meet
    any twice are left to the hashed models, whose tables shrink with the chunk. Thousands
    of small chunks would spend their time on memory never read again otherwise.
    """
    most = 8 * max(n, 64)
    bits = max(10, most.bit_length())
    used = [m for m in level.models if with_class or not m.with_class]
    long = [replace(m, bits=min(m.bits, bits)) for m in used if m.nibble]
    return [m for m in used if not m.nibble and 4**m.order <= most] + long


def longest_byte_model(models: list[Model]) -> int:
    """Index of the byte model whose totals help to choose weights: of the longest, the last."""
    with_class = any(m.with_class for m in models)
    best = 0
    for index, m in enumerate(models):
        if not m.nibble and m.with_class == with_class and m.order >= models[best].order:
            best = index
    return best


def _slots(model: Model) -> int:
    if model.nibble:
        return 1 << min(2 * model.order, model.bits)
    return int(4**model.order * (16 if model.with_class else 1))


def seed_bits(level: Level, n: int) -> int:
    """Binary logarithm of the positions table: no larger than a chunk can fill."""
    assert level.repeats is not None
    return min(level.repeats.bits, max(12, (2 * n).bit_length()))


def model_rows(models: list[Model]) -> tuple[NDArray[np.int64], int, int]:
    """Rows of six numbers a model, and the number of contexts of either kind.

    All: ``2 * order``, contexts a class (0: no class), offset, mask of the order. Then byte
    counts: kind of logarithm, count at which all are halved; nibble counts: multiplier and
    right shift that turn the bases but the last two into a group of sixteen contexts.
    """
    rows, n_byte, n_nibble = [], 0, 0
    for m in models:
        mask = 4**m.order - 1
        if m.nibble:
            hashed = 2 * m.order > m.bits
            how = (HASH - (1 << 64), 64 - (m.bits - 4)) if hashed else (1, 0)
            rows.append((2 * m.order, 0, n_nibble, mask, *how))
            n_nibble += _slots(m)
        else:
            stride = 4**m.order if m.with_class else 0
            rows.append((2 * m.order, stride, n_byte, mask, int(m.order > 8), m.limit))
            n_byte += _slots(m)
    return np.array(rows, np.int64).reshape(-1, 6), n_byte, max(n_nibble, 16)


def arguments(
    level: Level, n: int, with_class: bool, library: Library | None = None
) -> tuple[Any, ...]:
    """Build the kernel's arguments after ``decode``, freshly allocated where written to."""
    c = constants()
    models = used_models(level, with_class, n)
    rows, size_byte, size_nibble = model_rows(models)
    n_byte = sum(not m.nibble for m in models)
    r = level.repeats
    n_library = level.library if with_class and library is not None else 0
    n_used = len(models) + (REPEAT_INPUTS if r else 0) + n_library
    n_inputs = (n_used + 15) // 16 * 16
    params = [n_byte, len(models), n_inputs, level.rate, level.second_rate, level.map_shift]
    if r:
        bits = seed_bits(level, n)
        params += [r.places, r.accept_misses, r.drop_misses, r.accept_run, r.hit_limit, bits]
        seeds = [(int("".join("3" if x == "1" else "0" for x in s), 4), len(s)) for s in r.seeds]
    else:
        bits, seeds = 1, []
        params += [0, 0, 0, 0, 0, 1]
    params.append(longest_byte_model(models))
    params += [r.standing_shift, r.drop_standing, r.accept_coding] if r else [1, 0, 0]
    start = (c.sorted_states + ALPHAS[2]) / (c.sorted_states + ALPHAS[2]).sum(axis=1, keepdims=True)
    row = np.maximum(np.floor(start * 4194303), 2048).astype(np.int32).reshape(1, -1)
    maps = np.repeat(row, max(1, len(models) - n_byte), axis=0)
    n_sets = len(level.selectors)
    weights = np.zeros((n_sets, CHOICES, n_inputs), np.int32)
    weights[:, :, :n_used] = 16384
    if r:
        weights[:, :, len(models) + 2] = 0
    return (
        np.array(params, np.int64),
        rows,
        _zeros(size_byte, np.uint32),
        _zeros(size_nibble, np.uint16),
        maps,
        c.state_of,
        c.ranks_of,
        np.array(seeds, np.uint64).reshape(-1, 2),
        np.zeros((len(seeds), 1 << bits), np.uint32),
        _zeros(n // 32 + 4, np.uint64),
        np.full(_HIT_CONTEXTS, (2097152 << 10) & 0xFFFFFFFF, np.uint32),
        weights,
        np.full((8, n_sets), 65536 // n_sets, np.int64),
        np.array([SELECTORS.index(x) for x in level.selectors], np.int64),
        c.logs,
        c.log_p,
        c.logit,
        c.exps,
        c.recips,
        c.opposite,
        *_library_arrays(level, library, n_library),
    )


def _library_arrays(level: Level, library: Library | None, n_library: int) -> tuple[Any, ...]:
    """The library's arrays, its seed length, and counts for its contexts."""
    if library is None or not n_library:
        none = np.zeros(0, np.int32)
        return np.zeros(0, np.uint8), none, none, 0, np.zeros((1, 1), np.uint32)
    indexed = library.for_seed(level.library_seed)
    counts = indexed.counts.reshape(2, -1)[:n_library].copy()
    return indexed.residues, indexed.heads, indexed.chain, indexed.seed, counts


def memory_bytes(level: Level, n: int) -> int:
    """Bytes of a call's tables and buffers for ``n`` bases with classes, at the most."""
    _, n_byte, n_nibble = model_rows(used_models(level, True, n))
    positions = 0
    if level.repeats:
        positions = len(level.repeats.seeds) << (seed_bits(level, n) + 2)
    # classes 7 to 15 are rare: their contexts are pages never touched
    classed = sum(_slots(m) * 4 for m in level.models if m.with_class)
    tables = n_byte * 4 - min(classed, n_byte * 4) * 9 // 16 + n_nibble * 2 + positions
    return tables + (8 << 20) + 4 * n
