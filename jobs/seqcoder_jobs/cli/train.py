"""The command ``train``: a plain function with typer's annotations, wired up by the CLI."""

# No ``from __future__ import annotations``: typer would compile every annotation as it starts.

from pathlib import Path
from typing import Annotated

import typer


def train_command(
    corpus: Annotated[Path, typer.Argument(help="Folder of FASTA files to train on.")],
    out: Annotated[Path, typer.Argument(help="Folder for the checkpoint, log, curves, model.")],
    name: Annotated[str, typer.Option(help="Name of the model.")] = "local-1",
    steps: Annotated[int, typer.Option(help="Steps of the encoder's training.")] = 6000,
    seed: Annotated[int, typer.Option(help="Seed of everything drawn at random.")] = 1,
    workers: Annotated[
        int, typer.Option(help="Ray actors that compute gradients; 1: this process alone.")
    ] = 1,
    library_mb: Annotated[
        float, typer.Option(help="Megabytes the protein library may take in the model file.")
    ] = 3.6,
    families: Annotated[
        Path | None,
        typer.Option(help="Table genome<TAB>family; without it, families are told by likeness."),
    ] = None,
    resume: Annotated[
        bool, typer.Option(help="Go on from the checkpoint in OUT where there is one.")
    ] = True,
) -> None:
    """Train a model: the encoder network and the protein library, from a folder of FASTA.

    Example: `seqcoder-ray train genomes/ model/ --name mine-1 --workers 4`.
    """
    from seqcoder_jobs.training.run import train_model

    model = train_model(
        corpus,
        out,
        name,
        steps=steps,
        seed=seed,
        workers=workers,
        library_bytes=int(library_mb * 1e6),
        families=families,
        resume=resume,
        progress=typer.echo,
    )
    typer.echo(f"{model.name}: {out / (name + '.sqmodel')}, SHA-256 {model.digest}")
