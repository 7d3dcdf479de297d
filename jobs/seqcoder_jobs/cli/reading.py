"""The reading commands of ``seqcoder-ray``, and those for detached jobs."""

from __future__ import annotations

from typing import Annotated

import typer

from seqcoder_jobs.cli.app import Address, Force, Json, Quiet, Workers, app

ArchiveFolder = Annotated[str, typer.Argument(metavar="ARCHIVE", help="Archive folder.")]
Job = Annotated[str, typer.Argument(metavar="ARCHIVE|JOB", help="Archive folder, or a job's id.")]
JobAddress = Annotated[
    str | None,
    typer.Option("--address", help="Ray dashboard. Default: where the job was submitted."),
]


@app.command()
def status(archive: Job, address: JobAddress = None, json: Json = False) -> None:
    """Show how far an archive is, and its detached job if it has one."""
    from seqcoder_jobs.cli.show import run_status

    run_status(archive, address, json)


@app.command("list")
def list_(
    archive: ArchiveFolder,
    records: Annotated[bool, typer.Option("--records", "-r", help="List records.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="List failed inputs only.")] = False,
    checksums: Annotated[
        bool, typer.Option("--sha256", help="Print lines for `sha256sum -c`.")
    ] = False,
    json: Json = False,
) -> None:
    """List the genomes (or records) of an archive, tab separated, from its manifest."""
    from seqcoder_jobs.cli.show import run_list

    run_list(archive, records, failed, checksums, json)


@app.command()
def verify(
    archive: ArchiveFolder,
    full: Annotated[
        bool, typer.Option("--full", help="Decode everything and compare all digests.")
    ] = False,
    address: Address = None,
    workers: Workers = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Check an archive: checksums (quick), or also every base and file (--full). 3 if damaged."""
    from seqcoder_jobs.cli.verify import run

    run(archive, full, address, workers, quiet, json)


@app.command()
def extract(
    archive: ArchiveFolder,
    queries: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME...]", help="Genomes, records or regions (NAME:START-END, 1-based)."
        ),
    ] = None,
    genome: Annotated[
        list[str] | None,
        typer.Option("--genome", "-g", help="Whole genome; with NAMEs: look for them there."),
    ] = None,
    regions: Annotated[
        str | None, typer.Option("--regions", help="File of regions, one a line, or BED.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All genomes.")] = False,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder (whole genomes) or file. Default: standard output; with --all needed.",
        ),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            "--width", "-w", min=0, help="Residues a line; 0: one line. Default: as input."
        ),
    ] = None,
    address: Address = None,
    workers: Workers = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Get genomes, records or regions out of an archive by name.

    Examples: `seqcoder-ray extract archive --all -o restored`; `seqcoder-ray extract archive
    ecoli.fa -o ecoli.fa`; `seqcoder-ray extract archive NC_000913.3:1000-2000`.
    """
    from seqcoder_jobs.cli.extract import Choices, run

    run(
        Choices(
            archive,
            tuple(queries or ()),
            tuple(genome or ()),
            regions,
            everything,
            output,
            width,
            address,
            workers,
            force,
            quiet,
        )
    )


@app.command()
def logs(
    job: Job,
    address: JobAddress = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until it ends.")] = False,
) -> None:
    """Print the output of a detached job."""
    from seqcoder_jobs.detach import print_logs

    print_logs(job, address, follow)


@app.command()
def stop(job: Job, address: JobAddress = None) -> None:
    """Stop a detached job; the same submit goes on where it stopped."""
    from seqcoder_jobs.detach import stop_job

    stop_job(job, address)
