"""Which genomes go into which container: decided before anything is compressed, saved, digested."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from hashlib import sha256
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any

from seqcoder.errors import InputError
from seqcoder.settings import Settings
from seqcoder.writing.genome_source import GenomeSource

SCHEMA = 1
DEFAULT_CONTAINER_BYTES = 256 << 20


@dataclass(frozen=True)
class ContainerPlan:
    """One container, or what is appended to one: its file name and the genomes, in order.

    ``part`` 0 makes the file; 1, 2, ... are appended to it, in this order. ``reference`` is the
    file name of a container that this one extends, "" for one that stands alone. ``relatives``
    names genomes that this is written against: of the file, for an appended part, or of the
    reference (none named: all). ``is_reference``: others extend it; it is coded to be read quickly.
    """

    file: str
    genomes: tuple[GenomeSource, ...]
    part: int = 0
    relatives: tuple[str, ...] = ()
    reference: str = ""
    is_reference: bool = False

    def settings(self, settings: Settings) -> Settings:
        """Return the settings it is written with, of an archive with ``settings``."""
        return replace(settings, level=1, model=None) if self.is_reference else settings

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

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the plan: equal plans give equal archives.

        It is that of ``to_dict()`` as JSON with sorted keys, which is never held as a whole.
        """
        digest = sha256(b'{"containers": [')
        separator = ""
        for container in self.containers:
            head, tail = _ends(container)
            genomes = ", ".join(map(genome_json, container.genomes))
            digest.update(f"{separator}{head}{genomes}{tail}".encode())
            separator = ", "
        rest = json.dumps(self._facts(), sort_keys=True)
        digest.update(f"], {rest[1:]}".encode())
        return digest.hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return self._facts() | {"containers": [_to_dict(c) for c in self.containers]}

    def _facts(self) -> dict[str, Any]:
        """All but the containers; their key sorts before these."""
        return {
            "schema": SCHEMA,
            "settings": self.settings.to_dict(),
            "model_digest": self.model_digest,
        }

    def json_lines(self, more: Mapping[str, str]) -> Iterator[str]:
        """Yield the plan as JSON text, one line a genome; ``more`` is JSON text by key beside it.

        Keys are sorted where the text is read again, not here.
        """
        yield "{"
        for key, value in {k: json.dumps(v) for k, v in self._facts().items()}.items():
            yield f'"{key}": {value},\n'
        for key, value in more.items():
            yield f"{json.dumps(key)}: {value},\n"
        yield '"containers": ['
        separator = "\n"
        for container in self.containers:
            head, tail = _ends(container)
            yield f"{separator}{head}\n"
            yield ",\n".join(map(genome_json, container.genomes))
            yield tail
            separator = ",\n"
        yield "\n]}\n"

    @classmethod
    def from_dict(cls, data: Any, what: str) -> Plan:
        """Read plain data, as ``to_dict`` gives it or with each genome a GenomeSource already.

        Raises InputError, naming ``what``, if it is not a plan of this schema.
        """
        try:
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
                        tuple(
                            genome if isinstance(genome, GenomeSource) else GenomeSource(**genome)
                            for genome in container["genomes"]
                        ),
                        int(container.get("part", 0)),
                        tuple(container.get("relatives", ())),
                        container.get("reference", ""),
                        bool(container.get("is_reference", False)),
                    )
                    for container in data["containers"]
                ),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{what}: not a seqcoder plan ({error})") from None


_GENOME_KEYS = {field.name for field in fields(GenomeSource)}


def parse_json(text: str, what: str) -> Any:
    """Return what JSON text holds, each genome of a plan in it as a GenomeSource.

    Made while the text is read, these are all that is held of the genomes. Raises InputError,
    naming ``what``, if it is no JSON.
    """

    def made(found: dict[str, Any]) -> Any:
        return GenomeSource(**found) if found.keys() == _GENOME_KEYS else found

    try:
        return json.loads(text, object_hook=made)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{what}: not a seqcoder plan ({error})") from None


def genome_json(source: GenomeSource) -> str:
    """Return a source as ``json.dumps(..., sort_keys=True)`` would, several times faster.

    Raises TypeError or ValueError where a name is no text, a number no whole one.
    """
    return (
        f'{{"member": {_quoted(source.member)}, "mtime_ns": {source.mtime_ns:d}, "name": '
        f'{_quoted(source.name)}, "path": {_quoted(source.path)}, "size": {source.size:d}}}'
    )


def _ends(container: ContainerPlan) -> tuple[str, str]:
    """Return a container's JSON up to its genomes, and what is behind them."""
    data = _to_dict(replace(container, genomes=()))
    head, empty, tail = json.dumps(data, sort_keys=True).partition('"genomes": []')
    return f"{head}{empty[:-1]}", f"]{tail}"


def _to_dict(container: ContainerPlan) -> dict[str, Any]:
    """Return plain data; what a container does not have, it has no key for."""
    data: dict[str, Any] = {
        "file": container.file,
        "genomes": [
            {
                "name": genome.name,
                "path": genome.path,
                "member": genome.member,
                "size": genome.size,
                "mtime_ns": genome.mtime_ns,
            }
            for genome in container.genomes
        ],
    }
    if container.part:
        data["part"] = container.part
    if container.part or container.relatives:
        data["relatives"] = list(container.relatives)
    if container.reference:
        data["reference"] = container.reference
    if container.is_reference:
        data["is_reference"] = True
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
