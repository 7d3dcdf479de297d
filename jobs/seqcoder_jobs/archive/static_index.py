"""``index.tsv``: which container has a genome, for those who read an archive as plain files.

Sorted by name, byte by byte, so that it can be searched in ranges as well.
"""

from __future__ import annotations

from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import CONTAINERS, INDEX

HEADER = "#genome\tcontainer\traw_bytes\n"


def write_index(archive: Archive) -> None:
    """Write it, unless nothing changed since the archive was finished."""
    from seqcoder_jobs.archive.manifest.files import read_table

    if archive.is_marked and archive.has(INDEX):
        return
    table = read_table(archive.store, "genomes", ["genome", "container", "raw_bytes"])
    lines = [
        f"{row['genome']}\t{CONTAINERS}/{archive.container_name(row['container'])}"
        f"\t{row['raw_bytes']}\n".encode()
        for row in table.to_pylist()
        if row["container"]
    ]
    archive.check_held()
    archive.store.put(INDEX, HEADER.encode() + b"".join(sorted(lines)))
