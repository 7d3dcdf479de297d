"""What is in an archive, added up from its plan and manifest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from seqcoder.storage.container_name import object_name
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import CONTAINERS
from seqcoder_jobs.archive.success import check_present

if TYPE_CHECKING:
    from seqcoder_jobs.archive.manifest.changes import Place

_FRAMES = ("side_bytes", "latent_bytes", "residual_bytes")


@dataclass(frozen=True)
class Summary:
    """Counts and sums over an archive; bytes of frames by kind, ``bytes`` of whole containers.

    ``removed_bytes``: frames of genomes that were removed or replaced and are in containers yet.
    ``missing``: containers of the manifest that are not there, or not as long as they were.
    """

    archive: str
    complete: bool
    running: bool
    containers: int
    containers_done: int
    genomes: int
    verified: int
    stored: int
    failed: int
    pending: int
    records: int
    raw_bytes: int
    source_bytes: int
    bases: int
    bytes: int
    side_bytes: int
    latent_bytes: int
    residual_bytes: int
    code_seconds: float
    missing: tuple[str, ...] = ()
    removed_bytes: int = 0

    @property
    def framing_bytes(self) -> int:
        """Bytes of containers that are in no genome's frames: indexes, digests, framing."""
        frames = self.side_bytes + self.latent_bytes + self.residual_bytes
        return self.bytes - frames - self.removed_bytes

    @property
    def ratio(self) -> float | None:
        """Raw bytes by container bytes."""
        return self.raw_bytes / self.bytes if self.bytes else None

    @property
    def bits_per_base(self) -> float | None:
        """Bits of whole containers per base."""
        return 8 * self.bytes / self.bases if self.bases else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self) | {"ratio": self.ratio, "bits_per_base": self.bits_per_base}


def summarise(archive: Archive) -> Summary:
    """Add up an archive; raises UsageError where there is none."""
    import pyarrow.compute as pc

    from seqcoder_jobs.archive.manifest.files import (
        covered_containers,
        hidden_genomes,
        read_table,
    )

    saved = archive.load()
    check_present(archive.store)
    genomes = read_table(archive.store, "genomes")
    containers = read_table(archive.store, "containers", ["container", "bytes", "sha256"])
    statuses = genomes["status"].to_pylist()
    gone = hidden_genomes(archive.store)
    planned = {
        genome.name
        for c in saved.plan.containers
        for genome in c.genomes
        if (genome.name, c.file) not in gone
    }
    covered = covered_containers(archive.store)
    # A failed genome that is planned anew is pending again.
    again = {
        genome.name for c in saved.plan.containers if c.key not in covered for genome in c.genomes
    }
    to_do = {c.file for c in saved.plan.containers if c.key not in covered}
    failed = {
        name
        for name, status in zip(genomes["genome"].to_pylist(), statuses, strict=True)
        if status == "failed" and name in planned
    }

    def total(column: str) -> Any:
        return pc.sum(genomes[column]).as_py() or 0

    frames = _frames(archive, genomes, gone)
    verified, stored = statuses.count("verified"), statuses.count("stored")
    missing = _missing(archive, containers.to_pylist())
    return Summary(
        archive=str(archive),
        complete=archive.is_marked and not missing,
        running=archive.is_locked,
        containers=len({c.file for c in saved.plan.containers}),
        containers_done=len({c.file for c in saved.plan.containers} - to_do),
        genomes=len(planned),
        verified=verified,
        stored=stored,
        failed=len(failed - again),
        pending=len(planned) - verified - stored - len(failed - again),
        records=total("records"),
        raw_bytes=total("raw_bytes"),
        source_bytes=total("source_bytes"),
        bases=total("bases"),
        bytes=pc.sum(containers["bytes"]).as_py() or 0,
        **frames,
        code_seconds=sum(
            total(f"{step}_seconds") for step in ("parse", "walk", "model", "code", "verify")
        ),
        missing=missing,
    )


def _frames(archive: Archive, genomes: Any, gone: Collection[Place]) -> dict[str, int]:
    """Return the bytes of frames by kind, those that are nobody's any more as ``removed_bytes``.

    ``genomes``: the manifest's table of those in sight. While a purge goes on the containers it
    replaces are there, too: what they have of these is nobody's.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from seqcoder_jobs.archive.manifest.changes import let_go, read_changes
    from seqcoder_jobs.archive.manifest.files import read_table

    def sums(table: Any) -> dict[str, int]:
        return {column: pc.sum(table[column]).as_py() or 0 for column in _FRAMES}

    if not gone:
        return sums(genomes)
    where = ["genome", "container"]
    every = read_table(archive.store, "genomes", [*where, *_FRAMES], hidden=True)
    places = list(zip(*(every[column].to_pylist() for column in where), strict=True))
    counted = set(zip(*(genomes[column].to_pylist() for column in where), strict=True))
    counted |= set(gone) - let_go(read_changes(archive.store), gone)
    kept = sums(every.filter(pa.array([place in counted for place in places], pa.bool_())))
    return kept | {"removed_bytes": sum(sums(every).values()) - sum(kept.values())}


def _missing(archive: Archive, containers: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return which containers of the manifest are not there, or not as long as they were."""
    sizes = {s.name.partition("/")[2]: s.size for s in archive.store.files(CONTAINERS)}
    missing = []
    for row in containers:
        name, digest = row["container"], row["sha256"]
        there = name if archive.folder else object_name(name, digest)
        if sizes.get(there) != row["bytes"]:
            missing.append(name)
    return tuple(sorted(missing))
