"""``seqcoder extract``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from seqcoder import core
from seqcoder.cli.files import (
    check_index,
    check_local,
    not_written,
    open_source,
    text_output,
    write_indexes,
)
from seqcoder.errors import UsageError
from seqcoder.export import pick_format, write_genomes, write_regions
from seqcoder.reading.genome import Genome
from seqcoder.reading.naming import all_named
from seqcoder.reading.query import Query, read_regions
from seqcoder.reading.region import AS_FILE, Region, Style, find_regions
from seqcoder.storage.lists import names_in, read_list
from seqcoder.storage.output_files import check_other


def run_extract(
    name: str,
    queries: list[str],
    genomes: list[str],
    regions: Path | None,
    reverse: bool,
    style: Style,
    output: str | None,
    format: str | None,
    threads: int,
    force: bool,
    index: bool = False,
) -> None:
    """Write records, regions or genomes as FASTA, packed or not, 2bit, or a container."""
    core.keep_freed_memory()
    check_local(output)
    kind = pick_format(format, output)
    if index:
        check_index(output, kind)
    asked: list[str | Query] = [*queries, *([] if regions is None else region_list(regions))]
    if not asked and not genomes:
        raise UsageError("nothing asked for; name records, regions or --genome")
    with not_written(output), open_source(name, threads) as container:
        chosen = [container[full] for full in all_named(container, genomes, container.path)]
        if output is not None and output.endswith(".sqc"):
            check_other(Path(output), name)
            if asked or reverse or style != AS_FILE or format:
                raise UsageError(f"{output}: a container holds whole genomes; name some with -g")
            names = [genome.name for genome in chosen]
            from seqcoder.api import copy_genomes

            copy_genomes(container, output, names, threads=threads, force=force)
            return
        if not asked and not reverse:
            with text_output(output, force, name, kind) as out:
                write_genomes(out, chosen, style, kind, name)
        else:
            # Every query is looked up before anything is written.
            within = chosen or list(container.values())
            found = find_regions(asked, within, container.path) if asked else whole_records(chosen)
            with text_output(output, force, name, kind) as out:
                strands = other_strand(found) if reverse else found
                write_regions(out, strands, style, kind, name)
    if index:
        write_indexes(output, kind)


def whole_records(genomes: Sequence[Genome]) -> list[Region]:
    """Return all records of genomes; UsageError if one has none, being no FASTA."""
    for genome in genomes:
        if genome.stored:
            raise UsageError(f"{genome.name}: is stored as it is, and has no other strand")
    return [Region(record, 0, len(record), True) for genome in genomes for record in genome]


def other_strand(regions: Iterable[Region]) -> Iterator[Region]:
    """Yield the other strand of each region: of a row of BED that names the reverse, this one."""
    return (replace(region, reverse=not region.reverse) for region in regions)


def name_list(path: str | None) -> list[str]:
    """Return the names listed in a file, ``-``: standard input; InputError if unreadable."""
    return [] if path is None else names_in(read_list(path), path)


def region_list(path: Path) -> list[str | Query]:
    """Return the regions listed in a file, ``-``: standard input.

    Raises InputError: it cannot be read. UsageError: it has none, or an odd row of BED.
    """
    found = read_regions(read_list(path), str(path))
    if not found:
        raise UsageError(f"{path}: lists no region")
    return found
