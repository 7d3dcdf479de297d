"""Runs the kernels (first version)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcoder.coder import mixing
from seqcoder.coder.levels import COMPLEMENT_CLASS, LEVELS
from seqcoder.errors import IntegrityError, UsageError


def _setup(coding: int, with_class: bool) -> tuple[object, ...]:
    level = next((x for x in LEVELS.values() if x.coding == coding), None)
    if level is None:
        raise IntegrityError(f"unknown coding {coding}; a newer seqcoder may know it")
    contexts = [c for c in level.contexts if with_class or not c.with_class]
    offset = 0
    rows = []
    for c in contexts:
        rows.append((c.order, c.bits, offset, int(c.with_class)))
        offset += 1 << c.bits
    logs = np.zeros((3, 256), np.int32)
    for kind, alpha in enumerate((0.4, 0.06)):
        logs[kind, :16] = np.round(256 * np.log(np.arange(16) + alpha))
    p = (np.arange(256) + 0.5) / 256
    logs[2] = np.round(256 * np.log(p / ((1 - p) / 3)))
    exps = np.round(65535 * np.exp(-np.arange(4096) / 256)).astype(np.uint16)
    return (
        np.array(rows, np.int64),
        np.zeros(offset, np.uint16),
        np.array(level.match_lengths, np.int64),
        np.zeros((len(level.match_lengths), 1 << 24), np.int32),
        logs,
        exps,
        np.array(COMPLEMENT_CLASS, np.int64),
    )


def _classes(classes: NDArray[np.uint8] | None, n: int) -> NDArray[np.uint8]:
    if classes is None:
        return np.zeros(0, np.uint8)
    if len(classes) < n:
        raise UsageError(f"{len(classes)} classes for {n} bases")
    return np.array(classes, np.uint8) & np.uint8(15)


def encode(bases: NDArray[np.uint8], coding: int, classes: NDArray[np.uint8] | None) -> bytes:
    n = len(bases)
    stream = np.zeros(n * 2 + 64, np.uint8)
    copy = np.array(bases, np.uint8)
    size = mixing.code(
        copy, n, _classes(classes, n), stream, False, *_setup(coding, classes is not None)
    )
    return stream[:size].tobytes()


def decode(
    payload: bytes | memoryview,
    n: int,
    coding: int,
    classes: NDArray[np.uint8] | None,
    count: int,
) -> NDArray[np.uint8]:
    bases = np.zeros(count, np.uint8)
    stream = np.array(np.frombuffer(payload, np.uint8))
    mixing.code(
        bases, count, _classes(classes, count), stream, True, *_setup(coding, classes is not None)
    )
    return bases
