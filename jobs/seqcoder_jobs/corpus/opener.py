"""Reading an input wherever it lies: a file, a URL, a member of a tar, a zip or a container."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seqcoder.errors import InputError
from seqcoder.storage.url import is_url
from seqcoder.writing.genome_source import GenomeSource, changed_message, read_local
from seqcoder_jobs.corpus import ncbi
from seqcoder_jobs.corpus.containers import expect_genomes, is_container, read_genome
from seqcoder_jobs.corpus.locations import read_url
from seqcoder_jobs.corpus.names import is_zip
from seqcoder_jobs.corpus.tar import expect_members, read_member
from seqcoder_jobs.corpus.zip import read_zip_member


def open_source(source: GenomeSource) -> bytes:
    """Return the stored bytes of a source; a plain function, so that it travels to any worker.

    Files of an NCBI package are compared with its md5sum.txt.

    Raises:
        InputError: it cannot be read, is damaged, or has changed since it was listed.
    """
    if source.member and is_container(source.path):
        return read_genome(source.path, source.member)
    if source.member and is_zip(source.path):
        data = read_zip_member(source.path, source.mtime_ns, source.member)
        ncbi.check_member(source.path, source.mtime_ns, source.member, data)
        return data
    if source.member:
        return read_member(source.path, source.mtime_ns, source.member)
    data = _read_url(source) if is_url(source.path) else read_local(source)
    ncbi.check_file(source.path, data)
    return data


@dataclass(frozen=True)
class ArchiveOpener:
    """``open_source`` for whole containers."""

    def __call__(self, source: GenomeSource) -> bytes:
        """Return the stored bytes of a source; as ``open_source``."""
        return open_source(source)

    def expect(self, sources: Sequence[GenomeSource]) -> None:
        """Announce what a container will ask for, in any order: a tar is then read once for all."""
        by_tar: dict[str, list[str]] = {}
        inside = [source for source in sources if source.member]
        expect_genomes(source.path for source in inside if is_container(source.path))
        for source in inside:
            if not (is_zip(source.path) or is_container(source.path)):
                by_tar.setdefault(source.path, []).append(source.member)
        for path, members in by_tar.items():
            expect_members(path, members)


def _read_url(source: GenomeSource) -> bytes:
    data, found = read_url(source.path)
    if source.mtime_ns and (found.size, found.mtime_ns) != (source.size, source.mtime_ns):
        raise InputError(changed_message(source.label))
    return data
