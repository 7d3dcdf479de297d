"""Genomes taken out of an archive: out of sight at once, and out of its bytes by a purge.

A purge plans the containers anew that held them, and those that extend these, under new names
without them. A submit writes these like any others, from what the archive itself holds, and then
lets go of the old ones: killed anywhere, it is gone on with.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from seqcoder.errors import UsageError
from seqcoder.reading.naming import all_named
from seqcoder.writing.plan import ContainerPlan, Plan
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.saved_plan import SavedPlan
from seqcoder_jobs.archive.static_index import write_index
from seqcoder_jobs.writing.finishing import finish
from seqcoder_jobs.writing.recovery import recover

_COLUMNS = ["genome", "container", "sha256", "source"]


def remove(
    archive: Archive, names: Iterable[str], reason: str, purge: bool
) -> tuple[list[str], int]:
    """Take genomes out of sight; with ``purge`` plan the containers anew that hold removed ones.

    Names as ``extract`` takes them; of those removed before nothing more is done. Returns which
    were removed now, and how many containers have to be written, for an earlier purge too.

    Raises:
        UsageError: another run is writing it, there is no archive, or something is to be replaced
            or renamed yet. NoSuchNameError.
    """
    from seqcoder_jobs.archive.manifest.changes import REMOVED, REWRITTEN, add_changes
    from seqcoder_jobs.archive.manifest.files import (
        covered_containers,
        hidden_genomes,
        read_table,
    )

    archive.require()
    with archive.lock():
        saved = archive.load()
        recover(archive, saved)
        refuse_unsettled(archive, saved)
        table = read_table(archive.store, "genomes", _COLUMNS)
        rows = {row["genome"]: row for row in table.to_pylist() if row["container"]}
        known = {*rows, *(name for name, _ in hidden_genomes(archive.store))}
        chosen = all_named(known, names, str(archive), "seqcoder-ray")
        fresh = [rows[name] for name in chosen if name in rows]
        if not fresh and not purge:
            return [], 0
        archive.mark_incomplete()
        if fresh:
            archive.check_held()
            add_changes(archive.store, REMOVED, fresh, reason)
        count = 0
        if purge:
            anew = _purged(saved, hidden_genomes(archive.store))
            left = {c.file for c in anew.plan.containers}
            gone = {c.file for c in saved.plan.containers if c.file not in left}
            if gone:  # only what is noted here is ever let go of, whatever plan is found
                rows_of = [{"container": file} for file in sorted(gone)]
                add_changes(archive.store, REWRITTEN, rows_of, "")
            saved = anew
            archive.save(saved)
            covered = covered_containers(archive.store)
            count = sum(c.key not in covered for c in saved.plan.containers)
        finish(archive, saved)
        write_index(archive)  # also of an archive that is not finished
        return [row["genome"] for row in fresh], count


def _purged(saved: SavedPlan, hidden: set[tuple[str, str]]) -> SavedPlan:
    """Return the plan without hidden genomes, the containers that had them planned anew."""
    old = saved.plan.containers
    hit = {c.file for c in old for genome in c.genomes if (genome.name, c.file) in hidden}
    hit |= {c.file for c in old if c.reference in hit}
    again: dict[str, ContainerPlan] = {}
    for container in old:
        if container.file in hit:
            left = tuple(g for g in container.genomes if (g.name, container.file) not in hidden)
            whole = again.setdefault(container.file, replace(container, genomes=(), part=0))
            again[container.file] = replace(whole, genomes=(*whole.genomes, *left))
    again = {file: container for file, container in again.items() if container.genomes}
    names = {
        file: f"{number:06d}{'-reference' if container.is_reference else ''}.sqc"
        for number, (file, container) in enumerate(again.items(), saved.next_container)
    }
    gone = {name for name, file in hidden if file in hit}
    new = []
    for file, container in again.items():
        reference = container.reference
        if reference in hit:
            reference = names.get(reference, "")
        relatives = tuple(name for name in container.relatives if name not in gone)
        new.append(replace(container, file=names[file], reference=reference, relatives=relatives))
    kept = tuple(container for container in old if container.file not in hit)
    plan = Plan(saved.plan.settings, saved.plan.model_digest, (*kept, *new))
    there = {genome.name for container in plan.containers for genome in container.genomes}
    inputs = {name: facts for name, facts in saved.inputs.items() if name in there}
    number = saved.next_container + len(new)
    return SavedPlan(plan, saved.container_bytes, number, inputs)


def removed_inputs(archive: Archive) -> dict[str, str]:
    """Return the names of genomes that were taken out, by the labels of their inputs."""
    from seqcoder_jobs.archive.manifest.changes import last_removed, read_changes

    changes = read_changes(archive.store) if archive.exists else []
    return {source: str(row["genome"]) for source, row in last_removed(changes).items()}


def restore(
    archive: Archive, names: Iterable[str], reason: str
) -> tuple[list[str], dict[str, str]]:
    """Take back in what was removed; where a purge has taken the bytes, the inputs may come again.

    Returns the names of those that are there again, and the inputs of the others by their names.

    Raises:
        UsageError: another genome has the name by now, a purge is not done, and as ``remove``.
        NoSuchNameError: nothing of that name was removed.
    """
    from seqcoder_jobs.archive.manifest.changes import (
        RESTORED,
        add_changes,
        last_removed,
        place,
        read_changes,
    )
    from seqcoder_jobs.archive.manifest.files import held_genomes, read_table

    archive.require()
    with archive.lock():
        saved = archive.load()
        recover(archive, saved)
        refuse_unsettled(archive, saved)
        out = {row["genome"]: row for row in last_removed(read_changes(archive.store)).values()}
        removed = f"{archive}, among the genomes removed"
        rows = [out[name] for name in all_named(out, names, removed, "seqcoder-ray")]
        held, _ = held_genomes(archive.store)
        there = [row for row in rows if place(row) in held]
        planned = {(g.name, c.file) for c in saved.plan.containers for g in c.genomes}
        if not planned.issuperset(map(place, there)):
            raise UsageError(
                f"{archive}: a purge is not done; first go on with it: "
                f"seqcoder-ray submit -o {archive}"
            )
        table = read_table(archive.store, "genomes", ["genome"])
        taken = set(table["genome"].to_pylist()) & {row["genome"] for row in there}
        if taken:
            raise UsageError(
                f"{archive}: has another genome {min(taken)} by now; rename that one first"
            )
        archive.mark_incomplete()
        add_changes(archive.store, RESTORED, [row | {"reason": reason} for row in rows], reason)
        finish(archive, saved)
        write_index(archive)
        back = [row["genome"] for row in there]
        return back, {row["genome"]: row["source"] for row in rows if row not in there}


def refuse_unsettled(archive: Archive, saved: SavedPlan) -> None:
    """Raise UsageError where what is to take a genome's place is not written yet."""
    from seqcoder_jobs.archive.manifest.changes import read_changes, unsettled
    from seqcoder_jobs.archive.manifest.files import covered_containers

    left = unsettled(read_changes(archive.store))
    if left:
        covered = covered_containers(archive.store)
        to_do = {g.name for c in saved.plan.containers if c.key not in covered for g in c.genomes}
        if to_do & {row["successor"] for row in left}:
            raise UsageError(
                f"{archive}: genomes are to be replaced or renamed yet; first go on with that: "
                f"seqcoder-ray submit -o {archive}"
            )
