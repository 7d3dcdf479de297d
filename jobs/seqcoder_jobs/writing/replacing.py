"""Genomes whose places others take: inputs that changed, and genomes that get other names.

What takes a place is written like any other genome, into another container or as another name in
the same one. From the moment its rows are in the manifest the old one counts as not there: readers
find one or the other. The old bytes stay until a purge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from seqcoder.errors import UsageError
from seqcoder.reading.naming import genomes_named
from seqcoder.storage.names import spell, unspell
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


def note_replaced(
    archive: Archive, replaced: Sequence[Replaced], *, renamed: bool = False, reason: str = ""
) -> None:
    """Note what will take the places of genomes, before it is planned."""
    from seqcoder_jobs.archive.manifest.changes import TO_RENAME, TO_REPLACE, add_changes
    from seqcoder_jobs.archive.manifest.files import hidden_genomes, read_table

    if not replaced:
        return
    hidden = hidden_genomes(archive.store)
    columns = ["genome", "container", "sha256", "source"]
    table = read_table(archive.store, "genomes", columns, hidden=True).to_pylist()
    rows = {(row["genome"], row["container"]): row for row in table}
    noted = [
        rows[place] | {"successor": one.successor, "into": one.into}
        for one in replaced
        if (place := (one.genome, one.container)) not in hidden
    ]
    if noted:
        archive.check_held()
        add_changes(archive.store, TO_RENAME if renamed else TO_REPLACE, noted, reason)


def rename(archive: Archive, names: Mapping[str, str], reason: str) -> int:
    """Plan genomes (as ``extract`` takes them) under other names; a submit then writes them.

    Returns how many there are to be written, those planned before counted; of those that are
    renamed so already there is nothing to do.

    Raises:
        UsageError: a name is taken or none, two get the same one, something is planned and not
            written yet, another run is writing the archive. NoSuchNameError.
    """
    from seqcoder_jobs.archive.manifest.changes import read_changes, unsettled
    from seqcoder_jobs.archive.manifest.files import covered_containers, read_table

    archive.require()
    with archive.lock():
        saved = archive.load()
        recover(archive, saved)
        table = read_table(archive.store, "genomes", ["genome", "container"]).to_pylist()
        files = {row["genome"]: row["container"] for row in table if row["container"]}
        wanted = _chosen(archive, files, names)
        covered = covered_containers(archive.store)
        pending = {g.name for c in saved.plan.containers if c.key not in covered for g in c.genomes}
        rows = unsettled(read_changes(archive.store))
        planned = {(r["genome"], r["successor"]) for r in rows if r["successor"] in pending}
        chosen = {old: new for old, new in wanted.items() if (old, new) not in planned}
        if chosen and pending:
            raise UsageError(
                f"{archive}: is not finished; first go on with it: seqcoder-ray submit -o {archive}"
            )
        if not chosen:
            return len(wanted)
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
        return len(chosen)


def _chosen(archive: Archive, files: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Return full names and new ones, without those that were renamed so before."""
    chosen: dict[str, str] = {}
    for wanted, given in names.items():
        new = given if spell(unspell(given)) == given else spell(given)
        plain = plain_name(unspell(new))
        if new != plain:
            raise UsageError(
                f"'{given}': no name for a genome, which is a relative path; {plain} would be one"
            )
        if wanted not in files and new in files:
            continue
        found = genomes_named(files, wanted, str(archive), "seqcoder-ray")
        if len(found) > 1:
            raise UsageError(f"'{wanted}' stands for {listed(found, 3)}; a new name is for one")
        if found[0] == new:
            continue
        if new in files or new in chosen.values():
            raise UsageError(f"{archive}: has a genome {new} already; choose another name")
        if found[0] in chosen:
            raise UsageError(f"{found[0]}: two new names, {chosen[found[0]]} and {new}; choose one")
        chosen[found[0]] = new
    return chosen


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
