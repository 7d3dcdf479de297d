"""What bases cost: exact sums, and tracks that agree with the container they come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genomes import fasta_bytes, letters, random_bases
from seqcoder import coder
from seqcoder.api import compress_bytes
from seqcoder.latent.types import classes_to_latents, latents_to_classes, mirror
from seqcoder.pangenome import Walk
from seqcoder.reading import track
from seqcoder.reading.reader import Container
from seqcoder.settings import Settings


@pytest.mark.parametrize("coding", [coder.TWO_BIT, 1, 2])
@pytest.mark.parametrize("n", [0, 1, 24, 4801])
def test_costs_add_up_to_the_payload(coding: int, n: int) -> None:
    bases = random_bases(n).copy()
    bases[n // 2 : n // 2 + n // 4] = bases[: n // 4]  # a repeat
    payload = coder.encode(bases, coding)
    again, bits = coder.costs(payload, n, coding, 24)
    assert np.array_equal(again, bases)
    assert bits.shape == (-(-n // 24),)
    assert 8 * len(payload) - 72 <= bits.sum() <= 8 * len(payload) + 1e-6
    if n > 4000 and coding != coder.TWO_BIT:
        per_base = bits[:-1] / 24
        assert per_base[10:90].mean() > 1.9
        assert per_base[104:148].mean() < 0.2  # the repeat


def test_costs_are_the_coders_own() -> None:
    """Half the bases known to cost nothing: the marks must not lag behind."""
    bases = np.concatenate([np.zeros(2400, np.uint8), random_bases(2400)])
    _, bits = coder.costs(coder.encode(bases, 2), 4800, 2, 240)
    assert bits[2:10].max() < 10
    assert bits[10:].min() > 400


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A genome; one with a piece of it, inverted, and a piece of its own; a stranger; protein."""
    first, own = random_bases(24_000, 1), random_bases(6_000, 2)
    second = np.concatenate([3 - first[4_000:20_000][::-1], own])
    second[5_000] ^= 2
    text = letters(second)
    files = {
        "a.fa": fasta_bytes(("a", letters(first))),
        "b.fa": fasta_bytes(("b1", text[:9_000]), ("b2", b"NNNN" + text[9_000:])),
        "c.fa": fasta_bytes(("c", letters(random_bases(3_000, 3)))),
        "d.faa": b">protein\nMKLVWQERTY\n",
    }
    settings = Settings(level=1, model=None, chunk_bases=10_000)
    out = tmp_path_factory.mktemp("track") / "all.sqc"
    out.write_bytes(compress_bytes(files, settings=settings))
    return out


def test_tracks_agree_with_the_container(container: Path) -> None:
    with Container(container) as c:
        use = track.base_space_use(c)
        tracks = {}
        for genome in c.values():
            if genome.stored:
                continue
            costs = track.chunk_costs(c, track.chunks_of(genome), 2)
            tracks[genome.name] = made = track.genome_track(genome, costs, use)
            bases = genome.bases()
            assert made.n_bases == len(bases)
            assert made.gc.sum() == ((bases == 1) | (bases == 2)).sum()
            assert made.skew.sum() == (bases == 2).sum() - (bases == 1).sum()
            assert made.walk_bits.sum() == pytest.approx(8 * genome.row.walk_length)
        index = c.reader.index
        own = sum(t.own.sum() for t in tracks.values())
        assert own == pytest.approx(index.n_bases)
        paid = sum((t.bits * t.own / 24).sum() for t in tracks.values())
        stored = sum(entry.row.residual_length for entry in index.chunks)
        assert paid == pytest.approx(8 * stored, rel=0.03)
    a, b = tracks["a.fa"], tracks["b.fa"]
    assert a.own.sum() == 24_000
    assert a.shared.sum() == pytest.approx(16_000, abs=100)
    assert b.own.sum() == pytest.approx(6_000, abs=100)
    assert b.own[: 15_900 // 24].sum() == 0
    assert b.shared.sum() == 0
    # What is copied costs what it costs where it is stored, read backwards.
    there = a.bits[4_000 // 24 : 20_000 // 24].sum()
    assert b.bits[: 16_000 // 24].sum() == pytest.approx(there, rel=0.02)
    assert b.walk_bits[5_000 // 24] > 0


def test_frames_follow_the_strand() -> None:
    """A gene keeps its codons, whichever way a walk reads it."""
    n = 480
    classes = np.zeros(n, np.uint8)
    classes[96:336] = np.resize([1, 2, 3], 240)  # codons start at 96
    types = classes_to_latents(classes).view(np.uint8)
    assert np.array_equal(latents_to_classes(types.view(np.int8), n), classes)

    class Chunk:
        ordinal, first_base = 0, 0

    costs = {0: track.ChunkCost(np.zeros(n, np.uint8), np.zeros(20), types)}
    for reverse in (False, True):
        walk = Walk.contiguous(0, n)
        walk.reverse[:] = reverse
        frames = track._frames(walk, np.cumsum(walk.lengths), n, [Chunk], costs)  # type: ignore[list-item]
        seen = mirror(classes) if reverse else classes
        where = np.flatnonzero(frames) * 24 + 12
        assert len(where) == 10
        assert (seen[where] > 0).all()
        # Codons start at 96, 99, ...; read backwards at 480 - 1 - 96 = 383, 380, ...
        assert set(frames[frames > 0].tolist()) == {4 + 383 % 3 if reverse else 1 + 96 % 3}
