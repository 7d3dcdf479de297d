"""The corpora of the campaign: tiny, generated, and what an undisturbed run makes of each."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from load_corpus import fasta_text, mutate

from genomes import coding_genome, fasta_bytes, random_bases
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.manifest.files import read_table

# What a row tells of the data, not of who coded it, when, and at which attempt.
FACTS = ("genome", "status", "container", "ordinal", "raw_bytes", "bases", "sha256", "seqcol")


@dataclass(frozen=True)
class FaultCorpus:
    """Inputs, the options they are submitted with, and the undisturbed archive.

    ``first``: inputs that are in the archive already when it is harmed, so that others are
    appended beside them; ``base`` is that archive.
    """

    name: str
    folder: Path
    options: tuple[str, ...]
    inputs: Mapping[str, bytes]
    first: tuple[str, ...] = ()
    base: Path | None = None
    containers: dict[str, bytes] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of all containers."""
        return sum(map(len, self.containers.values()))

    @property
    def base_bytes(self) -> int:
        """Bytes of the containers that are there before."""
        return sum(map(len, containers(self.base).values())) if self.base else 0

    def begin(self, archive: Path) -> None:
        """Put there what is there before."""
        if self.base:
            shutil.copytree(self.base, archive, dirs_exist_ok=True)

    def sha256(self, genome: str) -> str:
        return hashlib.sha256(self.inputs[genome]).hexdigest()

    def remember(self, archive: Path) -> None:
        """Take an undisturbed archive as what every other has to be."""
        self.containers.update(containers(archive))
        self.rows.extend(facts(archive))

    def restore(self) -> None:
        """Put every input there."""
        for name, data in self.inputs.items():
            path = self.folder / name
            if not path.exists():
                path.write_bytes(data)


def containers(archive: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (archive / "containers").glob("*.sqc")}


def facts(archive: Path) -> list[dict[str, Any]]:
    """The rows of the genomes, as far as they do not depend on the way."""
    rows = read_table(Archive(archive).store, "genomes", list(FACTS)).to_pylist()
    return sorted(rows, key=lambda row: str(row["genome"]))


def _relatives(seed: int, n: int, bases: int) -> dict[str, bytes]:
    parent = random_bases(bases, seed)
    return {
        f"r{seed}_{i}.fa": fasta_text(
            f"r{i}", mutate(parent, 0.01, np.random.default_rng([seed, i])), 70
        )
        for i in range(n)
    }


def make_corpora(folder: Path) -> dict[str, FaultCorpus]:
    """Unrelated genomes; relatives, some that fill more than a container; with latents; relatives
    that come to others in an archive."""
    plain = {f"p{i}.fa": coding_genome(20_000 + 7_000 * i, i) for i in range(5)}
    plain |= {
        "large.fa": coding_genome(270_000, 9),
        "protein.faa": b">p\nMKVLAAGIVGLLLAQWERTYHHHEEEDDDKKK\n",
        "empty.fa": b"",
        "lower.fa": fasta_bytes(("n", b"acgtnnnnryACGT" * 300)),
    }
    relatives = _relatives(1, 4, 60_000) | _relatives(2, 3, 40_000)
    latents = {f"l{i}.fa": coding_genome(40_000, 50 + i) for i in range(4)}
    later = relatives | {"z.fa": coding_genome(50_000, 77)}
    many = _relatives(3, 16, 40_000)
    first = ("r1_0.fa", "r1_2.fa", "r2_1.fa")
    corpora = {}
    for name, inputs, options, before in (
        ("plain", plain, ("--no-latents", "--no-groups", "--container-size", "150K"), ()),
        ("relatives", relatives, ("--no-latents", "--container-size", "150K"), ()),
        ("references", many, ("--no-latents", "--container-size", "170K"), ()),
        ("latents", latents, ("--no-groups", "--actors", "1", "--container-size", "100K"), ()),
        ("appended", later, ("--no-latents", "--container-size", "500K"), first),
    ):
        where = folder / name
        where.mkdir(parents=True)
        options = (*options, "--chunk-size", "64K", "--workers", "2")
        base = folder.parent / f"{name}-before" if before else None
        corpora[name] = FaultCorpus(name, where, options, inputs, before, base)
        corpora[name].restore()
    return corpora
