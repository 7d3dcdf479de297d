"""The commands of ``seqcoder``: signatures and help only; each command's module does the work."""

# No ``from __future__ import annotations``: typer would compile every annotation as it starts.

from pathlib import Path
from typing import Annotated

import typer

from seqcoder.cli.options import (
    Checksums,
    ChunkSize,
    Force,
    Format,
    FromFile,
    GenomeNames,
    HeaderStyle,
    Index,
    Json,
    Level1,
    Level2,
    Level3,
    Model,
    NoGroups,
    NoLatents,
    Quiet,
    Records,
    Reference,
    RegionsOption,
    Reverse,
    Solid,
    Stdout,
    Threads,
    Upper,
    Width,
    chosen_level,
    new_app,
)

app = new_app(
    "seqcoder", "Lossless, verified compression of genome FASTA files with random access."
)


@app.command()
def compress(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="FASTA (maybe gzip, bgzip, zstd, xz, bzip2), or -"),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", help="One container for all inputs. Default: FILE.sqc each."
        ),
    ] = None,
    stdout: Stdout = False,
    level: Annotated[
        int,
        typer.Option(
            "--level",
            min=1,
            max=3,
            help="1: two bits and repeats, fastest; 2: default; 3: smallest. Also -1, -2, -3. "
            "Memory: 75, 190, 330 MB, and 20, 50, 190 MB for each further thread.",
        ),
    ] = 2,
    level_1: Level1 = False,
    level_2: Level2 = False,
    level_3: Level3 = False,
    chunk_size: ChunkSize = "",
    model: Model = None,
    no_latents: NoLatents = False,
    no_groups: NoGroups = False,
    solid: Solid = False,
    name: Annotated[
        str | None, typer.Option("--name", help="Name in the container of standard input.")
    ] = None,
    append: Annotated[
        bool,
        typer.Option("--append", help="Add to the container -o names; what it holds stays."),
    ] = False,
    reference: Reference = None,
    threads: Threads = 0,
    force: Force = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Compress FASTA files; the originals are kept.

    Every chunk is decoded and compared before it counts.

    Examples:

        seqcoder compress genome.fa  # makes genome.fa.sqc
        seqcoder compress -o all.sqc *.fna.gz
        seqcoder compress --append -o all.sqc new.fa
        curl ... | seqcoder compress - -o x.sqc
    """
    from seqcoder.cli.compress import run

    run(
        inputs,
        output,
        stdout,
        chosen_level(level, level_1, level_2, level_3) or level,
        chunk_size,
        model,
        no_latents,
        no_groups,
        solid,
        name,
        append,
        reference,
        threads,
        force,
        quiet,
        json,
    )


@app.command()
def decompress(
    containers: Annotated[list[str], typer.Argument(metavar="FILE.sqc", help="Containers, or -")],
    genome: Annotated[
        list[str] | None,
        typer.Option("--genome", "-g", help="These genomes only: name, file name or pattern."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="Folder to write to (or, for one genome, a file)."),
    ] = None,
    stdout: Stdout = False,
    threads: Threads = 0,
    force: Force = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Restore all files of containers, bit for bit, each checked against its SHA-256.

    Without -o the files are written beside the container.

    Examples:

        seqcoder decompress all.sqc -o back/
        seqcoder decompress -c one.sqc | less
        seqcoder decompress all.sqc -g ecoli.fa -g "salmo*"
    """
    from seqcoder.cli.decompress import run_decompress

    run_decompress(containers, genome or [], output, stdout, threads, force, quiet, json)


@app.command()
def extract(
    container: Annotated[str, typer.Argument(metavar="FILE.sqc", help="A container, or -")],
    queries: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="REGION", help="Records or regions: NAME, NAME:START-END, {NAME}:START-END"
        ),
    ] = None,
    genome: GenomeNames = None,
    regions: Annotated[Path | None, RegionsOption] = None,
    reverse: Reverse = False,
    from_file: FromFile = None,
    width: Width = None,
    upper: Upper = False,
    header_style: HeaderStyle = "file",
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Output file. Default: standard output.")
    ] = None,
    format: Format = None,
    index: Index = False,
    threads: Threads = 0,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Take records, regions or whole genomes out of a container: FASTA, 2bit, another container.

    Regions are 1-based and inclusive, as in samtools faidx: an end behind the
    record's is cut to it, a start behind it is an error; NAME:-END and NAME:START-
    leave one out. Braces say where a name with a colon ends. Only the chunks
    needed are read and decoded. An output that ends in .sqc is a container of
    whole genomes, which stands alone.

    Examples:

        seqcoder extract genome.fa.sqc NC_000913.3:1000-2000
        seqcoder extract all.sqc -g ecoli.fa -o ecoli.fa.bgz
        seqcoder extract all.sqc -r genes.bed -o genes.2bit
    """
    from seqcoder.cli.extract import name_list, run_extract
    from seqcoder.reading.region import Style

    genomes, style = [*(genome or ()), *name_list(from_file)], Style(width, upper, header_style)
    where = output, format, threads, force, index
    run_extract(container, queries or [], genomes, regions, reverse, style, *where)


@app.command("list")
def list_(
    container: Annotated[str, typer.Argument(metavar="FILE.sqc", help="A container, or -")],
    records: Records = False,
    checksums: Checksums = False,
    json: Json = False,
) -> None:
    """List the genomes (or records) of a container, tab separated.

    Examples:

        seqcoder list all.sqc
        seqcoder list --sha256 all.sqc > SHA256SUMS
    """
    from seqcoder.cli.list import run_list

    run_list(container, records, checksums, json)


@app.command()
def info(
    container: Annotated[str, typer.Argument(metavar="FILE.sqc", help="A container, or -")],
    json: Json = False,
) -> None:
    """Show what a container is made of: chunks, codings, models, bytes of each kind.

    Example:

        seqcoder info --json all.sqc
    """
    from seqcoder.cli.info import run_info

    run_info(container, json)
