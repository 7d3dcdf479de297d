"""The reading commands of ``seqcoder-ray``, and those for detached jobs."""

# No ``from __future__ import annotations``: typer would compile every annotation as it starts.

from typing import Annotated

import typer

from seqcoder.cli.options import (
    Checksums,
    Force,
    Format,
    FromFile,
    Full,
    GenomeNames,
    HeaderStyle,
    Index,
    Json,
    Quiet,
    Records,
    RegionsOption,
    Reverse,
    Upper,
    Width,
)
from seqcoder.errors import UsageError
from seqcoder_jobs.cli.app import Address, Workers, app
from seqcoder_jobs.cli.counted import counted

ArchivePlace = Annotated[str, typer.Argument(metavar="ARCHIVE", help="Archive: folder or URL.")]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="EXPRESSION",
        help="Genomes for which this holds (SQL): \"species = 'E. coli' and year >= 2024\".",
    ),
]
Stats = Annotated[
    bool,
    typer.Option(
        "--stats", help="Tell the requests to object stores of this process, bytes and seconds."
    ),
]
Job = Annotated[str, typer.Argument(metavar="ARCHIVE|JOB", help="Archive folder, or a job's id.")]
JobAddress = Annotated[
    str | None,
    typer.Option("--address", help="Ray dashboard. Default: where the job was submitted."),
]


@app.command()
def status(
    archive: Job, address: JobAddress = None, json: Json = False, stats: Stats = False
) -> None:
    """Show how far an archive is, and its detached job if it has one.

    Examples:

        seqcoder-ray status archive
        seqcoder-ray status archive --json
    """
    from seqcoder_jobs.cli.show import run_status

    with counted(stats):
        run_status(archive, address, json)


@app.command("list")
def list_(
    archive: ArchivePlace,
    records: Records = False,
    failed: Annotated[bool, typer.Option("--failed", help="List failed inputs only.")] = False,
    removed: Annotated[
        bool,
        typer.Option("--removed", help="List what was removed, replaced and renamed, and why."),
    ] = False,
    where: Where = None,
    from_file: FromFile = None,
    metadata: Annotated[
        bool, typer.Option("--metadata", help="Print the columns of the metadata, too.")
    ] = False,
    checksums: Checksums = False,
    json: Json = False,
    stats: Stats = False,
) -> None:
    """List the genomes (or records) of an archive, tab separated, from its manifest.

    bits_per_base counts a genome's share of latents and residual; headers, layout
    and walks come on top (side_bytes in the manifest): `status` has the bits per
    base of everything.

    Examples:

        seqcoder-ray list archive
        seqcoder-ray list archive --failed
        seqcoder-ray list archive --removed
        seqcoder-ray list archive --where "bases > 5000000"
    """
    from seqcoder_jobs.cli.show import ListOptions, run_list, run_removed

    if removed and (records or failed or where or from_file or metadata or checksums):
        raise UsageError("--removed lists all that was removed; give no other option but --json")
    with counted(stats):
        if removed:
            run_removed(archive, json)
            return
        run_list(ListOptions(archive, records, failed, where, from_file, metadata, checksums, json))


@app.command()
def verify(
    archive: ArchivePlace,
    full: Full = False,
    where: Where = None,
    from_file: FromFile = None,
    address: Address = None,
    workers: Workers = None,
    quiet: Quiet = False,
    json: Json = False,
    stats: Stats = False,
) -> None:
    """Check an archive: checksums (quick), or also every base and file (--full). 3 if damaged.

    Examples:

        seqcoder-ray verify archive
        seqcoder-ray verify archive --full --json
    """
    from seqcoder_jobs.cli.verify import VerifyOptions, run

    with counted(stats):
        run(VerifyOptions(archive, full, where, from_file, address, workers, quiet, json))


@app.command()
def extract(
    archive: ArchivePlace,
    queries: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help="Genomes (also patterns), records or regions (NAME:START-END, 1-based, "
            "{NAME}:START-END).",
        ),
    ] = None,
    genome: GenomeNames = None,
    regions: Annotated[str | None, RegionsOption] = None,
    reverse: Reverse = False,
    everything: Annotated[
        bool, typer.Option("--all", help="All genomes, or all that meet --where.")
    ] = False,
    where: Where = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder (whole genomes), or one file: -, all.fa, all.fa.gz. Default: standard "
            "output; with --all needed.",
        ),
    ] = None,
    from_file: FromFile = None,
    width: Width = None,
    upper: Upper = False,
    header_style: HeaderStyle = "file",
    format: Format = None,
    index: Index = False,
    address: Address = None,
    workers: Workers = None,
    force: Force = False,
    quiet: Quiet = False,
    stats: Stats = False,
) -> None:
    """Get genomes, records or regions out of an archive by name.

    Examples:

        seqcoder-ray extract archive --all -o restored
        seqcoder-ray extract archive ecoli.fa -o ecoli.fa.bgz
        seqcoder-ray extract archive NC_000913.3:1000-2000
        seqcoder-ray extract archive --all --format fa.gz -o for_others/
    """
    from seqcoder_jobs.reading.model_ahead import load_model_ahead

    if not everything:
        load_model_ahead(archive)
    from seqcoder.reading.region import Style
    from seqcoder_jobs.cli.extract import ExtractOptions, run

    with counted(stats):
        run(
            ExtractOptions(
                archive,
                tuple(queries or ()),
                tuple(genome or ()),
                regions,
                everything,
                output,
                Style(width, upper, header_style),
                address,
                workers,
                force,
                quiet,
                format,
                reverse,
                index,
                where,
                from_file,
            )
        )


@app.command()
def logs(
    job: Job,
    address: JobAddress = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until it ends.")] = False,
) -> None:
    """Print the output of a detached job.

    Example:

        seqcoder-ray logs archive --follow
    """
    from seqcoder_jobs.writing.detach import print_logs

    print_logs(job, address, follow)


@app.command()
def stop(job: Job, address: JobAddress = None) -> None:
    """Stop a detached job; the same submit goes on where it stopped.

    Example:

        seqcoder-ray stop archive
    """
    from seqcoder_jobs.writing.detach import stop_job

    stop_job(job, address)


@app.command()
def doctor(
    address: Address = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Check this installation and Ray: a task on the cluster, or on a Ray started here for it.

    Examples:

        seqcoder-ray doctor
        seqcoder-ray doctor --address auto --json
    """
    from seqcoder_jobs.cli.doctor import run

    run(address, quiet, json)
