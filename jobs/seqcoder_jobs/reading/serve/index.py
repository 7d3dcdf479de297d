"""Where sequences and collections are, by their digests, as the manifest has them.

Nothing of the manifest is kept: a look-up reads one column of it, and the rows that match. What
was found last is remembered, as the digest of a thing never means another.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections import OrderedDict
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from seqcoder.errors import NotFoundError
from seqcoder.fasta import digest
from seqcoder.storage.names import unspell
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.manifest.local_files import local_files

_REMEMBERED = 4096
MOST_ALIASES = 100
_MD5 = re.compile(r"(?:md5:)?([0-9a-fA-F]{32})")
_TRUNC512 = re.compile(r"(?:trunc512:)?([0-9a-fA-F]{48})", re.IGNORECASE)
_REFGET = re.compile(r"(?:ga4gh:)?(SQ\.[A-Za-z0-9_-]{32})")

Row = dict[str, Any]


def sequence_column(text: str) -> tuple[str, str]:
    """Return the manifest's column, ``refget`` or ``md5``, and value that an identifier means.

    MD5 (hex), ``SQ.`` with or without ``ga4gh:``, and TRUNC512 (hex), which is the same digest.
    Raises NotFoundError for what is none.
    """
    if found := _REFGET.fullmatch(text):
        return "refget", found[1]
    if found := _MD5.fullmatch(text):
        return "md5", found[1].lower()
    if found := _TRUNC512.fullmatch(text):
        return "refget", digest.refget_text(binascii.unhexlify(found[1]))
    raise NotFoundError(f"{text!r} is no digest of a sequence: SQ.…, MD5 or TRUNC512 (hex)")


def trunc512(refget: str) -> str:
    """Return the hex form of an ``SQ.`` digest."""
    return base64.urlsafe_b64decode(refget.removeprefix("SQ.")).hex()


class Index:
    """Look-ups by digest. Safe for several threads."""

    def __init__(self, archive: Archive) -> None:
        """Nothing is read yet."""
        self._archive = archive
        self._found: OrderedDict[tuple[str, str, str], list[Row]] = OrderedDict()
        self._lock = threading.Lock()

    def sequence(self, text: str) -> list[Row]:
        """Return the records (genome, ordinal, record, refget, md5) that are this sequence.

        Raises NotFoundError.
        """
        column, value = sequence_column(text)
        rows = self._rows("records", column, value)
        if not rows:
            raise NotFoundError(f"no sequence {text} in this archive")
        return rows

    def genome(self, collection: str) -> Row:
        """Return a genome (genome, seqcol_level1) that is this collection; NotFoundError."""
        rows = self._rows("genomes", "seqcol", collection)
        if not rows:
            raise NotFoundError(f"no sequence collection {collection} in this archive")
        return rows[0]

    def level2(self, collection: str) -> dict[str, list[Any]]:
        """Return the attributes of a collection; raises NotFoundError."""
        genome = self.genome(collection)["genome"]
        records = self._table(
            "records", pc.field("genome") == genome, ["record", "length", "refget", "ordinal"]
        )
        rows = records.sort_by("ordinal").to_pylist()
        return digest.seqcol_level2(
            [unspell(row["record"]) for row in rows],
            [row["length"] for row in rows],
            [row["refget"] for row in rows],
        )

    def with_attribute(self, attribute: str, value: str) -> str:
        """Return a collection that has this attribute (level 1); raises NotFoundError."""
        chosen = pc.field("seqcol_level1", attribute) == value
        found = self._table("genomes", chosen, ["seqcol"])
        if not found.num_rows:
            raise NotFoundError(f"no collection has {attribute} {value}")
        text: str = found["seqcol"][0].as_py()
        return text

    def collections(self, wanted: dict[str, str], page: int, size: int) -> tuple[list[str], int]:
        """Return a page (from 0) of collections with these attributes, and how many there are."""
        chosen: Any = pc.field("seqcol").is_valid()
        for attribute, value in wanted.items():
            chosen &= pc.field("seqcol_level1", attribute) == value
        return _page(self._table("genomes", chosen, ["seqcol"])["seqcol"], page, size)

    def attributes(self, attribute: str, page: int, size: int) -> tuple[list[str], int]:
        """Return a page (from 0) of the digests of an attribute, and how many there are."""
        table = self._table("genomes", pc.field("seqcol").is_valid(), ["seqcol_level1"])
        return _page(pc.struct_field(table["seqcol_level1"], attribute), page, size)

    def _rows(self, table: str, column: str, value: str) -> list[Row]:
        key = table, column, value
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        columns = {
            "records": ["genome", "ordinal", "record", "refget", "md5"],
            "genomes": ["genome", "seqcol_level1"],
        }
        found = self._table(table, pc.field(column) == value, columns[table])
        rows: list[Row] = found.slice(0, MOST_ALIASES).to_pylist()
        if rows:
            with self._lock:
                self._found[key] = rows
                while len(self._found) > _REMEMBERED:
                    self._found.popitem(last=False)
        return rows

    def _table(self, table: str, chosen: Any, columns: list[str]) -> pa.Table:
        files = local_files(self._archive.store, table)
        if not files:
            raise NotFoundError(f"{self._archive}: has nothing yet")
        return ds.dataset(files).to_table(columns=columns, filter=chosen)


def _page(column: Any, page: int, size: int) -> tuple[list[str], int]:
    values = pc.unique(column)
    return values.slice(page * size, size).to_pylist(), len(values)
