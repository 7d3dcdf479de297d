"""What an archive has, from its plan and manifest, kept in memory as columns and read anew
when a run has changed them."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from seqcoder.errors import MissingError, NotFoundError, UsageError
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import MANIFEST, PLAN
from seqcoder_jobs.archive.manifest.files import read_table
from seqcoder_jobs.archive.manifest.local_files import local_files
from seqcoder_jobs.archive.success import NAME as SUCCESS
from seqcoder_jobs.archive.summary import Summary, summarise

Row = dict[str, Any]

COLUMNS = (
    *("genome", "source", "status", "error", "warning", "container", "ordinal"),
    *("raw_bytes", "records", "residues", "bases", "novel_bases"),
    *("side_bytes", "latent_bytes", "residual_bytes", "bits_per_base", "sha256", "seqcol"),
)
SORTS = ("place", "genome", "raw_bytes", "bases", "novel_bases", "coded_bytes", "bits_per_base")
PAGE_ROWS = 50
_MOST_RECORDS_FOUND = 200
_LOOK_AGAIN_SECONDS = 2.0
_SHA256 = re.compile(r"[0-9a-f]{8,64}")
_REFGET = re.compile(r"(?:ga4gh:)?(SQ\.[A-Za-z0-9_-]{32})")


@dataclass(frozen=True)
class Page:
    """A page of rows, from 1 to ``pages``, of ``count`` in all."""

    rows: list[Row]
    number: int
    pages: int
    count: int


@dataclass(frozen=True)
class Found:
    """What a search found: genomes, and records as (genome, ordinal, record, length, refget)."""

    genomes: Page
    records: list[Row]
    more_records: bool


@dataclass(frozen=True)
class Snapshot:
    """An archive at a moment. ``genomes`` is a pyarrow table with group, place and coded_bytes."""

    archive: Archive
    summary: Summary
    genomes: pa.Table
    groups: pa.Table

    def genome(self, name: str) -> Row:
        """Return the row of a genome; raises NotFoundError."""
        at = pc.index(self.genomes["genome"], name).as_py()
        if at < 0:
            raise NotFoundError(f"no genome {name!r} in this archive; the search finds names")
        row: Row = self.genomes.slice(at, 1).to_pylist()[0]
        return row

    def page(
        self,
        number: int,
        sort: str = "place",
        descending: bool = False,
        text: str = "",
        group: int | None = None,
    ) -> Page:
        """Return a page of genomes whose name holds ``text`` (any case), of one group or all."""
        if sort not in SORTS:
            raise UsageError(f"cannot sort by {sort!r}; choose one of {', '.join(SORTS)}")
        rows = self.genomes
        if text:
            rows = rows.filter(pc.match_substring(rows["genome"], text, ignore_case=True))
        if group is not None:
            rows = rows.filter(pc.equal(rows["group"], group))
        return _page(rows, number, [(sort, "descending" if descending else "ascending")])

    def group_page(self, number: int) -> Page:
        """Return a page of groups of relatives, the largest first."""
        return _page(self.groups, number, [("genomes", "descending"), ("group", "ascending")])

    def records(self, genome: str, number: int) -> Page:
        """Return a page of a genome's records, in their order."""
        rows = _records(self.archive, pc.field("genome") == genome)
        return _page(rows, number, [("ordinal", "ascending")])

    def search(self, text: str, number: int) -> Found:
        """Find genomes by name or SHA-256 (8 digits or more), records by name or refget digest."""
        text = text.strip()
        if not text:
            return Found(self.page(number), [], False)
        digest, refget = _SHA256.fullmatch(text.lower()), _REFGET.fullmatch(text)
        genomes = self.genomes
        if digest:
            matches = pc.starts_with(genomes["sha256"], digest[0])
            found = genomes.filter(pc.fill_null(matches, False))
            if found.num_rows:
                return Found(_page(found, number, [("place", "ascending")]), [], False)
        if refget:
            chosen = pc.field("refget") == refget[1]
        else:
            chosen = pc.starts_with(pc.field("record"), text)
        records = _records(self.archive, chosen)
        first = records.slice(0, _MOST_RECORDS_FOUND).to_pylist()
        return Found(self.page(number, text=text), first, records.num_rows > len(first))


