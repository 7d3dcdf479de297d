"""The commands of ``seqcoder`` that check, mend and measure."""

# No ``from __future__ import annotations``: typer would compile every annotation as it starts.

from pathlib import Path
from typing import Annotated

import typer

from seqcoder.cli.app import app as app
from seqcoder.cli.model import app as model_app
from seqcoder.cli.options import Force, Full, Json, Quiet, Threads
from seqcoder.cli.parity import parity


@app.command()
def verify(
    containers: Annotated[list[str], typer.Argument(metavar="FILE.sqc", help="Containers, or -")],
    full: Full = False,
    threads: Threads = 0,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Check containers: checksums (quick), or also every base and file (--full). 3 if damaged.

    Examples:

        seqcoder verify *.sqc
        seqcoder verify --full --json all.sqc
    """
    from seqcoder.cli.verify import run

    run(containers, full, threads, quiet, json)


@app.command()
def repair(
    container: Annotated[str, typer.Argument(metavar="FILE.sqc", help="Damaged; a file or URL")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The container to write.")],
    force: Force = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write the intact genomes of a damaged container to a new one; needs neither index nor footer.

    The damaged file is not touched. 1 if some genomes are lost.

    Example:

        seqcoder repair damaged.sqc -o rescued.sqc
    """
    from seqcoder.cli.repair import run

    run(container, output, force, quiet, json)


@app.command()
def bench(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="FASTA files to measure with")
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
    training_log: Annotated[
        Path | None,
        typer.Option("--training-log", help="log.jsonl of a training run, for its curves."),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Measure this and other compressors on your files: size, time, memory, exactness.

    Each result is decompressed and compared; what does not come back is dropped
    and named.

    Example:

        seqcoder bench genome.fa --peers xz,zstd -o bench/
    """
    from seqcoder.cli.bench import run

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
        training_log,
    )


@app.command()
def doctor(quiet: Quiet = False, json: Json = False) -> None:
    """Check this installation: packages, exactness, models, GPU, disk. 1 if something is broken.

    Examples:

        seqcoder doctor
        seqcoder doctor --json
    """
    from seqcoder.cli.doctor import run

    run(quiet, json)


app.command("reindex", hidden=True)(repair)
app.command("parity")(parity)
app.add_typer(model_app, name="model")
