"""The figures of a benchmark: one row for each tool, setting and case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import Any

from seqcoder.storage.atomic import write_atomically


@dataclass(frozen=True)
class Row:
    """One tool on one case. Sizes in bytes, times in seconds.

    ``keeps`` is what comes back: "full FASTA", or "bases only" (then ``input_bytes`` is one byte
    a base, and the ratio is against that). The columns behind ``runs`` are of our own coder.
    ``region_wall`` is the time to take 1000 bases out of the middle.
    """

    case: str
    tool: str
    setting: str
    keeps: str
    ours: bool
    input_bytes: int
    bases: int
    size: int
    ratio: float
    bits_per_base: float
    compress_cpu: float
    compress_wall: float
    compress_peak: int
    decompress_cpu: float
    decompress_wall: float
    decompress_peak: int
    runs: int
    level: int = 0
    chunk_bases: int = 0
    latent_bytes: int = 0
    residual_bytes: int = 0
    side_bytes: int = 0
    parse_seconds: float = 0.0
    model_seconds: float = 0.0
    code_seconds: float = 0.0
    verify_seconds: float = 0.0
    region_wall: float | None = None

    @property
    def label(self) -> str:
        """Tool and setting."""
        return f"{self.tool} {self.setting}".strip()


@dataclass(frozen=True)
class Total:
    """A tool and setting over all cases, which it has all done."""

    label: str
    keeps: str
    ours: bool
    input_bytes: int
    bases: int
    size: int
    compress_cpu: float
    compress_wall: float
    compress_peak: int
    decompress_cpu: float
    decompress_wall: float
    decompress_peak: int

    @property
    def ratio(self) -> float:
        """Input by output bytes."""
        return self.input_bytes / self.size

    @property
    def bits_per_base(self) -> float:
        """Bits of output for each base."""
        return 8 * self.size / max(self.bases, 1)


def totals(rows: Sequence[Row]) -> list[Total]:
    """Add up over the cases, smallest first; leaves out tools that did not do them all."""
    cases = {row.case for row in rows}
    found: list[Total] = []
    for label in dict.fromkeys(row.label for row in rows):
        mine = [row for row in rows if row.label == label]
        if {row.case for row in mine} != cases:
            continue
        sums = {
            name: sum(getattr(row, name) for row in mine)
            for name in (
                *("input_bytes", "bases", "size", "compress_cpu", "compress_wall"),
                *("decompress_cpu", "decompress_wall"),
            )
        }
        peaks = {
            name: max(getattr(row, name) for row in mine)
            for name in ("compress_peak", "decompress_peak")
        }
        keeps = max(mine, key=lambda row: row.keeps != "full FASTA").keeps
        found.append(Total(label=label, keeps=keeps, ours=mine[0].ours, **sums, **peaks))
    return sorted(found, key=lambda total: (total.size, total.label))


def write_tsv(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as text with tabs."""
    names = [field.name for field in fields(Row)]
    lines = ["\t".join(names)]
    lines += ["\t".join(_cell(getattr(row, name)) for name in names) for row in rows]
    write_atomically(path, ("\n".join(lines) + "\n").encode())


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value).replace("\t", " ").replace("\n", " ")


def write_parquet(rows: Sequence[Row], path: Path) -> bool:
    """Write the rows as Parquet, if pyarrow is installed; returns whether it is."""
    try:
        # By name: this layer must not need pyarrow.
        pa: Any = import_module("pyarrow")
        pq: Any = import_module("pyarrow.parquet")
    except ImportError:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([asdict(row) for row in rows]), path, compression="zstd")
    return True
