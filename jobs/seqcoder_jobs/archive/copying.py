"""Copying an archive between folders and object stores: containers first, the success mark last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from seqcoder.container.parity import SUFFIX as PARITY
from seqcoder.errors import IntegrityError, UsageError
from seqcoder.storage.checksum import file_sha256
from seqcoder.storage.container_name import object_name
from seqcoder.wording import count_of
from seqcoder.writing.workplace import Scratch, open_workplace
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import (
    CONTAINERS,
    MADE_AGAIN,
    MANIFEST,
    MULTIQC,
    PLAN,
    REPORT,
    SKETCHES,
)
from seqcoder_jobs.archive.orphans import list_orphans, retire
from seqcoder_jobs.archive.static_index import write_index
from seqcoder_jobs.archive.success import NAME as SUCCESS


@dataclass(frozen=True)
class Part:
    """A container to be copied: what it and its object are called here and there."""

    name: str
    size: int
    sha256: str
    parity: bool


@dataclass(frozen=True)
class Copied:
    """What a copy came to: containers that had to be copied, their bytes, and all there are."""

    copied: int
    size: int
    containers: int


def copy_archive(
    source: Archive,
    target: Archive,
    begin: Callable[[list[Part]], Callable[[], None]] = lambda parts: lambda: None,
) -> Copied:
    """Copy what ``target`` does not hold yet; killed anywhere, the same call goes on.

    What is copied is read back and compared with its SHA-256. ``begin`` is told all containers,
    and what it returns is called after each.

    Raises:
        UsageError: there is no archive, a run is writing it, ``target`` is another archive.
        IntegrityError: a container is not what the manifest says.
    """
    from seqcoder_jobs.archive.manifest.files import read_table

    saved = source.load()
    check_apart(source, target)
    if source.is_locked:
        raise UsageError(f"{source}: a run is writing it; copy it when that is done")
    columns = ["container", "bytes", "sha256"]
    rows = read_table(source.store, "containers", columns).to_pylist()
    there = {stored.name for stored in source.store.files(CONTAINERS)}
    parts = []
    for row in sorted(rows, key=lambda row: str(row["container"])):
        called = f"{CONTAINERS}/{source.container_name(row['container'])}"
        if called not in there:
            raise IntegrityError(f"{source.store.locate(called)}: is missing; {MADE_AGAIN}")
        parity = called + PARITY in there
        parts.append(Part(row["container"], row["bytes"], row["sha256"], parity))
    _check_target(source, target)
    with target.lock():
        target.mark_incomplete()
        advance = begin(parts)
        sizes = []
        for part in parts:
            if _copy(source, target, part):
                sizes.append(part.size)
            advance()
        _copy_files(source, target)
        retire(target, list_orphans(target, saved))
    return Copied(len(sizes), sum(sizes), len(parts))


def check_apart(source: Archive, target: Archive) -> None:
    """Raise UsageError where the target is the source, or lies in it."""
    if source.name == target.name:
        raise UsageError(f"{source}: is the archive itself; name another place")
    if target.name.startswith(f"{source.name}/"):
        raise UsageError(f"{target}: lies in the archive itself; name another place")


def _check_target(source: Archive, target: Archive) -> None:
    """Raise UsageError where the target holds what the source does not, and did not before.

    And where it is no copy of it, but an archive of its own: that would become another one.
    """
    from seqcoder_jobs.archive.manifest.changes import read_changes
    from seqcoder_jobs.archive.manifest.files import read_table

    if not target.exists:
        return
    held = []
    for archive in (source, target):
        table = read_table(archive.store, "genomes", ["genome", "sha256", "source"])
        held.append({row["genome"]: row for row in table.to_pylist() if row["sha256"]})
    before = {(row["genome"], row["sha256"]) for row in read_changes(source.store)}
    common = []
    for name, row in held[1].items():
        if name in held[0] and held[0][name]["sha256"] == row["sha256"]:
            common.append(name)
        elif (name, row["sha256"]) not in before:
            raise UsageError(
                f"{target}: holds {name}, which {source} does not (or another file of that name); "
                "name another place"
            )
    # A copy has its genomes from where the archive has them; `copy --where` has them from there.
    if common and all(held[0][name]["source"] != held[1][name]["source"] for name in common):
        raise UsageError(
            f"{target}: is no copy of {source} but an archive of its own, with "
            f"{count_of(len(held[1]), 'genome')} of its {len(held[0])}; --where or --from-file "
            "adds to it, or name another place"
        )


def _copy(source: Archive, target: Archive, part: Part) -> bool:
    """Copy a container and its parity; returns whether it had to be."""
    target_name = f"{CONTAINERS}/{_called(target, part)}"
    if _is_there(target, target_name, part):
        return False
    place = open_workplace(source.store.locate(CONTAINERS))
    path = place.folder / part.name
    parity = path.with_name(path.name + PARITY)
    if isinstance(place, Scratch):
        place.fetch(_called(source, part), part.name, part.sha256)
        if part.parity:
            place.fetch(_called(source, part) + PARITY, parity.name, "")
    if part.parity:
        target.store.put_file(target_name + PARITY, parity, file_sha256(parity))
    if isinstance(place, Scratch):
        target.store.put_file(target_name, path, part.sha256)
        place.let_go(part.name)
    elif file_sha256(path) != part.sha256:
        raise IntegrityError(f"{path}: does not match its SHA-256 in the manifest; see 'verify'")
    else:
        target.store.put_file(target_name, path, part.sha256)
    return True


def _called(archive: Archive, part: Part) -> str:
    return part.name if archive.folder else object_name(part.name, part.sha256)


def _is_there(target: Archive, name: str, part: Part) -> bool:
    """Whether a container is in the target; an object's name tells, a file has to be read."""
    for wanted in (name, name + PARITY) if part.parity else (name,):
        if not target.has(wanted):
            return False
    if target.store.find(name).size != part.size:
        return False
    return target.folder is None or target.store.sha256(name) == part.sha256


def _copy_files(source: Archive, target: Archive) -> None:
    """Copy all else, the success mark last; what the source has not goes from the manifest."""
    names = list(_others(source))
    for name in names:
        data, _ = source.store.get(name)
        if not target.has(name) or target.store.get(name)[0] != data:
            target.check_held()
            target.store.put(name, data)
    gone = {stored.name for stored in target.store.files(MANIFEST)} - set(names)
    target.store.delete(sorted(gone))
    target.refresh()
    write_index(target)
    if source.is_marked:
        target.check_held()
        target.store.put(SUCCESS, source.store.get(SUCCESS)[0])


def _others(source: Archive) -> Iterator[str]:
    for folder in (SKETCHES, MANIFEST):
        yield from (stored.name for stored in source.store.files(folder))
    for name in (PLAN, REPORT, MULTIQC):
        if source.has(name):
            yield name
