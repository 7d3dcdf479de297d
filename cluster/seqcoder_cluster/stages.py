"""The two stages as they run in worker processes: latents by a model, residual by the coder."""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from seqcoder import coder
from seqcoder.container.frames import Bases
from seqcoder.errors import ModelError
from seqcoder.settings import Settings
from seqcoder.writing.chunk import ChunkCoder, CodedChunk, Latents

# A worker process beside its chunk and the coder's tables: interpreter, numpy, Ray.
_PROCESS_BYTES = 250 << 20
# Copies of a chunk's bases and classes alive at once while it is coded, decoded and compared.
_BYTES_PER_BASE = 8
# A chunk for trying a model out.
_TRIAL_BASES = 4096


@dataclass(frozen=True)
class Coding:
    """What a worker needs to know: the settings, and the models it must find under them."""

    settings: Settings
    models: tuple[bytes, ...]

    def task_bytes(self) -> int:
        """Return the memory a coder task takes at most."""
        n = self.settings.chunk_bases
        id_ = coder.LEVELS[self.settings.level].coding
        return _PROCESS_BYTES + coder.memory_bytes(id_, n) + _BYTES_PER_BASE * n


@dataclass(frozen=True)
class Staged:
    """Latents of a chunk (int8; None: none), the seconds they took and the device."""

    latents: Latents | None
    seconds: float
    device: str


@contextlib.contextmanager
def node_lock(name: str) -> Iterator[None]:
    """Hold a lock among the processes of this user on this node."""
    path = Path(tempfile.gettempdir()) / f"{name}.{os.getuid()}.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@lru_cache(maxsize=1)
def loaded_coder(coding: Coding) -> ChunkCoder:
    """Return this process's coder, loaded once.

    Raises:
        ModelError: the model found here is not the one the run began with.
    """
    chunk_coder = ChunkCoder(coding.settings)
    if tuple(chunk_coder.model_digests()) != coding.models:
        raise ModelError(
            f"model {coding.settings.model!r} on node {platform.node()} is not the one on the "
            "node that started the run; install the same seqcoder and weights on all nodes"
        )
    return chunk_coder


def stage_batch(coding: Coding, batch: Sequence[Bases], device: str) -> list[Staged]:
    """Stage 1 on a batch of chunks: the core on "cpu", torch on "cuda", with the same latents."""
    chunk_coder = loaded_coder(coding)
    staged = []
    for bases in batch:
        started = time.perf_counter()
        latents = chunk_coder.latents(bases.copy(), device)
        staged.append(Staged(latents, time.perf_counter() - started, device))
    return staged


def code_batch(
    coding: Coding, batch: Sequence[Bases], staged: Sequence[Staged] | None
) -> list[CodedChunk]:
    """Stage 2 on a batch of chunks, each verified; without ``staged``, stage 1 too.

    Raises:
        IntegrityError: a chunk did not decode to itself.
    """
    chunk_coder = loaded_coder(coding)
    worker = f"{platform.node()}:{os.getpid()}"
    done = []
    for bases, stage in zip(batch, staged or stage_batch(coding, batch, "cpu"), strict=True):
        # What comes out of the object store cannot be written to, which kernels need not expect.
        latents = None if stage.latents is None else stage.latents.copy()
        chunk = chunk_coder.code(bases.copy(), latents)
        done.append(replace(chunk, model_seconds=stage.seconds, worker=worker, device=stage.device))
    return done


class ModelActor:
    """Holds a loaded model and runs stage 1 for all coordinators, one batch at a time."""

    def __init__(self, coding: Coding, device: str) -> None:
        """Load nothing yet: what goes wrong should come out of a call, not of the start."""
        self._coding = coding
        self._device = device

    def load(self) -> str:
        """Load the model and run it once; returns the device it runs on."""
        with node_lock("seqcoder-compile"):
            stage_batch(self._coding, [np.zeros(_TRIAL_BASES, np.uint8)], self._device)
        return self._device

    def stage(self, batch: Sequence[Bases]) -> list[Staged]:
        """Return the latents of a batch of chunks."""
        return stage_batch(self._coding, batch, self._device)
