"""What ``seqcoder bench`` does with its options."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path

from seqcoder.bench.bench_page import text_table, write_page
from seqcoder.bench.rows import write_parquet, write_tsv
from seqcoder.bench.run import BenchSettings, benchmark
from seqcoder.bench.tools import PEERS
from seqcoder.circumstances import system_reason
from seqcoder.cli.common import fail, note, say
from seqcoder.errors import InputError, IntegrityError, UsageError
from seqcoder.settings import parse_size


def run(
    files: list[Path],
    output: Path | None,
    together: bool,
    levels: str,
    peers: str,
    chunk_sizes: str,
    repeat: int,
    threads: int,
    limit: float,
    quiet: bool,
    json: bool,
    training_log: Path | None = None,
) -> None:
    """Measure, print the totals, write ``bench.tsv``, ``bench.parquet`` and ``bench.html``.

    Raises:
        UsageError: an option makes no sense. InputError: a file cannot be read.
        IntegrityError: a row of ours did not come back as it went in (at the end, others done).
    """
    plan = BenchSettings(
        files=tuple(files),
        together=together,
        levels=_levels(levels),
        peers=_peers(peers),
        chunk_sizes=tuple(parse_size(size) for size in chunk_sizes.split(",") if size),
        repeat=repeat,
        threads=threads,
        limit=limit,
        training=_training(training_log),
    )
    if output is not None and output.exists() and not output.is_dir():
        raise UsageError(f"{output}: is a file; -o takes a folder")
    result = benchmark(plan, lambda line: note(line, quiet))
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        write_tsv(result.rows, output / "bench.tsv")
        write_parquet(result.rows, output / "bench.parquet")
        write_page(result, output / "bench.html")
        note(f"{output / 'bench.html'}: written", quiet)
    if json:
        facts = {
            "rows": [asdict(row) for row in result.rows],
            "dropped": result.dropped,
            "remarks": result.remarks,
        }
        say(json_module.dumps(facts, indent=1))
    else:
        say(text_table([row for row in result.rows if not row.chunk_bases] or result.rows))
    for line in result.remarks:
        note(line, quiet)
    for line in result.dropped:
        fail("seqcoder", f"row dropped: {line}")
    ours = [line for line in result.dropped if ": seqcoder " in line and "MISMATCH" in line]
    if ours:
        raise IntegrityError(f"{len(ours)} of our own rows did not come back as they went in")


def _training(path: Path | None) -> tuple[dict[str, float], ...]:
    """Read the log of a training run; raises InputError, UsageError."""
    if path is None:
        return ()
    try:
        rows = tuple(json_module.loads(line) for line in path.read_text().splitlines())
        if not rows or any(not {"step", "loss", "accuracy", "bits"} <= row.keys() for row in rows):
            raise ValueError
    except OSError as error:
        raise InputError(f"{path}: {system_reason(error)}") from None
    except (ValueError, AttributeError):
        raise UsageError(f"{path}: is not the log.jsonl of a training run") from None
    return rows


def _levels(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not parts or any(part not in ("1", "2", "3") for part in parts):
        raise UsageError(f"levels {text!r}: write for example 1,2,3")
    return tuple(dict.fromkeys(map(int, parts)))


def _peers(text: str) -> tuple[str, ...] | None:
    if text == "all":
        return None
    if text == "none":
        return ()
    names = tuple(part.strip() for part in text.split(","))
    known = {tool.name.lower() for tool in PEERS}
    for name in names:
        if name.lower() not in known:
            raise UsageError(f"peer {name!r} is not known; choose from {', '.join(sorted(known))}")
    return names
