"""Genomes whose places others take: inputs that changed, and genomes that get other names.

What takes a place is written like any other genome, into another container or as another name in
the same one. From the moment its rows are in the manifest the old one counts as not there: readers
find one or the other. The old bytes stay until a purge.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from seqcoder.errors import UsageError
from seqcoder.reading.naming import genomes_named, is_pattern
from seqcoder.storage.names import file_path, spell, unspell
from seqcoder.wording import listed
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.plan import ContainerPlan, Plan
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.saved_plan import SavedPlan
from seqcoder_jobs.corpus.names import plain_name
from seqcoder_jobs.writing.choose_container import MOST_RELATIVES
from seqcoder_jobs.writing.planning import Replaced
from seqcoder_jobs.writing.recovery import recover
from seqcoder_jobs.writing.sketches import load_sketches, save_sketches

_LONGEST = 255
"""Bytes of a file's name."""


def note_replaced(
    archive: Archive, replaced: Sequence[Replaced], *, renamed: bool = False, reason: str = ""
) -> None:
    """Note what will take the places of genomes, before it is planned."""
    from seqcoder_jobs.archive.manifest.changes import TO_RENAME, TO_REPLACE, add_changes
    from seqcoder_jobs.archive.manifest.files import read_table

    if not replaced:
        return
    columns = ["genome", "container", "sha256", "source"]
    table = read_table(archive.store, "genomes", columns, hidden=True).to_pylist()
    rows = {(row["genome"], row["container"]): row for row in table}
    noted = [
        rows[one.genome, one.container] | {"successor": one.successor, "into": one.into}
        for one in replaced
    ]
    archive.check_held()
    add_changes(archive.store, TO_RENAME if renamed else TO_REPLACE, noted, reason)


def rename(archive: Archive, names: Mapping[str, str], reason: str) -> dict[str, str]:
    """Plan genomes (as ``extract`` takes them) under other names; a submit then writes them.

    Returns full names and new ones of those to be written, those planned before too; of those that
    are renamed so already there is nothing to do.

    Raises:
        UsageError: a name is taken or none, two get the same one, something is planned and not
            written yet, another run is writing the archive. NoSuchNameError.
    """
    from seqcoder_jobs.archive.manifest.changes import TO_RENAME, read_changes, unsettled
    from seqcoder_jobs.archive.manifest.files import covered_containers, read_table

    archive.require()
    with archive.lock():
        saved = archive.load()
        recover(archive, saved)
        table = read_table(archive.store, "genomes", ["genome", "container"]).to_pylist()
        files = {row["genome"]: row["container"] for row in table if row["container"]}
        changes = read_changes(archive.store)
        before: dict[str, list[str]] = {}
        for row in changes:
            if row["action"] == TO_RENAME:
                before.setdefault(row["successor"], []).append(row["genome"])
        wanted = _chosen(archive, files, names, before)
        covered = covered_containers(archive.store)
        pending = {g.name for c in saved.plan.containers if c.key not in covered for g in c.genomes}
        rows = unsettled(changes)
        planned = {(r["genome"], r["successor"]) for r in rows if r["successor"] in pending}
        chosen = {old: new for old, new in wanted.items() if (old, new) not in planned}
        if chosen and pending:
            raise UsageError(
                f"{archive}: is not finished; first go on with it: seqcoder-ray submit -o {archive}"
            )
        if not chosen:
            return wanted
        renamed = _planned(saved, chosen, files)
        into = {g.name: c.file for c in renamed.plan.containers for g in c.genomes}
        archive.mark_incomplete()
        sketches = load_sketches(archive.store)
        save_sketches(
            archive.store, {new: sketches[old] for old, new in chosen.items() if old in sketches}
        )
        note_replaced(
            archive,
            [Replaced(old, files[old], new, into[new]) for old, new in chosen.items()],
            renamed=True,
            reason=reason,
        )
        archive.save(renamed)
        return chosen


def _chosen(
    archive: Archive,
    files: Mapping[str, str],
    names: Mapping[str, str],
    before: Mapping[str, Collection[str]],
) -> dict[str, str]:
    """Return full names and new ones, without those renamed so ``before`` (old names by new)."""
    chosen: dict[str, str] = {}
    for wanted, given in names.items():
        new = _new_name(given)
        if wanted not in files and new in files and any(map(_called(wanted), before.get(new, ()))):
            continue
        found = genomes_named(files, wanted, str(archive), "seqcoder-ray")
        if len(found) > 1:
            raise UsageError(f"'{wanted}' stands for {listed(found, 3)}; a new name is for one")
        (old,) = found
        if not _called(wanted)(old) and not is_pattern(wanted):
            raise UsageError(f"'{wanted}' is the folder of {old}; name the genome itself")
        if chosen.setdefault(old, new) != new:
            raise UsageError(f"{old}: two new names, {chosen[old]} and {new}; choose one")
    chosen = {old: new for old, new in chosen.items() if old != new}
    _check_free(archive, files, chosen)
    return chosen


