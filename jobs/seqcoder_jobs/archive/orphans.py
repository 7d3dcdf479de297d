"""What runs left in an archive that nothing needs any more.

In an object store: states of containers that were appended to since, and uploads of runs that were
killed. In a folder: the temporary files of containers that are done, and containers that a purge
wrote anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from seqcoder.container.parity import SUFFIX as PARITY
from seqcoder.storage.atomic import short_name
from seqcoder.storage.container_name import container_of, object_name
from seqcoder.storage.store import Stored
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import CONTAINERS
from seqcoder_jobs.archive.saved_plan import SavedPlan


def list_orphans(archive: Archive, saved: SavedPlan) -> list[Stored]:
    """Return files of ``containers/`` that no reader and no run will ask for.

    What a container that is planned and not done yet may go on from is none.
    """
    from seqcoder_jobs.archive.manifest.files import covered_containers

    covered = covered_containers(archive.store)
    pending = {c.file for c in saved.plan.containers if c.key not in covered}
    digests = archive.container_digests()
    if archive.folder is not None:
        planned = {c.file for c in saved.plan.containers}
        return [*_partials(archive, pending), *_dropped(archive, planned | set(digests))]
    names = {object_name(name, sha256) for name, sha256 in digests.items()}
    orphans = []
    for stored in archive.store.files(CONTAINERS):
        name = stored.name.partition("/")[2]
        state = name.removesuffix(PARITY)
        if state not in names and container_of(state) not in pending:
            orphans.append(stored)
    return orphans


def _partials(archive: Archive, pending: set[str]) -> list[Stored]:
    assert archive.folder is not None
    kept = tuple(f".{short_name(name)}." for name in pending)
    found = (archive.folder / CONTAINERS).glob(".*.partial")
    names = sorted(f"{CONTAINERS}/{p.name}" for p in found if not p.name.startswith(kept))
    return [archive.store.find(name) for name in names]


def _dropped(archive: Archive, known: set[str]) -> list[Stored]:
    """Return containers that a purge wrote anew and neither plan nor manifest have any more."""
    from seqcoder_jobs.archive.manifest.changes import rewritten_containers

    gone = rewritten_containers(archive.store) - known
    there = archive.store.files(CONTAINERS) if gone else []
    return [s for s in there if s.name.partition("/")[2].removesuffix(PARITY) in gone]


def retire(archive: Archive, orphans: Iterable[Stored]) -> None:
    """Remove them; the caller holds the archive."""
    names = [stored.name for stored in orphans]
    if names:
        archive.check_held()
        archive.store.delete(names)
