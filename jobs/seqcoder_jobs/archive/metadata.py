"""Metadata of genomes: a table from elsewhere, kept beside the manifest.

TSV, CSV, Parquet and JSON lines are read, compressed or not. A row belongs to a genome by its name,
file name or stem, or by an accession in its name: NCBI's assembly summaries and package reports and
ENA's file reports are taken as they are.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

from seqcoder.errors import InputError, UsageError
from seqcoder.fasta import decompress
from seqcoder.storage.lists import UTF8_MARK, read_list
from seqcoder.storage.names import spell
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import MANIFEST
from seqcoder_jobs.archive.manifest.files import steadily
from seqcoder_jobs.archive.manifest.table_file import open_table

NAME = f"{MANIFEST}/metadata/all.parquet"
GENOME = "genome"
_KEYS = (
    *(GENOME, "name", "file", "filename", "file_name", "path", "sample", "id"),
    *("assembly_accession", "accession", "assembly", "genbank_accession"),
    *("analysis_accession", "run_accession", "sample_accession", "secondary_sample_accession"),
)
_ACCESSION = re.compile(r"GC[AF]_\d{9}(?:\.\d+)?|[EDS]R[RSXZ]\d{6,}|SAM(?:N|D|EA)\d{6,}")


@dataclass(frozen=True)
class Metadata:
    """A table as it was read: which column tells the genome, and its rows."""

    what: str
    key: str
    table: pa.Table


def read_metadata(location: str) -> Metadata:
    """Read a table by its path or URL.

    Raises:
        InputError: it cannot be read. UsageError: no column tells the genome, or two are alike.
    """
    data = decompress(read_list(location), location).data
    try:
        table = _parsed(data, location)
    except (pa.ArrowException, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{location}: cannot be read as a table ({reason})") from None
    names = [_plain(name) for name in table.column_names]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{location}: two columns are called {name}; rename one")
    table = table.rename_columns(names)
    key = next((key for key in _KEYS if key in names), None)
    if key is None:
        raise UsageError(
            f"{location}: no column tells which genome a row is of; call one {GENOME}, or "
            f"accession (there are: {', '.join(names[:8])})"
        )
    return Metadata(location, key, table)


def _parsed(data: bytes, location: str) -> pa.Table:
    if data[:4] == b"PAR1":
        return pq.read_table(io.BytesIO(data), use_threads=False).flatten()
    data = data.removeprefix(UTF8_MARK)
    if data[:1] == b"{":
        table = pa.json.read_json(io.BytesIO(data))
        while any(pa.types.is_struct(column.type) for column in table.columns):
            table = table.flatten()
        return table
    while data[:2] == b"##":  # NCBI's assembly summaries begin with a remark
        data = data.partition(b"\n")[2]
    first = data.partition(b"\n")[0]
    tabs = b"\t" in first or location.lower().rpartition(".")[2] in ("tsv", "txt", "tab")
    options = pa.csv.ParseOptions(
        delimiter="\t" if tabs else ",", quote_char=False if tabs else '"'
    )
    missing = ["", "NA", "na", "N/A", "n/a", "null", "missing", "not available"]
    return pa.csv.read_csv(
        io.BytesIO(data),
        parse_options=options,
        convert_options=pa.csv.ConvertOptions(null_values=missing, strings_can_be_null=True),
    )


def _plain(name: str) -> str:
    """Return a column's name as it is easily written: ``Assembly Accession``: the last is _."""
    return re.sub(r"\W+", "_", name.strip().lstrip("#")).strip("_").lower() or "unnamed"


def matched(metadata: Metadata, names: Collection[str]) -> tuple[pa.Table, list[str]]:
    """Return the rows of genomes, by name in a first column, and what matched none.

    Raises UsageError where a row could be several genomes', or two are one's.
    """
    index = _index(names)
    rows: dict[str, int] = {}
    unmatched = []
    for number, value in enumerate(metadata.table[metadata.key].to_pylist()):
        found = index.get(str(value), set()) or index.get(spell(str(value)), set())
        if not found:
            unmatched.append(str(value))
            continue
        if len(found) > 1:
            raise UsageError(
                f"{metadata.what}: {value} could be {', '.join(sorted(found)[:3])}; give names"
            )
        (name,) = found
        if name in rows:
            raise UsageError(f"{metadata.what}: two rows are of {name}; leave one out")
        rows[name] = number
    table = metadata.table.take(pa.array(rows.values(), pa.int64()))
    if GENOME in table.column_names:
        table = table.drop_columns([GENOME])
    return table.add_column(0, GENOME, pa.array(rows, pa.string())), unmatched


def _index(names: Iterable[str]) -> dict[str, set[str]]:
    """Return genomes by what they may be called; a full name comes before all others."""
    index: dict[str, set[str]] = {}
    full = {name: {name} for name in names}
    for name in full:
        path = PurePosixPath(name)
        called = {path.name, path.stem, path.parent.name, *_ACCESSION.findall(name)}
        called |= {found.partition(".")[0] for found in _ACCESSION.findall(name)}
        for one in called - {""}:
            index.setdefault(one, set()).add(name)
    return index | full


def save_metadata(archive: Archive, metadata: Metadata, names: Collection[str]) -> list[str]:
    """Keep a table's rows in an archive, in place of earlier ones of the same genomes.

    Returns what matched no genome. Raises as ``matched``.
    """
    table, unmatched = matched(metadata, names)
    before = load_metadata(archive)
    if before is not None:
        new = set(table[GENOME].to_pylist())
        keep = [name not in new and name in names for name in before[GENOME].to_pylist()]
        old = before.filter(pa.array(keep, pa.bool_()))
        try:
            table = pa.concat_tables([old, table], promote_options="permissive")
        except (pa.ArrowException, TypeError) as error:
            reason = " ".join(str(error).split())
            raise UsageError(
                f"{metadata.what}: does not fit the archive's earlier metadata ({reason})"
            ) from None
    _save(archive, table)
    return unmatched


def copy_rows(archive: Archive, names: Mapping[str, str]) -> None:
    """Say of genomes under their new names (by the old ones) what is known of them."""
    table = load_metadata(archive)
    if table is None:
        return
    named = table[GENOME].to_pylist()
    new = set(names.values())
    old = table.filter(pa.array([name not in new for name in named], pa.bool_()))
    copies = table.filter(pa.array([name in names for name in named], pa.bool_()))
    given = pa.array([names[name] for name in copies[GENOME].to_pylist()], pa.string())
    _save(archive, pa.concat_tables([old, copies.set_column(0, GENOME, given)]))


def _save(archive: Archive, table: pa.Table) -> None:
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd", write_page_checksum=True)
    archive.check_held()
    archive.store.put(NAME, out.getvalue())


def load_metadata(archive: Archive) -> Any:
    """Return the table (genome, and columns of its own), None where there is none."""

    def read() -> Any:
        if not archive.has(NAME):
            return None
        with open_table(archive.store, NAME) as file:
            return file.read()

    return steadily(read)
