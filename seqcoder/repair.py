"""Making a whole container of what is left of a damaged one: intact genomes, a new index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np

from seqcoder import coder
from seqcoder.atomic import atomic_file
from seqcoder.chunk import bases_digest
from seqcoder.container import frames
from seqcoder.container.index import ChunkEntry, Index
from seqcoder.container.reader import read_index
from seqcoder.container.rows import RECORDS_INDEXED, ChunkRow
from seqcoder.container.scan import whole_parts
from seqcoder.container.source import RangeSource
from seqcoder.container.writer import ChunkFrames, ContainerWriter, GenomeFrames
from seqcoder.errors import IntegrityError, ModelError, SeqcoderError, UsageError
from seqcoder.fasta import pack_record_table
from seqcoder.reader import Container, Genome
from seqcoder.settings import DEFAULT_MODEL

# A lost chunk's place is kept in pieces of this many bases; what lies between two chunks that are
# whole is at most so much (64 Gb, coded in some megabytes).
_FILLED_BASES = 1 << 26
_MOST_MISSING = 1 << 36


@dataclass(frozen=True)
class Repair:
    """What came of a repair: the genomes recovered, those lost, and what was wrong where."""

    recovered: tuple[str, ...]
    lost: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass
class _Salvage:
    """The whole parts of a file. Chunks missing between others are filled in, of length known."""

    index: Index = field(default_factory=Index)
    filled: set[int] = field(default_factory=set)
    """Places in ``index.chunks`` of those that are filled in."""
    problems: list[str] = field(default_factory=list)


def repair(damaged: Path, out: Path, *, force: bool = False) -> Repair:
    """Write the intact genomes of ``damaged`` to a new container ``out``.

    Sections are found by their own heads, so neither index nor footer is needed. The place of a
    lost chunk in base space is kept by as many As; the genomes that need it are left out. Every
    genome kept has been decoded and compared with the part of its SHA-256 in its head.

    Raises:
        UsageError: ``out`` exists and ``force`` is not set.
        IntegrityError: no genome is whole.
    """
    if out.exists() and not force:
        raise UsageError(f"{out}: exists already; use --force to replace it")
    salvage = _salvage(RangeSource(str(damaged)))
    with Container(RangeSource(str(damaged)), index=salvage.index) as container:
        recovered: list[str] = []
        lost: list[str] = []
        with atomic_file(out) as file:
            writer = ContainerWriter(file, salvage.index.models)
            for chunk in _chunks(container, salvage):
                writer.add_chunk(chunk)
            for genome in container.values():
                try:
                    writer.add_genome(_genome(genome, salvage))
                    recovered.append(genome.name)
                except SeqcoderError as error:
                    lost.append(genome.name)
                    salvage.problems.append(f"genome {genome.name}: {error}")
            if not recovered:
                raise IntegrityError(f"{damaged}: no genome is whole; nothing to recover")
            writer.finish()
    return Repair(tuple(recovered), tuple(lost), tuple(salvage.problems))


def _salvage(source: RangeSource) -> _Salvage:
    salvage = _Salvage()
    index = salvage.index
    names = set()
    try:
        for part in whole_parts(source):
            if isinstance(part, IntegrityError):
                salvage.problems.append(str(part))
            elif isinstance(part, list):
                index.models = part
            elif isinstance(part, ChunkEntry):
                missing = part.first_base - index.n_bases
                if missing < 0:
                    salvage.problems.append(f"{part.label}: there twice; the second left out")
                    continue
                if missing > _MOST_MISSING:
                    salvage.problems.append(
                        f"{part.label}: impossible first base {part.first_base}"
                    )
                    continue
                while missing > 0:
                    salvage.filled.add(len(index.chunks))
                    row = ChunkRow(min(missing, _FILLED_BASES), coder.TWO_BIT, 0, 0, 0, b"")
                    index.chunks.append(ChunkEntry(row, -len(index.chunks) - 1, 0, index.n_bases))
                    missing -= row.n_bases
                index.chunks.append(part)
            elif part.row.name not in names:
                names.add(part.row.name)
                index.genomes.append(part)
        if max((chunk.row.model for chunk in index.chunks), default=0) > len(index.models):
            index.models = _models_named(source)
    finally:
        source.close()
    return salvage


def _models_named(source: RangeSource) -> list[bytes]:
    """Return the models of a container whose header is lost: by its index, or the usual one.

    What a wrong model decodes does not match the digests.
    """
    from seqcoder.latent import load_model

    named: list[str | None] = [None]
    with suppress(SeqcoderError):
        named = [model.hex() for model in read_index(source)[0].models]
    try:
        return [bytes.fromhex(load_model(DEFAULT_MODEL, model).digest) for model in named]
    except ModelError:
        return []


@lru_cache(maxsize=2)
def _filled(n_bases: int) -> ChunkFrames:
    bases = np.zeros(n_bases, np.uint8)
    residual = frames.compress(coder.encode(bases, coder.TWO_BIT), 3)
    row = ChunkRow(n_bases, coder.TWO_BIT, 0, 0, len(residual), bases_digest(bases))
    return ChunkFrames(row, b"", residual)


def _chunks(container: Container, salvage: _Salvage) -> Iterator[ChunkFrames]:
    source = container.reader.source
    for at, chunk in enumerate(salvage.index.chunks):
        row = chunk.row
        if at in salvage.filled:
            yield _filled(row.n_bases)
        else:
            latents = source.read(chunk.latents_offset, row.latents_length)
            residual = source.read(chunk.residual_offset, row.residual_length)
            yield ChunkFrames(row, latents, residual)


def _genome(genome: Genome, salvage: _Salvage) -> GenomeFrames:
    """Return a genome's frames if it decodes; its walk no longer leans on another genome's."""
    row = genome.row
    spans = genome.walk.spans().tolist() if row.n_bases else []
    for at in salvage.filled:
        gap = salvage.index.chunks[at]
        if any(start < gap.stop_base and gap.first_base < stop for start, stop in spans):
            raise IntegrityError(f"needs bases {gap.first_base} to {gap.stop_base}, which are lost")
    digest = sha256(genome.restore()).digest()
    if digest[: len(row.sha256)] != row.sha256:
        raise IntegrityError("does not match its SHA-256")
    source = genome.container.reader.source
    walk = b"" if row.base_start is not None else frames.compress(genome.walk.to_bytes(), 19)
    return GenomeFrames(
        replace(row, sha256=digest, flags=row.flags & ~RECORDS_INDEXED, walk_length=len(walk)),
        source.read(genome.entry.side_offset, row.side_length),
        walk,
        source.read(genome.entry.stored_offset, row.stored_length),
        pack_record_table(genome.table) if row.n_records else b"",
    )
