"""What the report tells of an archive, read from its plan and manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.saved_plan import SavedPlan
from seqcoder_jobs.archive.summary import Summary, summarise

STAGES = (
    ("parse_seconds", "read and parse"),
    ("walk_seconds", "find relatives' sequence"),
    ("model_seconds", "stage 1: latents"),
    ("code_seconds", "stage 2: residual"),
    ("verify_seconds", "decode and compare"),
)
_GENOME_COLUMNS = [
    "genome",
    "source",
    "status",
    "error",
    "warning",
    "container",
    "compression",
    "raw_bytes",
    "records",
    "bases",
    "novel_bases",
    "side_bytes",
    "latent_bytes",
    "residual_bytes",
    "bits_per_base",
    *(column for column, _ in STAGES),
]
_CONTAINER_COLUMNS = ["container", "bytes", "genomes", "chunks", "bases", "frame_bytes"]

Row = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """An archive in figures. ``genomes`` and ``containers`` are pyarrow tables.

    They stay tables: two million genomes as Python dictionaries would not fit.
    """

    archive: Archive
    saved: SavedPlan
    summary: Summary
    genomes: Any
    containers: Any
    workers: int

    def chosen(self, sort: Sequence[tuple[str, str]], count: int, **equal: str) -> list[Row]:
        """Return the first ``count`` genomes in an order, of those with the values given."""
        import pyarrow.compute as pc

        rows = self.genomes
        for column, value in equal.items():
            rows = rows.filter(pc.equal(pc.cast(rows[column], "string"), value))
        keys = [column for column, _ in sort]
        rows = rows.filter(pc.is_valid(rows[keys[0]]))
        order = pc.select_k_unstable(rows, k=min(count, rows.num_rows), sort_keys=list(sort))
        return rows.take(order).to_pylist()  # type: ignore[no-any-return]

    def counts(self, column: str) -> list[tuple[str, int]]:
        """Return how many genomes have each value of a column, most frequent first."""
        import pyarrow.compute as pc

        pairs = pc.value_counts(pc.cast(self.genomes[column], "string")).to_pylist()
        found = [(pair["values"] or "", pair["counts"]) for pair in pairs]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def groups(self) -> list[Row]:
        """Return the groups of relatives with what they take, those of most genomes first.

        Keys: first (its first genome, as listed), genomes, and sums raw_bytes, bases,
        novel_bases, coded_bytes. Genomes that failed are left out.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        done = self.genomes.filter(pc.is_valid(self.genomes["raw_bytes"]))
        unknown = (len(self.saved.inputs), -1)
        placed = [self.saved.inputs.get(name, unknown) for name in done["genome"].to_pylist()]
        coded = pc.add(pc.add(done["side_bytes"], done["latent_bytes"]), done["residual_bytes"])
        table = pa.table(
            {
                "place": pa.array([place for place, _ in placed], pa.int64()),
                "group": pa.array([group for _, group in placed], pa.int64()),
                "first": done["genome"],
                "genomes": done["genome"],
                "coded_bytes": coded,
                **{name: done[name] for name in ("raw_bytes", "bases", "novel_bases")},
            }
        )
        sums = ("raw_bytes", "bases", "novel_bases", "coded_bytes")
        grouped = table.sort_by("place").group_by("group", use_threads=False)
        found = grouped.aggregate(
            [("first", "first"), ("genomes", "count"), *((name, "sum") for name in sums)]
        )
        found = found.rename_columns(
            [name.rpartition("_")[0] or name for name in found.column_names]
        )
        order = [("genomes", "descending"), ("raw_bytes", "descending"), ("group", "ascending")]
        return found.sort_by(order).to_pylist()  # type: ignore[no-any-return]

    def total(self, column: str) -> float:
        """Return the sum of a column over all genomes."""
        import pyarrow.compute as pc

        return pc.sum(self.genomes[column]).as_py() or 0

    def values(self, column: str) -> Any:
        """Return the known values of a column as a numpy array."""
        return self.genomes[column].drop_null().to_numpy()


def read_facts(archive: Archive) -> Facts:
    """Read an archive's plan and manifest; raises UsageError or InputError."""
    import pyarrow.compute as pc

    from seqcoder_jobs.archive.manifest.files import read_table

    workers = read_table(archive.store, "chunks", ["worker"])["worker"]
    return Facts(
        archive,
        archive.load(),
        summarise(archive),
        read_table(archive.store, "genomes", _GENOME_COLUMNS),
        read_table(archive.store, "containers", _CONTAINER_COLUMNS),
        len(pc.unique(pc.cast(workers, "string")).drop_null()) if len(workers) else 0,
    )