class Catalogue:
    """The newest snapshot of an archive. Safe for several threads."""

    def __init__(self, archive: Archive) -> None:
        """Read the archive; raises UsageError, InputError where it cannot be."""
        self.archive = archive
        self._lock = threading.Lock()
        self._looked = 0.0
        self._stamp: Any = None
        self._snapshot: Snapshot | None = None
        self.now()

    def now(self) -> Snapshot:
        """Return the archive as it is now, or was two seconds ago."""
        with self._lock:
            if self._snapshot is None or time.monotonic() - self._looked > _LOOK_AGAIN_SECONDS:
                stamp = _stamp(self.archive)
                if self._snapshot is None or stamp != self._stamp:
                    self._snapshot = _read(self.archive)
                    self._stamp = stamp
                self._looked = time.monotonic()
            return self._snapshot


def _stamp(archive: Archive) -> list[tuple[str, str]]:
    found = archive.store.files(MANIFEST)
    for name in (PLAN, SUCCESS):
        with suppress(MissingError):
            found.append(archive.store.find(name))
    return [(stored.name, stored.identity) for stored in found]


def _read(archive: Archive) -> Snapshot:
    archive.refresh()
    inputs = archive.load().inputs
    genomes = read_table(archive.store, "genomes", list(COLUMNS))
    names = genomes["genome"].to_pylist()
    placed = [inputs.get(name, (len(inputs), -1)) for name in names]
    genomes = genomes.append_column("place", pa.array([p for p, _ in placed], pa.int64()))
    genomes = genomes.append_column("group", pa.array([g for _, g in placed], pa.int64()))
    coded = pc.add(
        pc.add(genomes["side_bytes"], genomes["latent_bytes"]), genomes["residual_bytes"]
    )
    genomes = genomes.append_column("coded_bytes", coded)
    plain = [f for f in genomes.schema if pa.types.is_dictionary(f.type)]
    for field in plain:
        at = genomes.schema.get_field_index(field.name)
        genomes = genomes.set_column(at, field.name, pc.cast(genomes[field.name], pa.string()))
    sums = [("genome", "count"), ("genome", "first")]
    sums += [(name, "sum") for name in ("raw_bytes", "bases", "novel_bases", "coded_bytes")]
    groups = genomes.sort_by("place").group_by("group", use_threads=False).aggregate(sums)
    names = {"genome_count": "genomes", "genome_first": "first", "group": "group"}
    groups = groups.rename_columns(
        [names.get(c, c.removesuffix("_sum")) for c in groups.column_names]
    )
    return Snapshot(archive, summarise(archive), genomes, groups)


def _records(archive: Archive, chosen: Any) -> pa.Table:
    files = local_files(archive.store, "records")
    columns = ["genome", "ordinal", "record", "length", "refget"]
    if not files:
        return pa.table({column: [] for column in columns})
    # Row groups whose statistics exclude what is asked for are not read.
    return ds.dataset(files).to_table(columns=columns, filter=chosen)


def _page(rows: pa.Table, number: int, order: Sequence[tuple[str, str]]) -> Page:
    count = rows.num_rows
    pages = max(1, -(-count // PAGE_ROWS))
    if not 1 <= number <= pages:
        raise NotFoundError(f"page {number} of {pages}: there is no such page")
    # The first rows up to this page are all that has to be in order.
    best = pc.select_k_unstable(rows, k=min(count, number * PAGE_ROWS), sort_keys=list(order))
    shown = rows.take(best[(number - 1) * PAGE_ROWS :]) if count else rows
    return Page(shown.to_pylist(), number, pages, count)
