"""One chunk of bases to its two frames: latents by a model, residual by the coder; verified."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcoder import coder
from seqcoder.container import frames
from seqcoder.container.frames import Bases, bases_digest
from seqcoder.container.rows import MODEL_PREFIX, ChunkRow, LedBy
from seqcoder.container.writer import ChunkFrames
from seqcoder.errors import IntegrityError
from seqcoder.reading.chunk import decode_chunk, decode_leader
from seqcoder.settings import Settings
from seqcoder.writing.chunk_input import ChunkInput, LeaderInput
from seqcoder.writing.made_leaders import MadeLeader, MadeLeaders

if TYPE_CHECKING:
    from seqcoder.latent import LatentModel

Latents = NDArray[np.int8]

# Up to this, a chunk is coded with and without its latents and at lower levels too: it costs
# little, and neither latents nor more models pay as surely as in a long one.
_TRY_ALL_BASES = 1 << 18
_LEADER_BASES_A_BYTE = 256


@dataclass(frozen=True)
class CodedChunk:
    """A verified chunk, with what it took: seconds of each step, who did it, on what."""

    frames: ChunkFrames
    model_seconds: float = 0.0
    code_seconds: float = 0.0
    verify_seconds: float = 0.0
    worker: str = ""
    device: str = "cpu"
    resumed: bool = False
    """Found coded and intact in an interrupted run's file; its times are not known."""


