"""Appending on a cluster: in order, the same bytes as here, also when a process is lost."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from local_runner import run_here

from genomes import fasta_bytes
from seqcoder.settings import Settings
from seqcoder.writing.container_report import ContainerReport
from seqcoder.writing.genome_source import GenomeSource, local_source, read_local
from seqcoder.writing.plan import ContainerPlan
from seqcoder_cluster import ClusterOptions, run_containers

pytestmark = pytest.mark.ray
SETTINGS = Settings(level=1, model=None, chunk_bases=1 << 14)


def genomes(folder: Path) -> list[GenomeSource]:
    """Six genomes, each a changed copy of the one before."""
    rng = random.Random(5)
    letters = rng.choices("ACGT", k=30_000)
    for number in range(6):
        for at in rng.sample(range(len(letters)), 100):
            letters[at] = rng.choice("ACGT")
        data = fasta_bytes((f"g{number}", "".join(letters).encode()))
        (folder / f"g{number}.fa").write_bytes(data)
    return [local_source(folder / f"g{number}.fa") for number in range(6)]


def plans(folder: Path) -> list[ContainerPlan]:
    """Two containers in turn, so that the parts of one never lie side by side."""
    source = genomes(folder)
    return [
        ContainerPlan("a.sqc", (source[0],)),
        ContainerPlan("b.sqc", (source[1],)),
        ContainerPlan("a.sqc", (source[2],), 1, ("g0.fa",)),
        ContainerPlan("b.sqc", (source[3],), 1, ("g1.fa",)),
        ContainerPlan("a.sqc", (source[4], source[5]), 2, ("g0.fa", "g2.fa")),
    ]


def made(run: Any, containers: list[ContainerPlan], out: Path, workers: int) -> dict[str, bytes]:
    reports: list[ContainerReport] = []
    options = ClusterOptions(workers=workers)
    run(containers, SETTINGS, out, options, opener=read_local, on_report=reports.append)
    assert len(reports) == len(containers)
    return {path.name: path.read_bytes() for path in out.iterdir()}


def test_same_bytes_as_local(ray_cluster: Any, tmp_path: Path) -> None:
    containers = plans(tmp_path)
    expected = made(run_here, containers, tmp_path / "here", 1)
    assert all(len(data) < 15_000 for data in expected.values())
    for workers in (1, 4):
        found = made(run_containers, containers, tmp_path / str(workers), workers)
        assert found == expected


def test_appends_to_what_is_lost_are_not_tried(ray_cluster: Any, tmp_path: Path) -> None:
    containers = plans(tmp_path)
    out = tmp_path / "out"
    made(run_containers, containers[:2], out, 2)
    data = bytearray((out / "a.sqc").read_bytes())
    data[len(data) // 2] ^= 1
    (out / "a.sqc").write_bytes(data)
    reports: list[ContainerReport] = []
    with pytest.raises(Exception, match=r"a\.sqc"):
        run_containers(
            containers[2:],
            SETTINGS,
            out,
            ClusterOptions(),
            opener=read_local,
            on_report=reports.append,
        )
    assert [report.genomes[0].name for report in reports] == ["g3.fa"]
    assert (out / "a.sqc").read_bytes() == bytes(data)
