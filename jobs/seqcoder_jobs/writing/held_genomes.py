"""Reading what is to be written anew from the archive itself, instead of from where it once lay."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from seqcoder.errors import IntegrityError, SeqcoderError
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.plan import ContainerPlan
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.corpus.opener import ArchiveOpener


@dataclass(frozen=True)
class HeldOpener:
    """Reads genomes that the archive holds from its containers, all others as they lie."""

    held: Mapping[str, tuple[str, str]]
    """By genome name, the path or URL of the container that has it, and its name there."""
    others: ArchiveOpener = field(default_factory=ArchiveOpener)

    def __call__(self, source: GenomeSource) -> bytes:
        """Return the bytes of a source; raises as ``ArchiveOpener``.

        Raises OSError where what the archive holds cannot be read: that ends the whole container,
        and the old one stays. A genome must not count as an input that failed.
        """
        if source.name not in self.held:
            return self.others(source)
        try:
            return self.others(self._there(source))
        except SeqcoderError as error:
            code = errno.EBADMSG if isinstance(error.__cause__, IntegrityError) else errno.EIO
            raise OSError(code, str(error)) from None

    def expect(self, sources: Sequence[GenomeSource]) -> None:
        """Announce what will be read."""
        self.others.expect([self._there(source) for source in sources])

    def _there(self, source: GenomeSource) -> GenomeSource:
        if source.name not in self.held:
            return source
        path, member = self.held[source.name]
        return replace(source, path=path, member=member)


def opener_of(archive: Archive, pending: Iterable[ContainerPlan]) -> ArchiveOpener | HeldOpener:
    """Return what reads the inputs of containers: those that the archive holds, from there."""
    from seqcoder_jobs.archive.manifest.changes import (
        TO_RENAME,
        TO_REPLACE,
        read_changes,
        unsettled,
    )
    from seqcoder_jobs.archive.manifest.files import read_table

    rows = read_table(archive.store, "genomes", ["genome", "container"]).to_pylist()
    places = {row["genome"]: (row["container"], row["genome"]) for row in rows if row["container"]}
    for row in unsettled(read_changes(archive.store)):
        if row["action"] == TO_RENAME:
            places[row["successor"]] = (row["container"], row["genome"])
        elif row["action"] == TO_REPLACE:
            places.pop(row["successor"], None)
    held: dict[str, tuple[str, str]] = {}
    for container in pending:
        for genome in container.genomes:
            file, name = places.get(genome.name, ("", ""))
            if file and (file, genome.name) != (container.file, name):
                held[genome.name] = archive.container(file), name
    return HeldOpener(held) if held else ArchiveOpener()
