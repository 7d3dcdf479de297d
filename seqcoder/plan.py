"""Which genomes go into which container: decided before anything is compressed, saved, digested."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from seqcoder.errors import InputError
from seqcoder.genome import GenomeSource
from seqcoder.settings import Settings

SCHEMA = 1
DEFAULT_CONTAINER_BYTES = 256 << 20


@dataclass(frozen=True)
class ContainerPlan:
    """One container, or what is appended to one: its file name and the genomes, in order.

    ``part`` 0 makes the file; 1, 2, ... are appended to it, in this order. ``relatives`` names
    genomes of the file that an appended part is written against.
    """

    file: str
    genomes: tuple[GenomeSource, ...]
    part: int = 0
    relatives: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Name of this part of the archive: the file's, with ``+PART`` behind it if appended."""
        return f"{self.file}+{self.part}" if self.part else self.file

    @property
    def source_bytes(self) -> int:
        """Bytes of the input files as they lie on disk (compressed ones count as they are)."""
        return sum(genome.size for genome in self.genomes)


@dataclass(frozen=True)
class Plan:
    """All containers of an archive, the settings, and the digest of the model (hex or "")."""

    settings: Settings
    model_digest: str
    containers: tuple[ContainerPlan, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the plan: equal plans give equal archives."""
        return sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "schema": SCHEMA,
            "settings": self.settings.to_dict(),
            "model_digest": self.model_digest,
            "containers": [_to_dict(container) for container in self.containers],
        }

    def to_json(self) -> str:
        """Return the plan as JSON text."""
        return json.dumps(self.to_dict(), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str, what: str) -> Plan:
        """Read a plan; raises InputError, naming ``what``, if it is not one of this schema."""
        try:
            data = json.loads(text)
            if data["schema"] != SCHEMA:
                raise InputError(
                    f"{what}: plan schema {data['schema']}, this seqcoder has {SCHEMA}"
                )
            return cls(
                Settings.from_dict(data["settings"]),
                data["model_digest"],
                tuple(
                    ContainerPlan(
                        container["file"],
                        tuple(GenomeSource(**genome) for genome in container["genomes"]),
                        int(container.get("part", 0)),
                        tuple(container.get("relatives", ())),
                    )
                    for container in data["containers"]
                ),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(f"{what}: not a seqcoder plan ({error})") from None


def _to_dict(container: ContainerPlan) -> dict[str, Any]:
    """Return plain data; what is appended says so, so that plans without have no such keys."""
    data = asdict(container)
    if not container.part:
        del data["part"], data["relatives"]
    return data


def plan_containers(
    sources: Sequence[GenomeSource], container_bytes: int, first: int = 0
) -> tuple[ContainerPlan, ...]:
    """Fill containers, in order, with sources up to ``container_bytes`` of input each.

    A source larger than that has a container of its own. Files are numbered from ``first``.
    """
    return plan_groups([[source] for source in sources], container_bytes, first)


def plan_groups(
    groups: Sequence[Sequence[GenomeSource]], container_bytes: int, first: int = 0
) -> tuple[ContainerPlan, ...]:
    """Fill containers, in order, with groups of sources that belong together.

    A group that does not fit into what is left of a container begins the next; only one larger
    than ``container_bytes`` is divided, and then in order.
    """
    containers: list[ContainerPlan] = []
    genomes: list[GenomeSource] = []
    filled = 0

    def close() -> None:
        containers.append(ContainerPlan(f"{first + len(containers):06d}.sqc", tuple(genomes)))

    for group in groups:
        whole = sum(source.size for source in group)
        for place, source in enumerate(group):
            if genomes and filled + (source.size if place else whole) > container_bytes:
                close()
                genomes, filled = [], 0
            genomes.append(source)
            filled += source.size
    if genomes:
        close()
    return tuple(containers)