class ChunkCoder:
    """Codes chunks with settings and a loaded model. Safe for several threads.

    With a model, a chunk that has latents names it.
    """

    def __init__(self, settings: Settings) -> None:
        """Load the model the settings name; raises ModelError if it is not to be had."""
        self.settings = settings
        self.model: LatentModel | None = None
        self._leaders = MadeLeaders()
        if settings.uses_model:
            from seqcoder.latent import load_model

            assert settings.model is not None
            self.model = load_model(settings.model)

    def model_digests(self) -> list[bytes]:
        """Return the SHA-256 of the models that chunks may name."""
        return [] if self.model is None else [bytes.fromhex(self.model.digest)]

    def encoder_digest(self) -> str:
        """Return the SHA-256 (hex) of the part of the model that only chooses latents."""
        return "" if self.model is None else self.model.file.encoder_digest

    def latents(self, bases: Bases, device: str = "cpu") -> Latents | None:
        """Stage 1: return the latents of a chunk, or None where there is no model or no gain.

        They are the same on any ``device`` ("cpu", "cuda"), which is where the network runs.
        """
        if self.model is None or not len(bases):
            return None
        latents = self.model.encode(bases, refine=self.settings.level >= 3, device=device)
        return latents if latents.any() else None

    def code(self, chunk: ChunkInput, latents: Latents | None) -> CodedChunk:
        """Stage 2: code, keep the smallest coding on offer, decode it again and compare.

        What is coded after a leader must save a byte for every 256 bases of it: these are decoded
        before.

        Raises:
            IntegrityError: what was coded does not decode to the same bases. Nothing that has
                not been seen to decode leaves this method.
        """
        if chunk.leads:
            with self._leaders.making(chunk.bases) as made:
                return self._code(chunk, latents, made)
        return self._code(chunk, latents, None)

    def _code(
        self, chunk: ChunkInput, latents: Latents | None, leads: MadeLeader | None
    ) -> CodedChunk:
        """As ``code``; what a chunk that leads leaves is noted in ``leads``."""
        started = time.perf_counter()
        bases = chunk.bases
        if chunk.leader is not None and chunk.leader.sure:
            candidates = [self._after(chunk, latents, genes=True)]
        else:
            candidates = self._alone(bases, latents, leads is not None)
            if chunk.leader is not None:
                least = min(map(_cost, candidates))
                after = [self._after(chunk, latents, genes=True)]
                worth = len(chunk.leader.bases) // _LEADER_BASES_A_BYTE
                candidates += [one for one in after if _cost(one) + worth <= least]
        best = min(candidates, key=_cost)
        coded = time.perf_counter()
        plain_latents = (
            frames.decompress(best.latents, len(bases) + 1024, "latents") if best.latents else b""
        )
        residual = frames.decompress(best.residual, len(bases) + 1024, "residual")
        again = self._decode(chunk, best.row, plain_latents, residual, leads)
        if not np.array_equal(again, bases):
            raise IntegrityError(
                f"a chunk of {len(bases)} bases did not decode to itself under coding "
                f"{best.row.coding}; nothing was written. Please report this"
            )
        done = time.perf_counter()
        return CodedChunk(best, code_seconds=coded - started, verify_seconds=done - coded)

    def _alone(self, bases: Bases, latents: Latents | None, leads: bool) -> list[ChunkFrames]:
        """Return the codings on offer without a leader; one that leads has latents, if any."""
        chosen = coder.LEVELS[self.settings.level].coding
        candidates: list[ChunkFrames] = []
        codings = [chosen]
        if len(bases) <= _TRY_ALL_BASES and not leads:
            lower = range(self.settings.level - 1, 0, -1)
            codings += [coder.LEVELS[level].coding for level in lower]
        for coding in codings:
            if latents is not None and coding > coder.LEVELS[1].coding:
                candidates.append(self._frames(bases, coding, latents))
            if latents is None or (len(bases) <= _TRY_ALL_BASES and not leads):
                candidates.append(self._frames(bases, coding, None))
        # Two bits per base are tried where the mixing did no better, before zstd or after.
        if min(map(_cost, candidates)) * 4.05 >= len(bases) and not leads:
            candidates.append(self._frames(bases, coder.TWO_BIT, None))
        return candidates

    def _after(self, chunk: ChunkInput, latents: Latents | None, *, genes: bool) -> ChunkFrames:
        """Return a chunk coded after its leader: going on from its state, with its genes."""
        assert chunk.leader is not None
        leader = self._leader(chunk.leader, latents is not None)
        if leader.genes is not None and not genes:
            leader = replace(leader, genes=None)
        led = LedBy(chunk.leader.first_base, leader.state is not None, leader.genes is not None)
        coding = coder.LEVELS[self.settings.level].coding
        return self._frames(chunk.bases, coding, latents, leader, led)

    def _leader(self, leader: LeaderInput, classed: bool) -> coder.Leader:
        """Return what a leader leaves for chunks with classes, or without."""
        with self._leaders.making(leader.bases) as made:
            coding = coder.LEVELS[self.settings.level].coding
            if not made.staged:
                made.latents, made.staged = self.latents(leader.bases), True
            if not classed:
                if made.plain is None:
                    made.plain = coder.learn(leader.bases, coding)
                return coder.Leader(made.plain)
            assert self.model is not None
            n = len(leader.bases)
            classes = np.zeros(n, np.uint8)
            if made.latents is not None:
                classes = self.model.classes(made.latents, n)
            if made.state is None:
                made.state = coder.learn(leader.bases, coding, classes, self.model.library)
            if made.genes is None and made.latents is not None:
                made.genes = coder.index_genes(leader.bases, classes)
            return coder.Leader(made.state, made.genes)

    def _decode(
        self,
        chunk: ChunkInput,
        row: ChunkRow,
        latents: bytes,
        residual: bytes,
        leads: MadeLeader | None,
    ) -> Bases:
        """Decode what was coded; the state that one which leads is left in is kept."""
        if leads is not None:
            bases, state = decode_leader(row, latents, residual, self.model)
            leads.staged = True
            if row.model:
                from seqcoder.latent import unpack_latents

                leads.latents, leads.state = unpack_latents(latents, len(bases)), state
            else:
                leads.plain = state
            return bases
        leader = None
        if row.leader is not None and chunk.leader is not None:
            leader = self._leader(chunk.leader, bool(row.model))
            leader = replace(leader, genes=leader.genes if row.leader.genes else None)
        return decode_chunk(row, latents, residual, self.model, leader=leader)

    def _frames(
        self,
        bases: Bases,
        coding: int,
        latents: Latents | None,
        leader: coder.Leader | None = None,
        led: LedBy | None = None,
    ) -> ChunkFrames:
        packed = b""
        classes = library = None
        if latents is not None and self.model is not None:
            from seqcoder.latent import pack_latents

            packed = frames.compress(pack_latents(latents), 19)
            classes = self.model.classes(latents, len(bases))
            library = self.model.library
        residual = frames.compress(coder.encode(bases, coding, classes, library, leader), 3)
        row = ChunkRow(
            n_bases=len(bases),
            coding=coding,
            model=bytes.fromhex(self.model.digest)[:MODEL_PREFIX] if packed and self.model else b"",
            latents_length=len(packed),
            residual_length=len(residual),
            digest=bases_digest(bases),
            leader=led,
        )
        return ChunkFrames(row, packed, residual)


def _cost(chunk: ChunkFrames) -> int:
    """Return the bytes that a coding takes, the name of its model among them."""
    name = 2 + MODEL_PREFIX if chunk.row.model else 0
    name += 2 + len(chunk.row.leader.pack()) if chunk.row.leader else 0
    return name + len(chunk.latents) + len(chunk.residual)
