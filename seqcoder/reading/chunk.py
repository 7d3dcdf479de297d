"""One chunk's two frames back to its bases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcoder import coder
from seqcoder.container.frames import Bases, bases_digest
from seqcoder.container.rows import ChunkRow
from seqcoder.errors import IntegrityError, ModelError

if TYPE_CHECKING:
    from seqcoder import core
    from seqcoder.latent import LatentModel
    from seqcoder.latent.library import Library


def decode_chunk(
    row: ChunkRow,
    latents: bytes,
    residual: bytes,
    model: LatentModel | None,
    stop: int | None = None,
    leader: coder.Leader | None = None,
) -> Bases:
    """Return the first ``stop`` (default all) bases of a chunk from its decompressed frames.

    ``leader`` is what the chunk is coded after, None if it names none.

    Raises:
        IntegrityError: a whole chunk does not match its digest, or damage shows before.
        ModelError: the chunk has latents and no model is given.
    """
    if row.coding == coder.TWO_BIT and len(residual) != (row.n_bases + 3) // 4:
        raise IntegrityError(f"{len(residual)} bytes for {row.n_bases} bases of two bits")
    classes, library = classes_of(row, latents, model)
    bases = coder.decode(residual, row.n_bases, row.coding, classes, stop, library, leader)
    if stop is None or stop >= row.n_bases:
        _check(row, bases)
    return bases


def decode_leader(
    row: ChunkRow, latents: bytes, residual: bytes, model: LatentModel | None
) -> tuple[Bases, core.MixingState]:
    """Return all bases of a chunk of a coding that mixes, and the state its coder is left in.

    Raises as ``decode_chunk``.
    """
    classes, library = classes_of(row, latents, model)
    decoder = coder.begin(residual, row.n_bases, row.coding, classes, library)
    bases = np.empty(row.n_bases, np.uint8)
    decoder.read(bases)
    _check(row, bases)
    return bases, decoder.take_state()


def classes_of(
    row: ChunkRow, latents: bytes, model: LatentModel | None
) -> tuple[NDArray[np.uint8] | None, Library | None]:
    """Return the classes of a chunk's bases and the library read along them; None without latents.

    Raises ModelError if it has latents and no model is given.
    """
    if not row.model:
        return None, None
    if model is None:
        raise ModelError("the chunk has latents, but the model they belong to is not loaded")
    from seqcoder.latent import unpack_latents

    return model.classes(unpack_latents(latents, row.n_bases), row.n_bases), model.library


def _check(row: ChunkRow, bases: Bases) -> None:
    if bases_digest(bases) != row.digest:
        raise IntegrityError("the bases do not match their digest; the data are damaged")
