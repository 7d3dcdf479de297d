"""Groups that share proteins come side by side."""

from __future__ import annotations

from pathlib import Path

import kin_genomes
from seqcoder.writing.genome_source import local_source
from seqcoder_jobs.writing.group_inputs import by_sketches, map_here


def test_families_come_side_by_side(tmp_path: Path) -> None:
    for name, data in kin_genomes.files().items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "none.fa").write_bytes(b"protein\n")
    sources = [local_source(tmp_path / name) for name in ("none.fa", *kin_genomes.files())]
    for threads in (1, 2):
        grouped = by_sketches(sources, 1 << 20, lambda f, items, t=threads: map_here(f, items, t))
        order = [source.name for group in grouped.groups for p in group.pieces for source in p]
        assert order == ["none.fa", "a1.fa", "a2.fa", "a3.fa", "b1.fa", "b2.fa"]
    # In one container they are anyway, and nothing is read twice.
    grouped = by_sketches(sources, 1 << 30, lambda f, items: map_here(f, items, 1))
    order = [source.name for group in grouped.groups for p in group.pieces for source in p]
    assert order == [source.name for source in sources]
