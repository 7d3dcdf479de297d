"""One chunk's two frames back to its bases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqcoder import coder
from seqcoder.container.frames import Bases, bases_digest
from seqcoder.container.rows import ChunkRow
from seqcoder.errors import IntegrityError, ModelError

if TYPE_CHECKING:
    from seqcoder.latent import LatentModel


def decode_chunk(
    row: ChunkRow,
    latents: bytes,
    residual: bytes,
    model: LatentModel | None,
    stop: int | None = None,
) -> Bases:
    """Return the first ``stop`` (default all) bases of a chunk from its decompressed frames.

    Raises:
        IntegrityError: a whole chunk does not match its digest, or damage shows before.
        ModelError: the chunk has latents and no model is given.
    """
    if row.coding == coder.TWO_BIT and len(residual) != (row.n_bases + 3) // 4:
        raise IntegrityError(f"{len(residual)} bytes for {row.n_bases} bases of two bits")
    classes = library = None
    if row.model:
        if model is None:
            raise ModelError("the chunk has latents, but the model they belong to is not loaded")
        from seqcoder.latent import unpack_latents

        classes = model.classes(unpack_latents(latents, row.n_bases), row.n_bases)
        library = model.library
    bases = coder.decode(residual, row.n_bases, row.coding, classes, stop, library)
    if (stop is None or stop >= row.n_bases) and bases_digest(bases) != row.digest:
        raise IntegrityError("the bases do not match their digest; the data are damaged")
    return bases
