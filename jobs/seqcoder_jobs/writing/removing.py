"""Genomes taken out of an archive: out of sight at once, and out of its bytes by a purge.

A purge plans the containers anew that held them, and those that extend these, under new names
without them. A submit writes these like any others, from what the archive itself holds, and then
lets go of the old ones: killed anywhere, it is gone on with.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from seqcoder.errors import SeqcoderError
from seqcoder.reading.naming import all_named
from seqcoder.reading.reader import Container
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.plan import ContainerPlan, Plan
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.saved_plan import SavedPlan
from seqcoder_jobs.corpus.opener import ArchiveOpener
from seqcoder_jobs.writing.finishing import finish
from seqcoder_jobs.writing.recovery import recover

_COLUMNS = ["genome", "container", "sha256", "source", "status"]


def remove(archive: Archive, names: Iterable[str], reason: str, purge: bool) -> tuple[int, int]:
    """Take genomes out of sight; with ``purge`` plan the containers anew that hold removed ones.

    Names as ``extract`` takes them; of those removed before nothing more is done. Returns how many
    were removed now, and how many containers have to be written.

    Raises:
        UsageError: another run is writing it, there is no archive. NoSuchNameError.
    """
    from seqcoder_jobs.archive.manifest.changes import (
        REMOVED,
        REPLACED,
        add_changes,
        hidden_genomes,
    )
    from seqcoder_jobs.archive.manifest.files import read_table

    archive.require()
    with archive.lock():
        saved = archive.load()
        recover(archive, saved)
        table = read_table(archive.store, "genomes", _COLUMNS, hidden=True)
        rows = {row["genome"]: row for row in table.to_pylist() if row["container"]}
        hidden = hidden_genomes(archive.store)
        known = {*rows, *(name for name, _ in hidden)}
        chosen = all_named(known, names, str(archive), "seqcoder-ray")
        chosen = [name for name in chosen if name in rows]
        fresh = [rows[n] for n in chosen if (n, rows[n]["container"]) not in hidden]
        if not fresh and not purge:
            return 0, 0
        archive.mark_incomplete()
        if fresh:
            archive.check_held()
            add_changes(archive.store, REMOVED, fresh, reason)
        count = 0
        if purge:
            anew, count = _purged(saved, hidden_genomes(archive.store))
            left = {c.file for c in anew.plan.containers}
            gone = {c.file for c in saved.plan.containers if c.file not in left}
            if gone:  # only what is noted here is ever let go of, whatever plan is found
                rows_of = [{"container": file} for file in sorted(gone)]
                add_changes(archive.store, REPLACED, rows_of, "")
            saved = anew
            archive.save(saved)
        finish(archive, saved)
        return len(fresh), count


def _purged(saved: SavedPlan, hidden: set[tuple[str, str]]) -> tuple[SavedPlan, int]:
    """Return the plan without hidden genomes, and how many containers are planned anew."""
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
    return SavedPlan(plan, saved.container_bytes, number, inputs), len(new)


@dataclass(frozen=True)
class HeldOpener:
    """Reads genomes that the archive holds from its containers, all others as they lie."""

    held: Mapping[str, str]
    """By genome name, the path or URL of its container."""
    others: ArchiveOpener = field(default_factory=ArchiveOpener)

    def __call__(self, source: GenomeSource) -> bytes:
        """Return the bytes of a source; raises as ``ArchiveOpener``.

        Raises OSError where what the archive holds cannot be read: that ends the whole container,
        and the old one stays. A genome must not count as an input that failed.
        """
        if source.name not in self.held:
            return self.others(source)
        try:
            return _HELD.read(self.held[source.name], source.name)
        except SeqcoderError as error:
            raise OSError(errno.EIO, str(error)) from None

    def expect(self, sources: Sequence[GenomeSource]) -> None:
        """Announce what will be read."""
        self.others.expect([source for source in sources if source.name not in self.held])
        _HELD.expect(self.held[source.name] for source in sources if source.name in self.held)


class _Held:
    """The containers that genomes are read from, each open until the last one expected is read."""

    def __init__(self) -> None:
        self._left: Counter[str] = Counter()
        self._open: dict[str, Container] = {}

    def expect(self, locations: Iterable[str]) -> None:
        self.close()
        self._left = Counter(locations)

    def read(self, location: str, name: str) -> bytes:
        if location not in self._open:
            self._open[location] = Container(location, threads=1)
        data = self._open[location][name].read()
        self._left[location] -= 1
        if self._left[location] <= 0:
            self._open.pop(location).close()
        return data

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()


_HELD = _Held()


def opener_of(archive: Archive, pending: Iterable[ContainerPlan]) -> ArchiveOpener | HeldOpener:
    """Return what reads the inputs of containers: those that the archive holds, from there."""
    from seqcoder_jobs.archive.manifest.files import read_table

    table = read_table(archive.store, "genomes", ["genome", "container", "status"])
    rows = table.to_pylist()
    there = {row["genome"]: row["container"] for row in rows if row["status"] != "failed"}
    held: dict[str, str] = {}
    for container in pending:
        for genome in container.genomes:
            file = there.get(genome.name)
            if file and file != container.file:
                held[genome.name] = archive.container(file)
    return HeldOpener(held) if held else ArchiveOpener()


def removed_sources(archive: Archive) -> set[str]:
    """Return the inputs, by their labels, whose genomes were taken out."""
    from seqcoder_jobs.archive.manifest.changes import read_changes

    return {str(row["source"]) for row in read_changes(archive.store)} if archive.exists else set()
