"""What a submit will do: settings agreed, containers added for new inputs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from seqcoder.errors import ModelError, UsageError
from seqcoder.settings import DEFAULT_LEVEL, Settings, default_chunk_bases
from seqcoder.writing.chunk import ChunkCoder
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.plan import DEFAULT_CONTAINER_BYTES, ContainerPlan, Plan, plan_groups
from seqcoder_jobs.archive.saved_plan import SavedPlan
from seqcoder_jobs.writing.choose_container import Sketch, held
from seqcoder_jobs.writing.comparing import Changed, Done, compare
from seqcoder_jobs.writing.group_inputs import Group, Grouped, Grouping, alone


@dataclass(frozen=True)
class GivenParameters:
    """Parameters as the user gave them; None: not given, so the archive's own or the default."""

    level: int | None = None
    chunk_bases: int | None = None
    container_bytes: int | None = None
    model: str | None = None
    latents: bool | None = None
    group: bool | None = None
    solid: bool | None = None


@dataclass(frozen=True)
class Parameters:
    """Parameters agreed on."""

    settings: Settings
    model_digest: str
    container_bytes: int


def agree(given: GivenParameters, saved: SavedPlan | None) -> Parameters:
    """Return the parameters of a run: those wished for, which must be those of the archive.

    Raises:
        UsageError: a parameter was given that the archive was not made with.
        ModelError: the model is not to be had, or is not the one the archive was begun with.
    """
    model = None if given.latents is False else model_name(given.model) or Settings.model
    if saved is None:
        settings = Settings(
            level=given.level or DEFAULT_LEVEL,
            chunk_bases=given.chunk_bases or default_chunk_bases(bool(given.solid)),
            model=model,
            group=given.group is not False,
            solid=bool(given.solid),
        )
        return Parameters(
            settings, model_digest(settings), given.container_bytes or DEFAULT_CONTAINER_BYTES
        )
    settings = saved.plan.settings
    wants_model = given.latents is False or given.model is not None
    for option, wished, made in (
        ("--level", given.level, settings.level),
        ("--chunk-size", given.chunk_bases, settings.chunk_bases),
        ("--container-size", given.container_bytes, saved.container_bytes),
        ("--model", (model or "none") if wants_model else None, settings.model or "none"),
    ):
        if wished is not None and wished != made:
            raise UsageError(
                f"{option} {wished}: the archive was begun with {made}; leave the option out to "
                "go on with it, or submit to a new archive"
            )
    if given.group not in (None, settings.group):
        option, made = ("--groups", "--no-groups") if given.group else ("--no-groups", "groups")
        raise UsageError(
            f"{option}: the archive was begun with {made}; leave the option out to go on with it, "
            "or submit to a new archive"
        )
    if given.solid and not settings.solid:
        raise UsageError(
            "--solid: the archive was begun without it; leave the option out to go on with it, "
            "or submit to a new archive"
        )
    digest = model_digest(settings)
    if digest != saved.plan.model_digest:
        raise ModelError(
            f"model {settings.model}: its digest is {digest[:16]}, the archive was begun with "
            f"{saved.plan.model_digest[:16]}; install that model, or submit to a new archive"
        )
    return Parameters(settings, digest, saved.container_bytes)


def model_name(name: str | None) -> str | None:
    """Return a model's name, or its absolute path if it is a file."""
    return str(Path(name).absolute()) if name is not None and Path(name).is_file() else name


def model_digest(settings: Settings) -> str:
    """Return the SHA-256 (hex) of the model the settings name, "" for none; ModelError."""
    if not settings.uses_model:
        return ""
    return ChunkCoder(settings).model_digests()[0].hex()


@dataclass(frozen=True)
class Extended:
    """A plan with new inputs, and their sketches, to be saved beside it.

    ``changed``: inputs that are not what the archive holds under their names. ``replaced``: genomes
    that others of their names are planned to take the place of.
    """

    saved: SavedPlan
    sketches: Mapping[str, Sketch]
    changed: tuple[Changed, ...] = ()
    replaced: tuple[Replaced, ...] = ()


@dataclass(frozen=True)
class Replaced:
    """A genome, the container it is in, and the one planned for what takes its place."""

    genome: str
    container: str
    successor: str
    into: str


