"""The two stages as they run in worker processes: latents by a model, residual by the coder."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from seqcoder import coder
from seqcoder.container.frames import Bases
from seqcoder.errors import ModelError
from seqcoder.settings import Settings
from seqcoder.writing.chunk import ChunkCoder, CodedChunk, Latents
from seqcoder.writing.chunk_input import ChunkInput, LeaderInput
from seqcoder.writing.made_leaders import MOST_LEADERS
from seqcoder.writing.plan import ContainerPlan

# A worker process beside its chunk and the coder's tables: interpreter, numpy, Ray.
PROCESS_BYTES = 280 << 20
# Copies of a chunk's bases and classes alive at once while it is coded, decoded and compared.
_BYTES_PER_BASE = 8


@dataclass(frozen=True)
class Coding:
    """What a worker needs to know: the settings, and the models it must find under them."""

    settings: Settings
    models: tuple[bytes, ...]
    """SHA-256 of what decoding depends on: what a chunk names."""
    encoder: str = ""
    """SHA-256 (hex) of what only the choice of latents depends on, "" without a model."""

    def of(self, container: ContainerPlan) -> Coding:
        """Return what a container's workers need to know: a reference does without a model."""
        settings = container.settings(self.settings)
        if settings == self.settings:
            return self
        return Coding(settings, self.models if settings.uses_model else ())

    def task_bytes(self) -> int:
        """Return the memory a coder task takes at most."""
        n = self.settings.chunk_bases
        id_ = coder.LEVELS[self.settings.level].coding
        led = MOST_LEADERS * coder.memory_bytes(id_, n) if coder.mixes(id_) else 0
        return PROCESS_BYTES + coder.memory_bytes(id_, n) + led + _BYTES_PER_BASE * n


@dataclass(frozen=True)
class ChunkRoles:
    """What chunks of a batch have in common: where their leader's chunk begins, whether they lead.

    ``first_base`` is -1 without a leader; ``sure`` as of ``LeaderInput``.
    """

    first_base: int = -1
    sure: bool = False
    leads: bool = False

    @classmethod
    def of(cls, chunk: ChunkInput) -> ChunkRoles:
        """Return those of a chunk."""
        leader = chunk.leader
        first_base, sure = (leader.first_base, leader.sure) if leader else (-1, False)
        return cls(first_base, sure, chunk.leads)


@dataclass(frozen=True)
class Staged:
    """Latents of a chunk (int8; None: none), the seconds they took and the device."""

    latents: Latents | None
    seconds: float
    device: str


@lru_cache(maxsize=2)  # of the archive and of its reference containers
def loaded_coder(coding: Coding) -> ChunkCoder:
    """Return this process's coder, loaded once.

    Raises:
        ModelError: the model found here is not the one the run began with.
    """
    chunk_coder = ChunkCoder(coding.settings)
    mine = tuple(chunk_coder.model_digests()), chunk_coder.encoder_digest()
    if mine != (coding.models, coding.encoder):
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
    coding: Coding,
    batch: Sequence[Bases],
    staged: Sequence[Staged] | None,
    roles: ChunkRoles,
    leader_bases: Bases | None,
) -> list[CodedChunk]:
    """Stage 2 on a batch of chunks, each verified; without ``staged``, stage 1 too.

    What a leader leaves is made once in a process, and kept for the next batch.

    Raises:
        IntegrityError: a chunk did not decode to itself.
    """
    chunk_coder = loaded_coder(coding)
    worker = f"{platform.node()}:{os.getpid()}"
    leader = None
    if leader_bases is not None:
        leader = LeaderInput(roles.first_base, leader_bases.copy(), roles.sure)
    done = []
    for bases, stage in zip(batch, staged or stage_batch(coding, batch, "cpu"), strict=True):
        # What comes out of the object store cannot be written to, which kernels need not expect.
        latents = None if stage.latents is None else stage.latents.copy()
        coded = chunk_coder.code(ChunkInput(bases.copy(), leader, roles.leads), latents)
        done.append(replace(coded, model_seconds=stage.seconds, worker=worker, device=stage.device))
    return done
