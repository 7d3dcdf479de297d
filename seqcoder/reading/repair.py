"""Making a whole container of what is left of a damaged one: intact genomes, a new index."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from operator import attrgetter
from pathlib import Path

import numpy as np

from seqcoder import coder
from seqcoder.container import frames
from seqcoder.container.extends import Extends
from seqcoder.container.frames import bases_digest
from seqcoder.container.index import ChunkEntry, GenomeEntry, Index
from seqcoder.container.parity import by_parity
from seqcoder.container.reader import check_alone, read_index
from seqcoder.container.rows import ChunkRow
from seqcoder.container.scan import whole_parts
from seqcoder.container.signature import check_signature
from seqcoder.container.writer import ChunkFrames, ContainerWriter, GenomeFrames
from seqcoder.errors import (
    InputError,
    IntegrityError,
    MemoryLimitError,
    ModelError,
    SeqcoderError,
    UsageError,
)
from seqcoder.fasta import pack_record_table
from seqcoder.pangenome.plain_walk import write_plain
from seqcoder.reading.genome import Genome
from seqcoder.reading.reader import Container
from seqcoder.reading.reference import digests_of, extends_of
from seqcoder.settings import thread_count
from seqcoder.storage.atomic import atomic_file, commit, is_same_file
from seqcoder.storage.output_files import make_folder
from seqcoder.storage.range_source import RangeSource

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
    """The chunks and genomes chosen; of genomes of one name the likeliest."""
    others: dict[str, list[GenomeEntry]] = field(default_factory=dict)
    """Further whole genomes of a name, to be tried where the first does not decode."""
    filled: set[int] = field(default_factory=set)
    """Places in ``index.chunks`` of those that are filled in."""
    problems: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)  # genomes of the index without a whole section


def repair(damaged: Path, out: Path, *, force: bool = False, threads: int = 0) -> Repair:
    """Write the intact genomes of ``damaged`` to a new container ``out``.

    Sections are found by their own heads, so neither index nor footer is needed, nor their order.
    The place of a lost chunk in base space is kept by as many As; the genomes that need it are left
    out. Every chunk kept has been decoded and compared with its digest, every genome kept with its
    SHA-256. A parity file beside ``damaged`` is used first; where that mends all, ``out`` is the
    container as it was, bit for bit.

    Raises:
        UsageError: ``out`` exists and ``force`` is not set.
        IntegrityError: no genome is whole; or two containers were joined, and are to be parted.
        FormatError: the same, and it is a container of another format.
        ModelError, MemoryLimitError: a model that intact chunks need is not here, or they need
            more memory than the limit; nothing is known to be lost.
    """
    if is_same_file(out, damaged):
        raise UsageError(f"{out}: is the damaged file itself; name another output")
    if out.exists() and not force:
        raise UsageError(f"{out}: exists already; use --force to replace it")
    with closing(RangeSource(str(damaged))) as ranges:
        check_alone(ranges)
    make_folder(out)
    halfway = out.with_name(f".{out.name}.mended")
    try:
        whole, problem = by_parity(damaged, halfway)
        problems = (problem,) if problem else ()
        if whole:
            with Container(halfway) as container:
                names = tuple(container)
            commit(halfway, out)
            return Repair(names, (), problems)
        result = _rescue(halfway if halfway.exists() else damaged, damaged, out, threads)
    finally:
        halfway.unlink(missing_ok=True)
    return replace(result, problems=problems + result.problems)


def _rescue(source: Path, damaged: Path, out: Path, threads: int) -> Repair:
    """Write what is whole in ``source`` to ``out``; errors speak of ``damaged``."""

    def opened() -> RangeSource:
        ranges = RangeSource(str(source))
        ranges.name = str(damaged)
        return ranges

    salvage = _salvage(opened())
    with Container(opened(), index=salvage.index, threads=threads) as container:
        extends = _reference(container, salvage)
        _drop_wrong_chunks(container, salvage, thread_count(threads))
        recovered, lost = list[str](), salvage.gone
        with atomic_file(out) as file:
            writer = ContainerWriter(file, extends=extends)
            for chunk in _chunks(container, salvage):
                writer.add_chunk(chunk)
            for genome in container.values():
                found = _first_whole(genome, salvage)
                if found is None:
                    lost.append(genome.name)
                else:
                    writer.add_genome(found)
                    recovered.append(genome.name)
            if not recovered:
                kind = f"{damaged}: no genome is whole"
                try:
                    check_signature(container.reader.source)
                except InputError as error:
                    kind = str(error)
                raise IntegrityError(f"{kind}; nothing to recover")
            writer.finish()
    return Repair(tuple(recovered), tuple(lost), tuple(salvage.problems))


def _salvage(source: RangeSource) -> _Salvage:
    salvage = _Salvage()
    chunks: list[ChunkEntry] = []
    genomes: list[GenomeEntry] = []
    try:
        for part in whole_parts(source):
            if isinstance(part, IntegrityError):
                salvage.problems.append(str(part))
            elif isinstance(part, ChunkEntry):
                chunks.append(part)
            else:
                genomes.append(part)
        index = _listed(source)
        sections: list[ChunkEntry | GenomeEntry] = [*index.chunks, *index.genomes]
        listed = {section.offset: section for section in sections}
        salvage.index.extends = extends_of(source, index)
        _place_chunks(chunks, listed, salvage)
        _place_genomes(genomes, listed, salvage)
    finally:
        source.close()
    return salvage


def _reference(container: Container, salvage: _Salvage) -> tuple[Extends, bytes] | None:
    """Return what the section that names the reference holds, made again if it is damaged."""
    reader = container.reader
    extends = reader.index.extends
    if extends is None:
        return None
    try:
        reader.digests = reader.reference_digests()
    except IntegrityError as error:
        salvage.problems.append(f"{error}; made again from the reference")
        reader.digests = digests_of(container.path, extends)
    return extends, b"".join(reader.digests)


def _listed(source: RangeSource) -> Index:
    """Return the last valid index, an empty one where there is none."""
    with suppress(SeqcoderError):
        return read_index(source)[0]
    return Index()


def _place_chunks(
    chunks: list[ChunkEntry], listed: dict[int, ChunkEntry | GenomeEntry], salvage: _Salvage
) -> None:
    """Put chunks in their places; of two for one place the listed one, or else the later.

    The later, since what an append left torn is written again behind it.
    """
    taken: list[ChunkEntry] = []
    for chunk in sorted(chunks, key=lambda chunk: (chunk.offset not in listed, -chunk.offset)):
        at = bisect_left(taken, chunk.first_base, key=attrgetter("first_base"))
        before, behind = taken[max(at - 1, 0) : at], taken[at : at + 1]
        if any(c.stop_base > chunk.first_base for c in before) or any(
            c.first_base < chunk.stop_base for c in behind
        ):
            salvage.problems.append(f"chunk at byte {chunk.offset}: its place is taken")
        else:
            taken.insert(at, chunk)
    index = salvage.index
    for chunk in taken:
        missing = chunk.first_base - index.n_bases
        if missing > _MOST_MISSING:
            lost = f"chunk at byte {chunk.offset}: impossible first base {chunk.first_base}"
            salvage.problems.append(lost)
            break
        if missing:
            lost = f"bases {index.n_bases} to {chunk.first_base} of base space are lost"
            salvage.problems.append(lost)
            _fill(salvage, missing)
        index.chunks.append(replace(chunk, ordinal=len(index.chunks)))


def _fill(salvage: _Salvage, n_bases: int) -> None:
    """Keep the place of ``n_bases`` at the end of the chunks so far."""
    index = salvage.index
    while n_bases > 0:
        salvage.filled.add(len(index.chunks))
        row = ChunkRow(min(n_bases, _FILLED_BASES), coder.TWO_BIT, b"", 0, 0)
        index.chunks.append(ChunkEntry(row, len(index.chunks), 0, index.n_bases))
        n_bases -= row.n_bases


def _place_genomes(
    genomes: list[GenomeEntry], listed: dict[int, ChunkEntry | GenomeEntry], salvage: _Salvage
) -> None:
    """Choose the listed genome of each name, or else the latest, in the order of ordinals."""
    chosen: dict[str, list[GenomeEntry]] = {}
    for genome in sorted(genomes, key=lambda genome: (genome.offset not in listed, -genome.offset)):
        chosen.setdefault(genome.row.name, []).append(genome)
    # Of two for one place in the row, too, the listed one comes last and is found by walks.
    firsts = [entries[0] for entries in chosen.values()]
    firsts.sort(key=lambda genome: (genome.ordinal, genome.offset in listed, genome.offset))
    salvage.index.genomes += firsts
    salvage.others = {name: entries[1:] for name, entries in chosen.items()}
    named = (entry.row.name for entry in listed.values() if isinstance(entry, GenomeEntry))
    salvage.gone += [name for name in named if name not in chosen]


def _drop_wrong_chunks(container: Container, salvage: _Salvage, threads: int) -> None:
    """Take out chunks that do not decode to their digest, checksums or not: fill their places."""

    def problem(chunk: ChunkEntry) -> str:
        try:
            container.decoder.chunk(chunk)
        except (ModelError, MemoryLimitError):
            raise
        except SeqcoderError as error:
            return str(error)
        return ""

    index, filled = salvage.index, salvage.filled
    chunks = index.chunks[:]
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(problem, [c for at, c in enumerate(chunks) if at not in filled])
        problems = ["" if at in filled else next(found) for at in range(len(chunks))]
    if not any(problems):
        return
    index.chunks.clear()
    were_filled = set(filled)
    filled.clear()
    for at, (chunk, wrong) in enumerate(zip(chunks, problems, strict=True)):
        if wrong:
            salvage.problems.append(f"{wrong}; left out")
        if wrong or at in were_filled:
            _fill(salvage, chunk.row.n_bases)
        else:
            index.chunks.append(chunk)


def _first_whole(genome: Genome, salvage: _Salvage) -> GenomeFrames | None:
    """Return the frames of a genome, or of another of its name, that is whole."""
    for entry in [genome.entry, *salvage.others[genome.name]]:
        try:
            return _genome(Genome(genome.container, entry), salvage)
        except (ModelError, MemoryLimitError):
            raise
        except SeqcoderError as error:
            salvage.problems.append(f"genome {genome.name} at byte {entry.offset}: {error}")
    return None


@lru_cache(maxsize=2)
def _filled(n_bases: int) -> ChunkFrames:
    bases = np.zeros(n_bases, np.uint8)
    residual = frames.compress(coder.encode(bases, coder.TWO_BIT), 3)
    row = ChunkRow(n_bases, coder.TWO_BIT, b"", 0, len(residual), bases_digest(bases))
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
    if sha256(genome.restore()).digest() != row.sha256:
        raise IntegrityError("does not match its SHA-256")
    source = genome.container.reader.source
    walk = b"" if row.base_start is not None else frames.compress(write_plain(genome.walk), 19)
    return GenomeFrames(
        replace(row, walk_length=len(walk)),
        source.read(genome.entry.side_offset, row.side_length),
        walk,
        source.read(genome.entry.stored_offset, row.stored_length),
        pack_record_table(genome.table) if row.n_records else b"",
    )
