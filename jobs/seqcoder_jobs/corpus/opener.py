"""Reading an input wherever it lies: a local file, a URI, a member of a tar file."""

from __future__ import annotations

from contextlib import closing

from seqcoder.errors import InputError
from seqcoder.genome import GenomeSource, read_local
from seqcoder_jobs.corpus.locations import facts, is_uri, one_line, open_binary
from seqcoder_jobs.corpus.tar import read_member


def open_source(source: GenomeSource) -> bytes:
    """Return the stored bytes of a source; a plain function, so that it travels to any worker.

    Raises:
        InputError: it cannot be read, or has changed since it was planned.
    """
    if source.member:
        return read_member(source.path, source.mtime_ns, source.member)
    if not is_uri(source.path):
        return read_local(source)
    found = facts(source.path)
    if found is None or (
        source.mtime_ns and (found.size, found.mtime_ns) != (source.size, source.mtime_ns)
    ):
        raise InputError(
            f"{source.label}: changed since the plan was made; restore it, or submit it to a "
            "new archive"
        )
    try:
        with closing(open_binary(source.path)) as stream:
            return stream.read()
    except OSError as error:
        raise InputError(f"{source.label}: {one_line(error)}; input skipped") from None
