"""One chunk of bases to its two frames: latents by a model, residual by the coder; verified."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcoder import coder
from seqcoder.container import frames
from seqcoder.container.frames import Bases, bases_digest
from seqcoder.container.rows import MODEL_PREFIX, ChunkRow
from seqcoder.container.writer import ChunkFrames
from seqcoder.errors import IntegrityError
from seqcoder.reading.chunk import decode_chunk
from seqcoder.settings import Settings

if TYPE_CHECKING:
    from seqcoder.latent import LatentModel

Latents = NDArray[np.int8]

# Up to this, a chunk is coded with and without its latents and at lower levels too: it costs
# little, and neither latents nor more models pay as surely as in a long one.
_TRY_ALL_BASES = 1 << 18


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

    def code(self, bases: Bases, latents: Latents | None) -> CodedChunk:
        """Stage 2: code, keep the smallest coding on offer, decode it again and compare.

        Raises:
            IntegrityError: what was coded does not decode to the same bases. Nothing that has
                not been seen to decode leaves this method.
        """
        started = time.perf_counter()
        chosen = coder.LEVELS[self.settings.level].coding
        candidates: list[ChunkFrames] = []
        codings = [chosen]
        if len(bases) <= _TRY_ALL_BASES:
            lower = range(self.settings.level - 1, 0, -1)
            codings += [coder.LEVELS[level].coding for level in lower]
        for coding in codings:
            if latents is not None and coding > coder.LEVELS[1].coding:
                candidates.append(self._frames(bases, coding, latents))
            if latents is None or len(bases) <= _TRY_ALL_BASES:
                candidates.append(self._frames(bases, coding, None))
        # Two bits a base are tried where the mixing did no better than that, before zstd or after.
        if min(map(_cost, candidates)) * 4.05 >= len(bases):
            candidates.append(self._frames(bases, coder.TWO_BIT, None))
        best = min(candidates, key=_cost)
        coded = time.perf_counter()
        plain_latents = (
            frames.decompress(best.latents, len(bases) + 1024, "latents") if best.latents else b""
        )
        residual = frames.decompress(best.residual, len(bases) + 1024, "residual")
        again = decode_chunk(best.row, plain_latents, residual, self.model)
        if not np.array_equal(again, bases):
            raise IntegrityError(
                f"a chunk of {len(bases)} bases did not decode to itself under coding "
                f"{best.row.coding}; nothing was written. Please report this"
            )
        done = time.perf_counter()
        return CodedChunk(best, code_seconds=coded - started, verify_seconds=done - coded)

    def _frames(self, bases: Bases, coding: int, latents: Latents | None) -> ChunkFrames:
        packed = b""
        classes = library = None
        if latents is not None and self.model is not None:
            from seqcoder.latent import pack_latents

            packed = frames.compress(pack_latents(latents), 19)
            classes = self.model.classes(latents, len(bases))
            library = self.model.library
        residual = frames.compress(coder.encode(bases, coding, classes, library), 3)
        row = ChunkRow(
            n_bases=len(bases),
            coding=coding,
            model=bytes.fromhex(self.model.digest)[:MODEL_PREFIX] if packed and self.model else b"",
            latents_length=len(packed),
            residual_length=len(residual),
            digest=bases_digest(bases),
        )
        return ChunkFrames(row, packed, residual)


def _cost(chunk: ChunkFrames) -> int:
    """Return the bytes that a coding takes, the name of its model among them."""
    name = 2 + MODEL_PREFIX if chunk.row.model else 0
    return name + len(chunk.latents) + len(chunk.residual)
