"""The writing commands of ``seqcoder-ray``: signatures and help; their modules do the work."""

# No ``from __future__ import annotations``: typer would compile every annotation as it starts.

import functools
from typing import Annotated, Any

import typer

from seqcoder.cli.options import (
    ChunkSize,
    Json,
    Level1,
    Level2,
    Level3,
    Model,
    NoGroups,
    NoLatents,
    Quiet,
    Solid,
    chosen_level,
    new_app,
)
from seqcoder.errors import UsageError
from seqcoder_jobs.cli.bench import bench
from seqcoder_jobs.cli.report import report
from seqcoder_jobs.cli.serve import serve
from seqcoder_jobs.cli.train import train_command

app = new_app(
    "seqcoder-ray",
    "Compress whole archives of genomes on Ray: one machine or a cluster, verified and "
    "restartable.",
)

Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="Ray cluster, for example auto or ray://head:10001. Default: RAY_ADDRESS, else a "
        "Ray started here for the run.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", "-T", min=1, help="Chunks coded at a time. Default: all CPUs."),
]


@app.command()
def submit(
    corpora: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CORPUS",
            help="Folders (recursively), files, globs, tar and zip files, s3://, gs://; - reads a "
            "list of them from standard input. None: go on with an archive as planned.",
        ),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="ARCHIVE", help="Archive: folder or URL.")
    ] = "",
    from_file: Annotated[
        str | None, typer.Option("--from-file", metavar="LIST", help="File of CORPUS, one a line.")
    ] = None,
    all_files: Annotated[
        bool, typer.Option("--all-files", help="Take files without a FASTA suffix too.")
    ] = False,
    level: Annotated[
        int | None,
        typer.Option(
            "--level", min=1, max=3, help="1 fastest, 2 default, 3 smallest. Also -1, -2, -3."
        ),
    ] = None,
    level_1: Level1 = False,
    level_2: Level2 = False,
    level_3: Level3 = False,
    model: Model = None,
    no_latents: NoLatents = False,
    no_groups: NoGroups = False,
    solid: Solid = False,
    groups: Annotated[
        str | None,
        typer.Option(
            "--groups",
            metavar="FILE",
            help="Groups of relatives: lines INPUT<tab>GROUP. Default: all new inputs are read "
            "once to find them.",
        ),
    ] = None,
    metadata: Annotated[
        str | None,
        typer.Option(
            "--metadata",
            metavar="FILE",
            help="What is known of the genomes (TSV, CSV, Parquet, JSON lines), for --where.",
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Take inputs that changed, in place of what is held."),
    ] = False,
    chunk_size: ChunkSize = "",
    container_size: Annotated[
        str, typer.Option("--container-size", help="Input files a container takes, default 256M.")
    ] = "",
    address: Address = None,
    workers: Workers = None,
    actors: Annotated[
        int | None,
        typer.Option(
            "--actors", min=0, help="Model actors; 0: coders run the model. Default: by the CPUs."
        ),
    ] = None,
    gpus_per_actor: Annotated[
        float, typer.Option("--gpus-per-actor", min=0, help="GPUs of each, fractions allowed.")
    ] = 0.0,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print the plan and write nothing. New inputs are read to find relatives if they "
            "are no more than 16 GiB.",
        ),
    ] = False,
    cost_per_core_hour: Annotated[
        float | None,
        typer.Option(
            "--cost-per-core-hour", min=0, help="With --dry-run: what an hour of a core costs."
        ),
    ] = None,
    metrics: Annotated[
        bool, typer.Option("--metrics", help="Count for Prometheus, by Ray's metrics agent.")
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Run as a Ray job on the cluster and return.")
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Compress corpora into an archive, or go on with one.

    The same command again does only what is missing. Inputs that fail are listed
    and tried again next time; the others are done. Changed parameters are refused,
    and changed inputs too unless --replace takes them.

    Examples:

        seqcoder-ray submit genomes/ -o archive
        find . -name "*.fna.gz" | seqcoder-ray submit - -o archive
        seqcoder-ray submit batch.tar.xz dataset.zip s3://bucket/fasta -o archive
    """
    from seqcoder_jobs.cli.submit import SubmitOptions, run

    run(
        SubmitOptions(
            corpora=tuple(corpora or ()),
            archive=output,
            from_file=from_file,
            all_files=all_files,
            level=chosen_level(level, level_1, level_2, level_3),
            model=model,
            no_latents=no_latents,
            no_groups=no_groups,
            solid=solid,
            groups=groups,
            metadata=metadata,
            replace=replace,
            chunk_size=chunk_size,
            container_size=container_size,
            address=address,
            workers=workers,
            actors=actors,
            gpus_per_actor=gpus_per_actor,
            dry_run=dry_run,
            metrics=metrics,
            core_hour=cost_per_core_hour,
            detach=detach,
            quiet=quiet,
            json=json,
        )
    )


@app.command()
def demo(
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Keep corpus and archive in this folder.")
    ] = None,
    corpus: Annotated[
        str | None, typer.Option("--corpus", help="Only write the corpus, to this folder.")
    ] = None,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Make a small corpus, compress it with an embedded Ray, verify it, restore and compare it.

    All of it lies in a temporary folder and goes at the end, unless -o names a
    folder.

    Examples:

        seqcoder-ray demo
        seqcoder-ray demo -o look/
        seqcoder-ray demo --corpus corpus/
    """
    from seqcoder_jobs.cli.demo import run, write_only

    if corpus is not None:
        write_only(corpus, quiet)
    else:
        run(output, workers, quiet)


app.command("bench")(bench)
app.command("serve")(serve)
app.command("report")(report)


@app.command("train")
@functools.wraps(train_command)
def train(*arguments: Any, **options: Any) -> None:
    """Run the training command; its options are its own."""
    try:
        train_command(*arguments, **options)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"training needs {error.name}, which is not installed; pip install 'seqcoder[model]'"
        ) from None
