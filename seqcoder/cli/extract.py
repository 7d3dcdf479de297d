"""``seqcoder extract``."""

from __future__ import annotations

from pathlib import Path

from seqcoder import core
from seqcoder.cli.files import open_source, text_output
from seqcoder.errors import NotFoundError, UsageError
from seqcoder.export import pick_format, write_genomes, write_regions
from seqcoder.reading.genome import Genome
from seqcoder.reading.reader import Container
from seqcoder.reading.region import Region, find_region, read_regions
from seqcoder.storage.lists import read_list
from seqcoder.storage.names import spell


def run_extract(
    name: str,
    queries: list[str],
    genomes: list[str],
    regions: Path | None,
    width: int | None,
    output: str | None,
    format: str | None,
    threads: int,
    force: bool,
) -> None:
    """Write records, regions or genomes as FASTA, packed or not, or 2bit."""
    core.keep_freed_memory()
    kind = pick_format(format, output)
    if regions is not None:
        queries = queries + region_list(regions)
    if not queries and not genomes:
        raise UsageError("nothing asked for; name records, regions or --genome")
    with open_source(name, threads) as container:
        chosen = [pick_genome(container, genome) for genome in genomes]
        if not queries:
            with text_output(output, force, name, kind) as out:
                write_genomes(out, chosen, width, kind, name)
            return
        # Every query is looked up before anything is written.
        found: list[Region] = [
            find_region(query, chosen or list(container.values()), container.path)
            for query in queries
        ]
        with text_output(output, force, name, kind) as out:
            write_regions(out, found, width, kind, name)


def region_list(path: Path) -> list[str]:
    """Return the regions listed in a file, ``-``: standard input; InputError if unreadable."""
    return read_regions(read_list(path), str(path))


def pick_genome(container: Container, name: str) -> Genome:
    """Return the genome called ``name``, in full or by its only file name or stem."""
    for full in (name, spell(name)):
        if full in container:
            return container[full]
    like = [full for full in container if name in (Path(full).name, Path(full).stem)]
    if len(like) == 1:
        return container[like[0]]
    if like:
        raise UsageError(f"{container.path}: {name!r} could be {', '.join(like[:5])}; say which")
    raise NotFoundError(f"{container.path}: no genome {name!r}; 'seqcoder list' names them")
