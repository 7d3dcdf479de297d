"""The command ``train``: a plain function with typer's annotations, wired up by the CLI."""

# No ``from __future__ import annotations``: typer would compile every annotation as it starts.

from pathlib import Path
from typing import Annotated

import typer


def train_command(
    corpus: Annotated[
        Path, typer.Argument(help="Folder of FASTA files, or an archive, to train on.")
    ],
    out: Annotated[Path, typer.Argument(help="Folder for the model and what a run leaves.")],
    name: Annotated[str, typer.Option(help="Name of the model.")] = "local-1",
    library: Annotated[
        float,
        typer.Option(min=0.001, help="Million residues of the protein library; half a MB each."),
    ] = 24.0,
    families: Annotated[
        Path | None,
        typer.Option(help="Table genome<TAB>family; without it, species are told by likeness."),
    ] = None,
    without: Annotated[
        str, typer.Option(help="Families of the table to leave out, with commas between.")
    ] = "",
    most_genomes: Annotated[
        int, typer.Option(min=2, help="Of more genomes, as many are taken, evenly spaced.")
    ] = 500,
    steps: Annotated[
        int, typer.Option(min=0, help="Steps of training the encoder; 0: the shipped one is kept.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Seed of everything drawn at random.")] = 1,
    workers: Annotated[
        int, typer.Option(help="Ray actors that compute gradients; 1: this process alone.")
    ] = 1,
    resume: Annotated[
        bool, typer.Option(help="Go on from what an interrupted run left in OUT.")
    ] = True,
) -> None:
    """Train a model for genomes like those of a folder or of an archive.

    Example:

        seqcoder-ray train archive/ model/ --name mine-1
    """
    from seqcoder_jobs.training.run import train_model

    model = train_model(
        corpus,
        out,
        name,
        residues=int(library * 1e6),
        families=families,
        without=[family.strip() for family in without.split(",") if family.strip()],
        most_genomes=most_genomes,
        steps=steps,
        seed=seed,
        workers=workers,
        resume=resume,
        progress=typer.echo,
    )
    typer.echo(f"{model.name}: {out / (name + '.sqmodel')}, SHA-256 {model.digest}")
