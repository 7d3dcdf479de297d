"""``seqcoder-ray bench``: the command's signature; ``run`` does the work."""

# No ``from __future__ import annotations``: typer would compile every annotation as it starts.

from pathlib import Path
from typing import Annotated

import typer

from seqcoder.cli.common import say
from seqcoder.errors import UsageError


def bench(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE...]", help="FASTA files. Default: invented genomes."),
    ] = None,
    scaling: Annotated[
        bool, typer.Option("--scaling", help="Measure scaling here and predict larger clusters.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the page and its figures.")
    ] = None,
    level: Annotated[int, typer.Option("--level", min=1, max=3, help="Level to measure.")] = 2,
    no_latents: Annotated[
        bool, typer.Option("--no-latents", help="Do without stage 1 (the neural latents).")
    ] = False,
    chunk_size: Annotated[
        str, typer.Option("--chunk-size", help="Most bases in a chunk, for example 5M.")
    ] = "",
    workers: Annotated[
        str, typer.Option("--workers", help="Numbers of workers, for example 1,2,4.")
    ] = "",
    genomes: Annotated[int, typer.Option("--genomes", min=2, help="Genomes to invent.")] = 12,
    bases: Annotated[str, typer.Option("--bases", help="Bases of each.")] = "2M",
    repeat: Annotated[int, typer.Option("--repeat", min=1, help="Runs of each point.")] = 3,
    storage: Annotated[
        float, typer.Option("--storage", help="GB/s of the cluster's shared file system.")
    ] = 10.0,
    network: Annotated[float, typer.Option("--network", help="GB/s of a node's network.")] = 1.25,
    into: Annotated[
        Path | None, typer.Option("--into", hidden=True, help="Document to put the table into.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no remarks.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Measure: this coder against others (as `seqcoder bench`), or with --scaling how runs grow.

    --scaling takes minutes: strong and weak scaling over this machine's cores, the
    cost of every step, and a model of the pipeline, checked against the former,
    for up to 10,000 cores.

    Examples:

        seqcoder-ray bench genomes/*.fa
        seqcoder-ray bench --scaling -o scaling/
    """
    import json as json_module

    from seqcoder.settings import DEFAULT_CHUNK_BASES, Settings, parse_size
    from seqcoder_jobs.cli.console import note

    if not scaling:
        from seqcoder.cli.bench import run

        run(list(files or []), output, False, str(level), "all", "", repeat, 1, 3600.0, quiet, json)
        return
    from seqcoder.storage.atomic import write_atomically
    from seqcoder_jobs.bench.run import ScalingSettings, measure_scaling
    from seqcoder_jobs.bench.scaling_page import scaling_html

    try:
        numbers = tuple(int(part) for part in workers.split(",") if part)
    except ValueError:
        raise UsageError(f"workers {workers!r}: write for example 1,2,4") from None
    settings = Settings(
        level=level,
        chunk_bases=parse_size(chunk_size) if chunk_size else DEFAULT_CHUNK_BASES,
        model=None if no_latents else Settings.model,
        group=False,  # genomes of a public collection as if unrelated: the most there is to code
    )
    wanted = ScalingSettings(
        tuple(files or ()),
        numbers,
        genomes,
        parse_size(bases),
        repeat,
        storage * 1e9,
        network * 1e9,
    )
    found = measure_scaling(settings, wanted, lambda line: note(line, quiet))
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        facts = json_module.dumps(found.to_dict(), indent=1) + "\n"
        write_atomically(output / "scaling.json", facts.encode())
        write_atomically(output / "scaling.html", scaling_html(found).encode())
        note(f"{output / 'scaling.html'}: written", quiet)
    if into is not None:
        import shlex
        import sys

        from seqcoder.bench.tables import put_table
        from seqcoder_jobs.bench.scaling_page import scaling_markdown

        command = shlex.join(["seqcoder-ray", *sys.argv[1:]])
        put_table(into, "scaling", scaling_markdown(found, command))
    if json:
        say(json_module.dumps(found.to_dict(), indent=1))
        return
    say("#scaling\tworkers\tseconds\tmodel\terror")
    for c in found.checks:
        say(
            f"{c.point.kind}\t{c.point.workers}\t{c.point.wall:.2f}\t{c.model:.2f}"
            f"\t{100 * c.error:+.1f}%"
        )
    say("#cores\thours\tefficiency\toverhead")
    for p in found.predictions:
        say(f"{p.cores}\t{p.seconds / 3600:.2f}\t{p.efficiency:.3f}\t{p.overhead:.5f}")
    first, cores = found.ceilings[0]
    say(f"full first: {first}, at {cores:.0f} cores")
