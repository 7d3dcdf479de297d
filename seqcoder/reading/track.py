"""What a genome costs along its bases: bits, where they are stored, and in which reading frame.

Exact, not estimated: chunks are decoded and the range coder's place in them is noted on the
way, so a track costs the decoding of what the genome touches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcoder import coder
from seqcoder.container.frames import Bases, bases_digest
from seqcoder.container.index import ChunkEntry
from seqcoder.errors import IntegrityError
from seqcoder.latent.types import CLASS_OF, MIRROR, STRIDE
from seqcoder.pangenome import Walk
from seqcoder.reading.genome import Genome, Home

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WINDOW = STRIDE
"""Bases of a window of a track (the last one of a genome may be shorter)."""


@dataclass(frozen=True)
class ChunkCost:
    """A decoded chunk: its bases, the bits of each 24 of them, their window types.

    ``bits`` float64[ceil(n / 24)], latents included, shared evenly; ``types`` uint8 of the same
    shape: 0 outside genes, 1..3 forward, 4..6 reverse (``seqcoder.latent.types``).
    """

    bases: Bases
    bits: Floats
    types: NDArray[np.uint8]

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return self.bases.nbytes + self.bits.nbytes + self.types.nbytes


@dataclass(frozen=True)
class Use:
    """Who uses base space: pieces between ``edges`` (int64[k + 1]), in order.

    ``owner`` int64[k]: the first genome of the container, in its order, that reads the piece, -1
    for none; ``users`` int64[k]: how many genomes read it.
    """

    edges: Ints
    owner: Ints
    users: Ints


@dataclass(frozen=True)
class Track:
    """A genome in windows of 24 bases, its records in a row. All arrays have shape ``(w,)``.

    ``bits``: float32, what these bases take where they are stored; ``own`` and ``shared``
    (float32, bases): of them those this genome is the first to have, and of these again those
    that others read too; all else is copied from relatives. ``walk_bits`` (float32) say from where
    and what differs. ``frame``: uint8, 0 outside genes, 1..3 the reading frame on the forward
    strand (start of codons modulo 3), 4..6 on the reverse one. ``gc`` and ``skew``: int8, bases
    G or C, and G less C.
    """

    n_bases: int
    bits: NDArray[np.float32]
    own: NDArray[np.float32]
    shared: NDArray[np.float32]
    walk_bits: NDArray[np.float32]
    frame: NDArray[np.uint8]
    gc: NDArray[np.int8]
    skew: NDArray[np.int8]


def chunk_cost(container: Home, entry: ChunkEntry) -> ChunkCost:
    """Decode a chunk and note what its bases cost.

    Raises:
        IntegrityError: it is damaged. ModelError: the model it needs is missing.
    """
    if entry.first_base < container.reader.index.first_base:
        return chunk_cost(container.reference, entry)
    row, packed, residual = container.reader.chunk_frames(entry)
    model = container.decoder.model(row.model)
    windows = -(-row.n_bases // STRIDE)
    types = np.zeros(windows, np.uint8)
    classes = library = None
    if model is not None:
        from seqcoder.latent import unpack_latents

        latents = unpack_latents(packed, row.n_bases)
        classes, library = model.classes(latents, row.n_bases), model.library
        types[:] = latents.view(np.uint8)[:windows] % len(CLASS_OF)
    leader = container.decoder.leader(entry)
    bases, bits = coder.costs(residual, row.n_bases, row.coding, STRIDE, classes, library, leader)
    if bases_digest(bases) != row.digest:
        raise IntegrityError(
            f"{container.path}: {entry.label} at byte {entry.offset}: the bases do not match their "
            "digest; the data are damaged"
        )
    bits += 8.0 * row.latents_length / max(windows, 1)
    return ChunkCost(bases, bits, types)


def chunks_of(genome: Genome) -> list[ChunkEntry]:
    """Return the chunks that a genome touches, those of the reference counted."""
    container = genome.container
    indexes = [container.reader.index]
    if container.reader.index.extends:
        indexes.insert(0, container.reference.reader.index)
    found: dict[int, ChunkEntry] = {}
    for start, stop in genome.walk.spans().tolist():
        for index in indexes:
            found |= {entry.first_base: entry for entry in index.chunks_over(start, stop)}
    return [found[first] for first in sorted(found)]


def _chunks(container: Home) -> list[ChunkEntry]:
    """Return all chunks of base space, in order."""
    own = container.reader.index.chunks
    if not container.reader.index.extends:
        return own
    return [*container.reference.reader.index.chunks, *own]


def chunk_costs(
    container: Home, entries: Sequence[ChunkEntry], threads: int = 1
) -> dict[int, ChunkCost]:
    """Return the costs of several chunks, by first base; ``threads`` are decoded at a time."""
    with ThreadPoolExecutor(max(1, threads)) as pool:
        made = pool.map(lambda entry: chunk_cost(container, entry), entries)
        return {entry.first_base: cost for entry, cost in zip(entries, made, strict=True)}


def base_space_use(container: Home) -> Use:
    """Return which genome of a container owns which part of its base space; reads all walks.

    Genomes by their place, those of the reference first.

    Raises:
        IntegrityError: a walk is damaged.
    """
    from seqcoder.pangenome.walk_reading import read_walks

    index = container.reader.index
    n_bases = index.n_bases
    reading = read_walks(
        [
            ordinal
            for ordinal in range(index.first_genome + len(index.genomes))
            if not container.at(ordinal).stored
        ],
        lambda ordinal: container.at(ordinal).walk_data,
        lambda ordinal: container.at(ordinal).row.n_bases,
        n_bases,
    )
    spans = [(ordinal, reading.walk(ordinal).spans()) for ordinal in reading.known]
    edges = np.unique(np.concatenate([np.zeros(1, np.int64), *(s.reshape(-1) for _, s in spans)]))
    edges = np.unique(np.append(edges, n_bases))
    change = np.zeros(len(edges), np.int64)
    owner = np.full(max(len(edges) - 1, 0), -1, np.int64)
    for ordinal, pieces in sorted(spans, key=lambda pair: -pair[0]):
        first, last = np.searchsorted(edges, pieces[:, 0]), np.searchsorted(edges, pieces[:, 1])
        change[first] += 1  # spans of one genome are disjoint and not adjacent
        change[last] -= 1
        inside = np.zeros(len(edges), np.int64)
        inside[first] += 1
        inside[last] -= 1
        owner[np.cumsum(inside)[:-1] > 0] = ordinal
    return Use(edges, owner, np.cumsum(change)[:-1])


def genome_track(genome: Genome, costs: Mapping[int, ChunkCost], use: Use) -> Track:
    """Return a genome's track from the costs of its chunks (at least) and its container's use."""
    walk, n = genome.walk, genome.row.n_bases
    ends = np.cumsum(walk.lengths)
    # Pieces that lie within one window and one interval of the walk.
    cuts = np.unique(np.concatenate([np.arange(0, n, WINDOW), ends, [0]]).astype(np.int64))
    cuts = cuts[cuts <= n]
    starts, lengths = cuts[:-1], np.diff(cuts)
    interval = np.searchsorted(ends, starts, side="right")
    into = starts - (ends - walk.lengths)[interval]
    reverse = walk.reverse[interval]
    low = walk.starts[interval] + np.where(reverse, walk.lengths[interval] - into - lengths, into)
    window = starts // WINDOW
    count = -(-n // WINDOW)

    def by_window(values: Floats) -> NDArray[np.float32]:
        return np.bincount(window, values, count).astype(np.float32)

    chunks = _chunks(genome.container)
    edges, spent = _spent(chunks, costs)
    mine = use.owner == genome.container.reader.index.first_genome + genome.entry.ordinal
    bases = _bases(walk, chunks, costs)
    padded = np.zeros(count * WINDOW, np.uint8)
    padded[:n] = bases
    known = np.zeros(count * WINDOW, np.bool_)
    known[:n] = True
    g = ((padded == 2) & known).reshape(-1, WINDOW).sum(axis=1)
    c = ((padded == 1) & known).reshape(-1, WINDOW).sum(axis=1)
    events = np.bincount(
        np.concatenate([walk.sub_positions, ends - walk.lengths]) // WINDOW, minlength=count
    )[:count]
    walk_bits = 8.0 * genome.row.walk_length * events / max(int(events.sum()), 1)
    return Track(
        n,
        by_window(_between(edges, spent, low, lengths)),
        by_window(_between(use.edges, _along(use.edges, mine), low, lengths)),
        by_window(_between(use.edges, _along(use.edges, mine & (use.users > 1)), low, lengths)),
        walk_bits.astype(np.float32),
        _frames(walk, ends, n, chunks, costs),
        (g + c).astype(np.int8),
        (g - c).astype(np.int8),
    )


def _spent(chunks: Sequence[ChunkEntry], costs: Mapping[int, ChunkCost]) -> tuple[Floats, Floats]:
    """Return places in base space and the bits spent before each; unknown chunks cost nothing."""
    edges, spent, total = [np.zeros(1)], [np.zeros(1)], 0.0
    for entry in chunks:
        cost = costs.get(entry.first_base)
        if cost is None:
            edges.append(np.array([float(entry.stop_base)]))
            spent.append(np.array([total]))
            continue
        steps = np.arange(1, len(cost.bits) + 1) * STRIDE
        edges.append(np.minimum(entry.first_base + steps, entry.stop_base).astype(np.float64))
        spent.append(total + np.cumsum(cost.bits))
        total = float(spent[-1][-1])
    return np.concatenate(edges), np.concatenate(spent)


def _along(edges: Ints, chosen: NDArray[np.bool_]) -> Floats:
    return np.append(0.0, np.cumsum(np.where(chosen, np.diff(edges), 0)))


def _between(edges: Ints | Floats, sums: Floats, low: Ints, lengths: Ints) -> Floats:
    between: Floats = np.interp(low + lengths, edges, sums) - np.interp(low, edges, sums)
    return between


def _bases(walk: Walk, chunks: Sequence[ChunkEntry], costs: Mapping[int, ChunkCost]) -> Bases:
    firsts = np.array([entry.first_base for entry in chunks])

    def fetch(start: int, stop: int) -> Bases:
        pieces = []
        at = max(int(np.searchsorted(firsts, start, side="right")) - 1, 0)
        while at < len(chunks) and chunks[at].first_base < stop:
            first = chunks[at].first_base
            pieces.append(costs[chunks[at].first_base].bases[max(0, start - first) : stop - first])
            at += 1
        return np.concatenate([np.empty(0, np.uint8), *pieces])

    return walk.apply(fetch)


def _frames(
    walk: Walk, ends: Ints, n: int, chunks: Sequence[ChunkEntry], costs: Mapping[int, ChunkCost]
) -> NDArray[np.uint8]:
    """Return the reading frame at the middle of each window."""
    middle = np.minimum(np.arange(0, n, WINDOW) + WINDOW // 2, n - 1)
    interval = np.searchsorted(ends, middle, side="right")
    into = middle - (ends - walk.lengths)[interval]
    reverse = walk.reverse[interval]
    place = walk.starts[interval] + np.where(reverse, walk.lengths[interval] - 1 - into, into)
    which = np.searchsorted(np.array([c.first_base for c in chunks]), place, side="right") - 1
    classes = np.zeros(len(middle), np.uint8)
    for number in np.unique(which).tolist():
        here = which == number
        offset = place[here] - chunks[number].first_base
        types = costs[chunks[number].first_base].types[offset // STRIDE]
        classes[here] = CLASS_OF[types, offset % 3]
    classes = np.where(reverse, MIRROR[classes], classes).astype(np.int64)
    # A codon starts at its class's base on this strand, two bases on from it on the other.
    forward, backward = (middle - classes + 1) % 3 + 1, (middle + classes - 4) % 3 + 4
    return np.where(classes == 0, 0, np.where(classes < 4, forward, backward)).astype(np.uint8)
