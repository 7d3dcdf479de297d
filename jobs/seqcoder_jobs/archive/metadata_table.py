"""Tables of metadata from elsewhere: read, and their rows given to genomes.

TSV, CSV, Parquet and JSON lines are read, compressed or not. A row belongs to a genome by its name,
file name or stem, or by an accession in its name: NCBI's assembly summaries and package reports and
ENA's file reports are taken as they are.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

from seqcoder.errors import InputError, UsageError
from seqcoder.fasta import decompress
from seqcoder.storage.lists import UTF8_MARK, read_list
from seqcoder.storage.names import spell
from seqcoder_jobs.archive.metadata_columns import typed

GENOME = "genome"
OF_MANIFEST = (
    *(GENOME, "source", "status", "container", "raw_bytes", "records", "residues", "bases"),
    *("novel_bases", "bits_per_base", "sha256"),
)
"""Columns of the manifest that ``--where`` knows; where metadata have one, it is not seen."""
_NAMES = (GENOME, "name", "file", "filename", "file_name", "path")
_KEYS = (
    *(*_NAMES, "sample", "id"),
    *("assembly_accession", "accession", "assembly", "genbank_accession"),
    *("analysis_accession", "run_accession", "sample_accession", "secondary_sample_accession"),
)
_ACCESSION = re.compile(r"GC[AF]_\d{9}(?:\.\d+)?|[EDS]R[RSXZ]\d{6,}|SAM(?:N|D|EA)\d{6,}")
_MISSING = ["", "NA", "na", "N/A", "n/a", "NaN", "nan", "null", "missing", "not available"]


@dataclass(frozen=True)
class Metadata:
    """A table as it was read: which column tells the genome, and its rows."""

    what: str
    key: str
    table: pa.Table


def read_metadata(location: str) -> Metadata:
    """Read a table by its path or URL.

    Raises:
        InputError: it cannot be read. UsageError: there is none, no column tells the genome, or
            two are alike.
    """
    data = decompress(read_list(location, "a table of metadata"), location).data
    try:
        table = _parsed(data, location)
    except (pa.ArrowException, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{location}: cannot be read as a table ({reason})") from None
    # Tabs at the ends of all lines make a column that has neither name nor values.
    kept = [i for i, n in enumerate(table.column_names) if n.strip() or not _is_empty(table, i)]
    table = table.select(kept)
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


def _is_empty(table: pa.Table, column: int) -> bool:
    return bool(table.column(column).null_count == len(table))


def _parsed(data: bytes, location: str) -> pa.Table:
    if data[:4] == b"PAR1":
        return pq.read_table(io.BytesIO(data), use_threads=False).flatten()
    data = data.removeprefix(UTF8_MARK)
    if data[:1] == b"{":
        table = pa.json.read_json(io.BytesIO(data), pa.json.ReadOptions(use_threads=False))
        while any(pa.types.is_struct(column.type) for column in table.columns):
            table = table.flatten()
        return table
    while data[:2] == b"##":  # NCBI's assembly summaries begin with a remark
        data = data.partition(b"\n")[2]
    first = data.partition(b"\n")[0]
    tabs = b"\t" in first or location.lower().rpartition(".")[2] in ("tsv", "txt", "tab")
    parsing = pa.csv.ParseOptions(
        delimiter="\t" if tabs else ",", quote_char=False if tabs else '"'
    )
    reading = pa.csv.ReadOptions(use_threads=False)
    names = pa.csv.read_csv(io.BytesIO(first + b"\n"), reading, parsing).column_names
    return pa.csv.read_csv(
        io.BytesIO(data),
        reading,
        parsing,
        convert_options=pa.csv.ConvertOptions(
            # As text: what a number is, is decided by all values that an archive has (``typed``).
            column_types={name: pa.string() for name in names},
            null_values=_MISSING,
            strings_can_be_null=True,
        ),
    )


def _plain(name: str) -> str:
    """Return a column's name as it is easily written: ``Assembly Accession``: the last is _."""
    return re.sub(r"\W+", "_", name.strip().lstrip("#")).strip("_").lower() or "unnamed"


def matched(metadata: Metadata, names: Collection[str]) -> tuple[pa.Table, list[str]]:
    """Return the rows of genomes, by name in a first column, and what matched none.

    A column that does nothing but name the genome is left out. Raises UsageError where a row could
    be several genomes', or two are one's.
    """
    index = _index(names)
    rows: dict[str, int] = {}
    unmatched = []
    for number, value in enumerate(metadata.table[metadata.key].to_pylist()):
        if value is None:
            unmatched.append("a row without a name")
            continue
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
    columns = {GENOME: pa.array(rows, pa.string())}
    for name in table.column_names:
        if name != GENOME and not (name == metadata.key and name in _NAMES):
            columns[name] = typed(table[name])
    return pa.table(columns), unmatched


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
