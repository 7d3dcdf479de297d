"""What is known of a written container: the rows the manifest is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from seqcoder.writing.status import FAILED


@dataclass(frozen=True)
class RecordReport:
    """One FASTA record: first header token, residues, digests: GA4GH's (``SQ.``), MD5 (hex)."""

    ordinal: int
    name: str
    length: int
    refget: str
    md5: str


@dataclass(frozen=True)
class ChunkReport:
    """One chunk: sizes in bytes, times in seconds (None where an earlier run coded it)."""

    ordinal: int
    first_base: int
    bases: int
    coding: int
    model: str
    latent_bytes: int
    residual_bytes: int
    offset: int
    model_seconds: float | None
    code_seconds: float | None
    verify_seconds: float | None
    worker: str
    device: str


@dataclass(frozen=True)
class GenomeReport:
    """One input file and what became of it.

    ``side_bytes`` counts all frames of the genome's own (side streams, walk, stored file);
    ``latent_bytes`` and ``residual_bytes`` its part of the chunks that its novel bases went to,
    so that the sums over the genomes are the sums over the frames of the container.
    """

    name: str
    source: str
    ordinal: int | None
    status: str
    error: str = ""
    warning: str = ""
    source_bytes: int = 0
    raw_bytes: int = 0
    records: int = 0
    residues: int = 0
    bases: int = 0
    novel_bases: int = 0
    side_bytes: int = 0
    latent_bytes: int = 0
    residual_bytes: int = 0
    sha256: str = ""
    seqcol: str = ""
    compression: str = ""
    parse_seconds: float = 0.0
    walk_seconds: float = 0.0
    model_seconds: float = 0.0
    code_seconds: float = 0.0
    verify_seconds: float = 0.0
    record_table: tuple[RecordReport, ...] = ()

    @property
    def coded_bytes(self) -> int:
        """All bytes of frames this genome costs."""
        return self.side_bytes + self.latent_bytes + self.residual_bytes

    @property
    def bits_per_base(self) -> float | None:
        """Bits of latents and residual for each base, None without bases."""
        if not self.bases:
            return None
        return 8 * (self.latent_bytes + self.residual_bytes) / self.bases


@dataclass(frozen=True)
class ContainerReport:
    """A finished container; ``size`` is 0 where every input failed and none was written."""

    path: str
    size: int
    sha256: str
    model_digest: str
    genomes: tuple[GenomeReport, ...] = ()
    chunks: tuple[ChunkReport, ...] = field(default=())
    reference: str = ""
    """The container that it extends, as it names it; "": it stands alone."""

    @property
    def failures(self) -> list[GenomeReport]:
        """The inputs that could not be compressed."""
        return [genome for genome in self.genomes if genome.status == FAILED]
