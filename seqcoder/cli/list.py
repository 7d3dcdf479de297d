"""``seqcoder list``."""

from __future__ import annotations

import json as json_module

from seqcoder.cli.common import say
from seqcoder.cli.files import open_source
from seqcoder.reading.reader import Container
from seqcoder.storage.names import checksum_line


def run_list(name: str, records: bool, checksums: bool, json: bool) -> None:
    """Print the genomes or records of a container."""
    with open_source(name) as container:
        if checksums:
            for genome in container.values():
                say(checksum_line(genome.sha256, genome.name))
            return
        rows = record_rows(container) if records else genome_rows(container)
        if json:
            say(json_module.dumps(rows, indent=1))
            return
        keys = (
            ["genome", "record", "length"]
            if records
            else ["genome", "kind", "bytes", "records", "residues", "bases", "sha256"]
        )
        say("#" + "\t".join(keys))
        for row in rows:
            say("\t".join(str(row[key]) for key in keys))


def genome_rows(container: Container) -> list[dict[str, object]]:
    """Return one dictionary a genome."""
    return [
        {
            "genome": genome.name,
            "kind": "stored" if genome.stored else "FASTA",
            "bytes": genome.row.size,
            "records": genome.row.n_records,
            "residues": genome.row.n_residues,
            "bases": genome.row.n_bases,
            "sha256": genome.sha256,
        }
        for genome in container.values()
    ]


def record_rows(container: Container) -> list[dict[str, object]]:
    """Return one dictionary a record."""
    return [
        {"genome": genome.name, "record": record.name, "length": len(record)}
        for genome in container.values()
        for record in genome
    ]