def extend(
    saved: SavedPlan | None,
    sources: Sequence[GenomeSource],
    parameters: Parameters,
    done: Done,
    grouping: Grouping = alone,
    sketches: Callable[[], Mapping[str, Sketch]] = dict,
    *,
    replacing: bool = False,
    left_out: Collection[str] = (),
) -> Extended:
    """Return the plan with new inputs, and those that failed, appended or in new containers.

    ``grouping`` is asked about what is planned now only, and not at all with ``--no-groups``;
    ``sketches`` reads those that were saved. ``replacing`` and ``left_out`` as ``compare``.
    """
    old = saved.plan.containers if saved else ()
    found = compare(old, sources, done, replacing=replacing, left_out=left_out)
    first = saved.next_container if saved else 0
    now = [*found.again, *found.fresh]
    numbers = {name: group for name, (_, group) in saved.inputs.items()} if saved else {}
    there = held(found.kept, numbers, parameters.container_bytes, sketches)
    wanted = parameters.settings.group and now
    grouped = (grouping if wanted else alone)(now, parameters.container_bytes, there)
    added = _containers(grouped.groups, parameters.container_bytes, first)
    parts = {c.file: c.part for c in old}  # the last of each file
    appended = [
        ContainerPlan(joined.file, joined.sources, 1 + parts[joined.file], joined.relatives)
        for joined in grouped.joined
    ]
    plan = Plan(parameters.settings, parameters.model_digest, (*found.kept, *appended, *added))
    inputs = _inputs(saved.inputs if saved else {}, plan, now, grouped)
    extended = SavedPlan(plan, parameters.container_bytes, first + len(added), inputs)
    into = {genome.name: c.file for c in (*appended, *added) for genome in c.genomes}
    again = {source.name for source in found.again}
    replaced = tuple(
        Replaced(name, file, name, into[name])
        for name, file in sorted(done.held)
        if name in again and (name, file) not in done.hidden
    )
    return Extended(extended, grouped.sketches, found.changed, replaced)


def _containers(
    groups: Sequence[Group], container_bytes: int, first: int
) -> tuple[ContainerPlan, ...]:
    """Return new containers, numbered from ``first``: references, those that stand alone, others.

    What extends one container is not mixed with anything else.
    """
    with_reference = [group for group in groups if group.reference]
    containers = [
        ContainerPlan(f"{number:06d}-reference.sqc", tuple(group.reference), is_reference=True)
        for number, group in enumerate(with_reference, first)
    ]
    files = dict(zip(map(id, with_reference), [c.file for c in containers], strict=True))
    alone = [
        piece
        for group in groups
        if not (group.reference or group.extends)
        for piece in group.pieces
    ]
    containers += plan_groups(alone, container_bytes, first + len(containers))
    extending: dict[str, tuple[list[list[GenomeSource]], list[str]]] = {}
    for group in groups:
        if reference := files.get(id(group), group.extends):
            pieces, relatives = extending.setdefault(reference, ([], []))
            pieces += group.pieces
            relatives += group.relatives
    for reference, (pieces, relatives) in extending.items():
        new = plan_groups(pieces, container_bytes, first + len(containers))
        containers += [
            replace(container, reference=reference, relatives=tuple(relatives)) for container in new
        ]
    return tuple(containers)


def _inputs(
    old: Mapping[str, tuple[int, int]],
    plan: Plan,
    now: Sequence[GenomeSource],
    grouped: Grouped,
) -> dict[str, tuple[int, int]]:
    """Return place and group of all inputs planned: new ones come after all that were there."""
    place = 1 + max((place for place, _ in old.values()), default=-1)
    fresh = count(1 + max((group for _, group in old.values()), default=-1))
    new = [source.name for source in now if source.name not in old]
    places = {name: place for name, (place, _) in old.items()}
    places |= {name: number for number, name in enumerate(new, place)}
    of_group = {name: group for name, (_, group) in old.items()}
    of_group |= grouped.numbers
    for group in grouped.groups:
        number = next(fresh) if group.number is None else group.number
        of_group |= {
            source.name: number for piece in (group.reference, *group.pieces) for source in piece
        }
    names = [genome.name for container in plan.containers for genome in container.genomes]
    return {name: (places[name], of_group[name]) for name in names}
