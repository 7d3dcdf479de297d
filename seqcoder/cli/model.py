"""``seqcoder model``: the models at hand, and whether they are whole."""

# No ``from __future__ import annotations``: typer would compile every annotation as it starts.

import json as json_module
from typing import Annotated

import typer

from seqcoder.cli.common import note, say
from seqcoder.cli.options import Json
from seqcoder.settings import DEFAULT_MODEL

app = typer.Typer(help="The models that give latents: list, info, verify.", no_args_is_help=True)
_Name = Annotated[str, typer.Argument(metavar="MODEL", help="A name, or a .sqmodel file")]


def _facts(name: str) -> dict[str, object]:
    from seqcoder.latent import load_model

    model = load_model(name)
    return {
        "name": model.name,
        "sha256": model.digest,
        "encoder sha256": model.file.encoder_digest,
        "bytes": model.path.stat().st_size,
        "file": str(model.path),
        "note": model.file.note,
    }


@app.command("list")
def list_(json: Json = False) -> None:
    """List the models of this installation and of the folders in SEQCODER_MODELS.

    Files that are damaged are named on standard error.

    Example:

        SEQCODER_MODELS=/shared/models seqcoder model list
    """
    from seqcoder.latent import survey_models

    models, problems = survey_models()
    for problem in problems:
        note(problem)
    rows = [_facts(str(model.path)) for model in models]
    if json:
        say(json_module.dumps(rows, indent=1))
        return
    say("#name\tsha256\tbytes\tfile")
    for row in rows:
        say(f"{row['name']}\t{row['sha256']}\t{row['bytes']}\t{row['file']}")


@app.command()
def info(name: _Name = DEFAULT_MODEL, json: Json = False) -> None:
    """Show what a model is. Archives name its ``sha256``, which is that of what decoding needs.

    Example:

        seqcoder model info prokaryote-2
    """
    facts = _facts(name)
    from seqcoder.latent import load_model

    facts["library residues"] = len(load_model(name).library.residues)
    if json:
        say(json_module.dumps(facts, indent=1))
        return
    for key, value in facts.items():
        say(f"{key}\t{value}")


@app.command()
def verify(name: _Name = DEFAULT_MODEL) -> None:
    """Check a model file against its own digests and unfold all of it. 4 if it is damaged.

    Example:

        seqcoder model verify mine-1.sqmodel
    """
    from seqcoder.latent import load_model
    from seqcoder.latent.modelfile import verify_model

    file = verify_model(load_model(name).path)
    say(f"{file.name}\t{file.digest}\tintact")
