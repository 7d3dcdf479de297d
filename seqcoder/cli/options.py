"""The options that several commands have, and how the two applications begin."""

# No ``from __future__ import annotations``: typer would compile every annotation as it starts.

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from seqcoder.cli.signals import NOTHING_CHANGED, stands
from seqcoder.errors import UsageError
from seqcoder.version import __version__

EXIT_CODES = (
    "Exit codes: 0 done; 1 some inputs failed (they are listed, the others are done); 2 usage; "
    "3 an integrity check failed; 4 a model or reference is missing, or not the one."
)
_ENVIRONMENT = (
    "NO_COLOR turns colours off, TMPDIR is where temporary files go. --install-completion "
    "completes commands and options in your shell."
)

Threads = Annotated[
    int, typer.Option("--threads", "-T", min=0, help="Chunks coded at a time; 0: all cores.")
]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace existing output files.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no remarks.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Level1 = Annotated[bool, typer.Option("-1", hidden=True)]
Level2 = Annotated[bool, typer.Option("-2", hidden=True)]
Level3 = Annotated[bool, typer.Option("-3", hidden=True)]
Model = Annotated[
    str | None, typer.Option("--model", help="Model for the latents: a name or a file.")
]
NoLatents = Annotated[
    bool, typer.Option("--no-latents", help="Do without stage 1 (the neural latents).")
]
NoGroups = Annotated[
    bool, typer.Option("--no-groups", help="Each file by itself: no walks over relatives.")
]
Solid = Annotated[
    bool,
    typer.Option(
        "--solid",
        help="Chunks of up to 32M bases that go on over genomes: smaller for genomes of a genus "
        "(0.6 %), slower to take one out of.",
    ),
]
ChunkSize = Annotated[
    str, typer.Option("--chunk-size", help="Most bases in a chunk, for example 5M or 256K.")
]
GenomeNames = Annotated[
    list[str] | None,
    typer.Option(
        "--genome",
        "-g",
        help="Whole genome, by name, file name or pattern; with REGIONs: look for them there.",
    ),
]
Stdout = Annotated[bool, typer.Option("--stdout", "-c", help="Write to standard output.")]
Reference = Annotated[
    str | None,
    typer.Option(
        "--reference",
        metavar="FILE.sqc",
        help="Write what differs from this container's genomes, without which the new one "
        "cannot be read; keep both in one folder.",
    ),
]
RegionsOption = typer.Option(
    "--regions",
    "-r",
    help="File of regions, one a line, or BED (with its strand, if there are six columns).",
)
Reverse = Annotated[
    bool,
    typer.Option(
        "--reverse-complement",
        "-i",
        help="The other strand, as samtools faidx -i writes it: names end in /rc.",
    ),
]
Width = Annotated[
    int | None,
    typer.Option("--width", "-w", min=0, help="Residues a line; 0: one line. Default: as input."),
]
Upper = Annotated[bool, typer.Option("--upper", help="Residues in upper case.")]
HeaderStyle = Annotated[
    str,
    typer.Option(
        "--header-style", metavar="STYLE", help="file, or genome#contig: the genome's name first."
    ),
]
Index = Annotated[
    bool, typer.Option("--index", help="Write .fai, and .gzi of bgzip, beside each output file.")
]
FromFile = Annotated[
    str | None,
    typer.Option("--from-file", help="Whole genomes, by a file of their names; -: standard input."),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="fa, fa.gz, fa.bgz (bgzip), fa.zst or 2bit. Default: by the name of the output.",
    ),
]
Full = Annotated[bool, typer.Option("--full", help="Decode everything and compare all digests.")]
Records = Annotated[bool, typer.Option("--records", "-r", help="List records.")]
Checksums = Annotated[bool, typer.Option("--sha256", help="Print lines for `sha256sum -c`.")]


def chosen_level(level: int | None, *short: bool) -> int | None:
    """Return the level of ``--level``, or of the last of ``-1 -2 -3`` that was given."""
    for number, chosen in enumerate(short, 1):
        level = number if chosen else level
    return level


def _version(value: bool) -> None:
    if value:
        print(__version__)
        raise typer.Exit


_ELSEWHERE = {
    "seqcoder": {
        name: f"seqcoder-ray {name}"
        for name in ("submit", "status", "remove", "rename", "copy", "serve", "train", "demo")
    },
    "seqcoder-ray": {
        "compress": "seqcoder-ray submit",
        "append": "seqcoder-ray submit",
        "decompress": "seqcoder-ray extract ARCHIVE --all",
        "info": "seqcoder-ray status",
        "repair": "seqcoder repair",
        "parity": "seqcoder parity",
    },
}
"""Commands that one of the programs has not, and what does it."""


class _Manners(TyperGroup):
    """Commands that say what stands when a signal stops them, and how they ended at an EOFError:
    typer would end without a word.
    """

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that was named; raises UsageError for one that others have."""
        meant = _ELSEWHERE.get(ctx.info_name or "", {}).get(args[0])
        if meant:
            raise UsageError(f"no command '{args[0]}' here; '{meant}' does it")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named; raises StoppedError."""
        try:
            with stands(NOTHING_CHANGED):
                return super().invoke(ctx)
        except EOFError as error:
            raise RuntimeError(f"EOFError: {error}") from error


def new_app(name: str, help: str) -> typer.Typer:
    """Return an application with our manners, and ``--version``."""
    app = typer.Typer(
        name=name,
        cls=_Manners,
        help=f"{help}\n\n{EXIT_CODES}\n\n{_ENVIRONMENT}",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def main(
        version: Annotated[
            bool,
            typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
        ] = False,
    ) -> None:
        pass

    return app
