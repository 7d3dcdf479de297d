"""``seqcoder-ray copy`` of some genomes."""

from __future__ import annotations

from seqcoder_cluster.options import ClusterOptions
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.copying import check_apart
from seqcoder_jobs.cli.choosing import some_names
from seqcoder_jobs.cli.console import note
from seqcoder_jobs.cli.submit import SubmitOptions, run_request
from seqcoder_jobs.writing.planning import GivenParameters
from seqcoder_jobs.writing.selecting import metadata_of, parameters_of, sources_of
from seqcoder_jobs.writing.submit import Request


def run_copy_some(
    name: str, where: str | None, from_file: str | None, options: SubmitOptions
) -> None:
    """Write genomes of the archive ``name`` into that of the options; raises SeqcoderError."""
    source, target = Archive(name), Archive(options.archive)
    source.require()
    check_apart(source, target)
    names = some_names(source, where, from_file, options.quiet) or set()
    given = GivenParameters() if target.exists else parameters_of(source)
    sources = sources_of(source, target, names)
    cluster = ClusterOptions(address=options.address, workers=options.workers)
    request = Request(
        (),
        target.name,
        given,
        options=cluster,
        metadata=metadata_of(source, names),
        sources=tuple(sources),
    )
    if not sources:
        note(f"{target}: holds all of it already", options.quiet)
    run_request(request, options)
