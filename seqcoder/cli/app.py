"""The commands of ``seqcoder``: signatures and help only; each command's module does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seqcoder import __version__
from seqcoder.cli.common import EXIT_CODES
from seqcoder.cli.model import app as model_app

app = typer.Typer(
    name="seqcoder",
    help="Lossless, verified compression of genome FASTA files with random access.\n\n"
    + EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Threads = Annotated[
    int, typer.Option("--threads", "-T", min=0, help="Chunks coded at a time; 0: all cores.")
]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace existing output files.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no remarks.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def _version(value: bool) -> None:
    if value:
        print(__version__)
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def compress(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="FASTA files (maybe .gz, .zst, .xz), or -"),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", help="One container for all inputs. Default: FILE.sqc each."
        ),
    ] = None,
    stdout: Annotated[
        bool, typer.Option("--stdout", "-c", help="Write to standard output.")
    ] = False,
    level: Annotated[
        int,
        typer.Option(
            "--level",
            min=1,
            max=3,
            help="1: two bits and repeats, fastest; 2: default; 3: smallest. Also -1, -2, -3. "
            "Memory for each thread: level 2 150 MB, level 3 600 MB.",
        ),
    ] = 2,
    level_1: Annotated[bool, typer.Option("-1", hidden=True)] = False,
    level_2: Annotated[bool, typer.Option("-2", hidden=True)] = False,
    level_3: Annotated[bool, typer.Option("-3", hidden=True)] = False,
    chunk_size: Annotated[
        str, typer.Option("--chunk-size", help="Most bases in a chunk, for example 5M or 256K.")
    ] = "",
    model: Annotated[
        str | None, typer.Option("--model", help="Model for the latents: a name or a file.")
    ] = None,
    no_latents: Annotated[
        bool, typer.Option("--no-latents", help="Do without stage 1 (the neural latents).")
    ] = False,
    no_groups: Annotated[
        bool, typer.Option("--no-groups", help="Each file by itself: no walks over relatives.")
    ] = False,
    name: Annotated[
        str | None, typer.Option("--name", help="Name in the container of standard input.")
    ] = None,
    threads: Threads = 0,
    force: Force = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Compress FASTA files; the originals are kept.

    Every chunk is decoded and compared before it counts.

    Examples: `seqcoder compress genome.fa` makes genome.fa.sqc;
    `seqcoder compress -o all.sqc *.fna.gz`; `curl ... | seqcoder compress - -o x.sqc`.
    """
    from seqcoder.cli.compress import run

    for number, chosen in enumerate((level_1, level_2, level_3), 1):
        level = number if chosen else level
    run(
        inputs,
        output,
        stdout,
        level,
        chunk_size,
        model,
        no_latents,
        no_groups,
        name,
        threads,
        force,
        quiet,
        json,
    )


@app.command()
def decompress(
    containers: Annotated[
        list[str], typer.Argument(metavar="FILE.sqc...", help="Containers, or -")
    ],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="Folder to write to (or, for one genome, a file)."),
    ] = None,
    stdout: Annotated[
        bool, typer.Option("--stdout", "-c", help="Write to standard output.")
    ] = False,
    threads: Threads = 0,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Restore all files of containers, bit for bit, each checked against its SHA-256.

    Without -o the files are written beside the container.
    """
    from seqcoder.cli.restore import run_decompress

    run_decompress(containers, output, stdout, threads, force, quiet)


@app.command()
def extract(
    container: Annotated[str, typer.Argument(metavar="FILE.sqc", help="A container, or -")],
    queries: Annotated[
        list[str] | None,
        typer.Argument(metavar="[REGION...]", help="Records or regions: NAME, NAME:START-END"),
    ] = None,
    genome: Annotated[
        list[str] | None,
        typer.Option("--genome", "-g", help="Whole genome; with REGIONs: look for them there."),
    ] = None,
    regions: Annotated[
        Path | None,
        typer.Option(
            "--regions", "-r", help="File of regions, one a line, or BED (three columns)."
        ),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            "--width", "-w", min=0, help="Residues a line; 0: one line. Default: as input."
        ),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Output file. Default: standard output.")
    ] = None,
    threads: Threads = 0,
    force: Force = False,
) -> None:
    """Take records, regions or whole genomes out of a container, as FASTA.

    Regions are 1-based and inclusive, as in samtools faidx. Only the chunks needed are read and
    decoded. Example: `seqcoder extract genome.fa.sqc NC_000913.3:1000-2000`.
    """
    from seqcoder.cli.restore import run_extract

    run_extract(container, queries or [], genome or [], regions, width, output, threads, force)


@app.command("list")
def list_(
    container: Annotated[str, typer.Argument(metavar="FILE.sqc", help="A container, or -")],
    records: Annotated[bool, typer.Option("--records", "-r", help="List records.")] = False,
    checksums: Annotated[
        bool, typer.Option("--sha256", help="Print lines for `sha256sum -c`.")
    ] = False,
    json: Json = False,
) -> None:
    """List the genomes (or records) of a container, tab separated."""
    from seqcoder.cli.show import run_list

    run_list(container, records, checksums, json)


@app.command()
def info(
    container: Annotated[str, typer.Argument(metavar="FILE.sqc", help="A container, or -")],
    json: Json = False,
) -> None:
    """Show what a container is made of: chunks, codings, models, bytes of each kind."""
    from seqcoder.cli.show import run_info

    run_info(container, json)


@app.command()
def verify(
    containers: Annotated[
        list[str], typer.Argument(metavar="FILE.sqc...", help="Containers, or -")
    ],
    full: Annotated[
        bool, typer.Option("--full", help="Decode everything and compare all digests.")
    ] = False,
    threads: Threads = 0,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Check containers: checksums (quick), or also every base and file (--full). 3 if damaged."""
    from seqcoder.cli.verify import run

    run(containers, full, threads, quiet, json)


@app.command()
def repair(
    container: Annotated[Path, typer.Argument(metavar="FILE.sqc", help="A damaged container")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The container to write.")],
    force: Force = False,
) -> None:
    """Write the intact genomes of a damaged container to a new one; needs neither index nor footer.

    The damaged file is not touched. 1 if some genomes are lost.
    """
    from seqcoder.cli.repair import run

    run(container, output, force)


@app.command()
def bench(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="FASTA files to measure with")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for bench.html, bench.tsv and bench.parquet."),
    ] = None,
    together: Annotated[
        bool, typer.Option("--together", help="Compress all files together, not each by itself.")
    ] = False,
    levels: Annotated[str, typer.Option("--levels", help="Our levels to measure.")] = "1,2,3",
    peers: Annotated[
        str, typer.Option("--peers", help="Others: all that are installed, none, or names.")
    ] = "all",
    chunk_sizes: Annotated[
        str, typer.Option("--chunk-sizes", help="Also try these, for example 64K,256K,1M.")
    ] = "",
    repeat: Annotated[
        int, typer.Option("--repeat", min=1, help="Runs of what takes less than 10 s.")
    ] = 3,
    threads: Annotated[int, typer.Option("--threads", "-T", min=1, help="For all.")] = 1,
    limit: Annotated[
        float, typer.Option("--time-limit", min=1, help="Seconds a single run may take.")
    ] = 3600.0,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Measure this and other compressors on your files: size, time, memory, exactness.

    Each result is decompressed and compared; what does not come back is dropped and named.
    """
    from seqcoder.bench.command import run

    run(
        files,
        output,
        together,
        levels,
        peers,
        chunk_sizes,
        repeat,
        threads,
        limit,
        quiet,
        json,
    )


app.add_typer(model_app, name="model")