def _new_name(given: str) -> str:
    """Return a name as an archive has it; raises UsageError where no file can be called so."""
    new = given if spell(unspell(given)) == given else spell(given)
    plain = plain_name(unspell(new))
    if new != plain:
        raise UsageError(
            f"'{given}': no name for a genome, which is a relative path; {plain} would be one"
        )
    longest = max(len(os.fsencode(part)) for part in file_path(new).split("/"))
    if longest > _LONGEST:
        raise UsageError(
            f"'{listed([new[:40], ''], 1)}': {longest} bytes, and files have names of up to "
            f"{_LONGEST}; choose a shorter one"
        )
    return new


def _called(wanted: str) -> Callable[[str], bool]:
    """Return what tells whether a genome has a name, as its whole one, its file's or its stem."""
    names = wanted, spell(wanted)

    def is_called(genome: str) -> bool:
        path = PurePosixPath(genome)
        return genome in names or wanted in (path.name, path.stem)

    return is_called


def _check_free(archive: Archive, files: Mapping[str, str], chosen: Mapping[str, str]) -> None:
    """Raise UsageError where a new name is not free: no file could be called so, or two are."""
    whose: dict[str, str] = {}
    for old, new in chosen.items():
        if new in chosen:
            # Not all at once: killed in between, one of the two would be found under no name.
            raise UsageError(
                f"{old} is to be {new}, whose name is given up only now; rename {new} first, by a "
                "command of its own (to swap two, give one of them a third name before)"
            )
        if new in files:
            raise UsageError(f"{archive}: has a genome {new} already; choose another name")
        if new in whose:
            raise UsageError(f"{whose[new]} and {old} are both to be {new}; choose two names")
        whose[new] = old
    names = {*files, *whose} - set(chosen)
    folders = {parent for name in names for parent in _folders(name)}
    for new in whose:
        other = next((parent for parent in _folders(new) if parent in names), None)
        if other or new in folders:
            raise UsageError(
                f"{new}: {other or new} would be a genome and a folder with others; choose another "
                "name"
            )


def _folders(name: str) -> Iterator[str]:
    while name := name.rpartition("/")[0]:
        yield name


def _planned(saved: SavedPlan, chosen: Mapping[str, str], files: Mapping[str, str]) -> SavedPlan:
    """Return the plan with genomes under their new names, appended to the containers they are in.

    There each is a walk over itself. In a reference nothing is appended, and a container has each
    name once: a container that extends this one is begun.
    """
    plan = saved.plan
    sources = {(g.name, c.file): g for c in plan.containers for g in c.genomes}
    parts = {c.file: c.part for c in plan.containers}
    references = {c.file for c in plan.containers if c.is_reference}
    by_file: dict[str, list[str]] = {}
    for old in chosen:
        by_file.setdefault(files[old], []).append(old)
    added: list[ContainerPlan] = []
    number = saved.next_container
    for file, olds in sorted(by_file.items()):
        for first in range(0, len(olds), MOST_RELATIVES):
            some = olds[first : first + MOST_RELATIVES]
            genomes = tuple(_named(sources[old, file], chosen[old]) for old in some)
            if file in references:
                added.append(
                    ContainerPlan(
                        f"{number:06d}.sqc", genomes, relatives=tuple(some), reference=file
                    )
                )
                number += 1
            elif any((genome.name, file) in sources for genome in genomes):
                added.append(ContainerPlan(f"{number:06d}.sqc", genomes))
                number += 1
            else:
                parts[file] += 1
                added.append(ContainerPlan(file, genomes, parts[file], tuple(some)))
    inputs = dict(saved.inputs)
    inputs |= {new: inputs[old] for old, new in chosen.items()}
    anew = Plan(plan.settings, plan.model_digest, (*plan.containers, *added))
    return SavedPlan(anew, saved.container_bytes, number, inputs)


def _named(source: GenomeSource, name: str) -> GenomeSource:
    return replace(source, name=name)
