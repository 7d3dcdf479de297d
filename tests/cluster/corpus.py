"""A small corpus, and its containers as a local run makes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from genomes import coding_genome, small_genome
from seqcoder.settings import Settings
from seqcoder.writing.chunk import ChunkCoder
from seqcoder.writing.container_report import ContainerReport
from seqcoder.writing.executor import ThreadExecutor
from seqcoder.writing.genome_source import local_source, read_local
from seqcoder.writing.pipeline import write_container
from seqcoder.writing.plan import ContainerPlan, plan_containers
from seqcoder_cluster import ClusterOptions, run_containers

# Chunks of more than a batch, so that there are several tasks.
SETTINGS = Settings(chunk_bases=300_000, model=None)
PER_CONTAINER = 200_000


@dataclass(frozen=True)
class Corpus:
    """Planned containers, and the bytes a local run makes of each."""

    containers: tuple[ContainerPlan, ...]
    settings: Settings
    expected: dict[str, bytes]

    def run(self, out: Path, options: ClusterOptions | None = None) -> list[ContainerReport]:
        reports: list[ContainerReport] = []
        run_containers(
            self.containers,
            self.settings,
            out,
            options or ClusterOptions(),
            opener=read_local,
            on_report=reports.append,
        )
        return reports

    def check(self, out: Path) -> None:
        """The containers are there, byte for byte, and nothing else."""
        assert {path.name: path.read_bytes() for path in out.iterdir()} == self.expected


def make_corpus(folder: Path, settings: Settings, sizes: list[int], per_container: int) -> Corpus:
    folder.mkdir()
    for i, size in enumerate(sizes):
        # Where a model is to choose latents, there must be genes.
        make = coding_genome if settings.uses_model else small_genome
        (folder / f"g{i:02d}.fa").write_bytes(make(size, seed=i))
    sources = [local_source(path) for path in sorted(folder.iterdir())]
    containers = plan_containers(sources, per_container)
    coder = ChunkCoder(settings)
    expected = {}
    for container in containers:
        path = folder / container.file
        executor = ThreadExecutor(coder, 2)
        write_container(container.genomes, settings, coder.model_digests(), executor, path)
        expected[path.name] = path.read_bytes()
    return Corpus(containers, settings, expected)
