"""The commands of ``seqcoder-ray`` that change an archive as a whole, or copy it."""

# No ``from __future__ import annotations``: typer would compile every annotation as it starts.

from typing import Annotated

import typer

from seqcoder.cli.options import FromFile, Quiet
from seqcoder_jobs.cli.app import Address, Workers
from seqcoder_jobs.cli.app import app as app
from seqcoder_jobs.cli.app_reading import ArchivePlace, Stats, Where
from seqcoder_jobs.cli.counted import counted


@app.command()
def copy(
    source: ArchivePlace,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Folder or URL of the copy.")],
    where: Where = None,
    from_file: FromFile = None,
    address: Address = None,
    workers: Workers = None,
    quiet: Quiet = False,
    stats: Stats = False,
) -> None:
    """Copy an archive between folders and object stores, and check the copy.

    Files are compared with their digests. What TARGET already holds is not copied
    again, so the same command goes on after a kill, and after an append copies
    only what is new. With --where or --from-file TARGET becomes an archive of its
    own with these genomes, compressed anew and verified.

    Examples:

        seqcoder-ray copy archive s3://bucket/archive
        seqcoder-ray copy archive small --where "year >= 2024"
    """
    from seqcoder_jobs.cli.keeping import run_copy

    with counted(stats):
        if where is None and from_file is None:
            run_copy(source, target, quiet)
        else:
            from seqcoder_jobs.cli.selecting import run_copy_some
            from seqcoder_jobs.cli.submit import SubmitOptions

            options = SubmitOptions((), target, address=address, workers=workers, quiet=quiet)
            run_copy_some(source, where, from_file, options)


@app.command()
def clean(
    archive: ArchivePlace,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list them.")] = False,
    quiet: Quiet = False,
    stats: Stats = False,
) -> None:
    """Delete what killed runs and appends left behind in an archive, and list it.

    Example:

        seqcoder-ray clean s3://bucket/archive --dry-run
    """
    from seqcoder_jobs.cli.keeping import run_clean

    with counted(stats):
        run_clean(archive, dry_run, quiet)


@app.command("remove")
def remove_(
    archive: ArchivePlace,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Genomes, also patterns.")
    ] = None,
    from_file: FromFile = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the manifest.")] = "",
    purge: Annotated[
        bool,
        typer.Option(
            "--purge", help="Delete their bytes too: rewrite the containers that held them."
        ),
    ] = False,
    undo: Annotated[
        bool,
        typer.Option(
            "--undo", help="Put them back; after a purge, let `submit` take their inputs again."
        ),
    ] = False,
    address: Address = None,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Remove genomes from an archive: hide them at once, with --purge delete their bytes.

    Without --purge their bytes stay in the containers. The manifest records what
    was removed, when and why (`list --removed`). `submit` leaves removed inputs
    out until --undo puts them back.

    Examples:

        seqcoder-ray remove archive contaminated.fa --reason "human reads"
        seqcoder-ray remove archive --purge
        seqcoder-ray remove archive contaminated.fa --undo
    """
    from seqcoder.cli.extract import name_list
    from seqcoder_jobs.cli.keeping import run_remove, run_restore
    from seqcoder_jobs.cli.submit import SubmitOptions, run

    options = SubmitOptions((), archive, address=address, workers=workers, quiet=quiet)
    chosen = [*(names or ()), *name_list(from_file)]
    if undo:
        run_restore(archive, chosen, reason, purge, quiet)
    else:
        run_remove(archive, chosen, reason, purge, quiet, lambda: run(options))


@app.command()
def rename(
    archive: ArchivePlace,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="OLD NEW", help="A genome, and its new name.")
    ] = None,
    from_file: Annotated[
        str | None, typer.Option("--from-file", metavar="LIST", help="Lines OLD<tab>NEW.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the manifest.")] = "",
    address: Address = None,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Rename genomes of an archive; their files stay the same bit for bit.

    They are written again under the new names, which takes little space, and
    verified. The old names are valid until then. `remove --purge` frees what the
    old names take up.

    Example:

        seqcoder-ray rename archive sample17.fa GCF_000005845.2.fa
    """
    from seqcoder_jobs.cli.keeping import run_rename
    from seqcoder_jobs.cli.submit import SubmitOptions, run

    options = SubmitOptions((), archive, address=address, workers=workers, quiet=quiet)
    run_rename(archive, names or [], from_file, reason, quiet, lambda: run(options))
