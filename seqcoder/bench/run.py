"""``seqcoder bench``: every tool on every case, decompressed and compared, measured alike."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from seqcoder.bench.cases import Case, LaidOut, make_cases, place, residues
from seqcoder.bench.measure import RunError, Usage, middle
from seqcoder.bench.rows import Row
from seqcoder.bench.tools import BASES, FASTA, Tool, found_peers, our_tool, run, size_name
from seqcoder.latent import list_models

# Runs shorter than this are repeated, as their times are noisy.
_SHORT_SECONDS = 10.0
_WARM_UP = b">warm\nACGTACGTTGCAACGGT\n"
Tell = Callable[[str], None]


@dataclass(frozen=True)
class BenchSettings:
    """What to measure. ``peers``: names, None for all that are installed.

    ``training`` are the rows of a training run's ``log.jsonl``, for the page. ``models`` are names
    of models that ``SEQCODER_MODELS`` finds, each measured beside the shipped one.
    ``chunk_bases`` is our chunk size (0: the default), ``chunk_sizes`` are tried besides, with
    level 2 (or the only level); ``repeat`` counts the runs of
    what takes less than ten seconds; ``limit`` is the time a single run may take.
    """

    files: tuple[Path, ...]
    together: bool = False
    levels: tuple[int, ...] = (1, 2, 3)
    peers: tuple[str, ...] | None = None
    chunk_bases: int = 0
    chunk_sizes: tuple[int, ...] = ()
    repeat: int = 3
    threads: int = 1
    limit: float = 3600.0
    training: tuple[dict[str, float], ...] = ()
    models: tuple[str, ...] = ()


@dataclass
class Result:
    """Rows that hold (decompressed and compared), and why others are not there."""

    plan: BenchSettings
    rows: list[Row] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def benchmark(plan: BenchSettings, tell: Tell = lambda line: None) -> Result:
    """Measure; ``tell`` gets a line before each run.

    Raises:
        UsageError: no files, or two of one name. InputError: a file cannot be read.
    """
    result = Result(plan)
    peers = found_peers(plan.peers)
    cases = make_cases(plan.files, plan.together)
    with tempfile.TemporaryDirectory(prefix="seqcoder-bench-") as folder:
        has_model = _warm_up(Path(folder), plan, result)
        for number, case in enumerate(cases):
            place_of_case = Path(folder) / f"case{number}"
            place_of_case.mkdir()
            _measure_case(case, place_of_case, peers, has_model, result, tell)
            shutil.rmtree(place_of_case)
    return result


def _warm_up(folder: Path, plan: BenchSettings, result: Result) -> bool:
    """Have files cached; returns whether there is a model for latents."""
    (folder / "input.fa").write_bytes(_WARM_UP)
    for level in plan.levels:
        tool = our_tool(level, latents=True)
        try:
            run(tool.compress, folder, 1, plan.limit)
        except RunError as error:
            result.remarks.append(f"{tool.label}: {error}")
        (folder / tool.packed).unlink(missing_ok=True)
    found = bool(list_models())
    if not found and set(plan.levels) - {1}:
        result.remarks.append("no model is installed: measured without latents only")
    return found


def _our_tools(plan: BenchSettings, has_model: bool, names: tuple[str, ...]) -> list[Tool]:
    tools = []
    for level in plan.levels:
        if level == 1 or has_model:
            tools.append(our_tool(level, True, names))
        if level > 1:
            tools += [our_tool(level, True, names, model=model) for model in plan.models]
            tools.append(our_tool(level, False, names))
    if plan.chunk_bases:
        option = f" --chunk-size {size_name(plan.chunk_bases)} "
        tools = [replace(t, compress=t.compress.replace(" -o ", f"{option}-o ", 1)) for t in tools]
    level = 2 if 2 in plan.levels else plan.levels[-1]
    tools += [our_tool(level, has_model, names, size) for size in plan.chunk_sizes]
    return tools


def _measure_case(
    case: Case, folder: Path, peers: Sequence[Tool], has_model: bool, result: Result, tell: Tell
) -> None:
    placed = place(case, folder)
    kept = {path.name for path in folder.iterdir()}
    for tool in [*_our_tools(result.plan, has_model, placed.names), *peers]:
        if tool.keeps == BASES and not placed.bases:
            continue
        tell(f"{case.name}: {tool.label}")
        try:
            result.rows.append(_measure_tool(tool, placed, result.plan))
        except RunError as error:
            result.dropped.append(f"{case.name}: {tool.label}: {error}")
        for path in folder.iterdir():  # what it left must not help the next one
            if path.name not in kept:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _measure_tool(tool: Tool, placed: LaidOut, plan: BenchSettings) -> Row:
    folder = placed.folder
    packing: list[Usage] = []
    unpacking: list[Usage] = []
    while True:
        _clear(folder, (tool.packed, *tool.restored))
        packing.append(run(tool.compress, folder, plan.threads, plan.limit))
        size = (folder / tool.packed).stat().st_size if (folder / tool.packed).exists() else 0
        if not size:
            raise RunError("wrote nothing; is its version one with other options?")
        unpacking.append(run(tool.decompress, folder, plan.threads, plan.limit))
        keeps = _compare(tool, placed)
        longest = max(packing[-1].wall, unpacking[-1].wall)
        if longest >= _SHORT_SECONDS or len(packing) >= plan.repeat:
            break
    packed, unpacked = middle(packing), middle(unpacking)
    input_bytes = placed.input_bytes if keeps == FASTA else placed.bases
    row = Row(
        case=placed.name,
        tool=tool.name,
        setting=tool.setting,
        keeps=keeps,
        ours=tool.ours,
        input_bytes=input_bytes,
        bases=placed.bases,
        size=size,
        ratio=input_bytes / size,
        bits_per_base=8 * size / placed.bases if placed.bases else 0.0,
        compress_cpu=packed.cpu,
        compress_wall=packed.wall,
        compress_peak=packed.peak_bytes,
        decompress_cpu=unpacked.cpu,
        decompress_wall=unpacked.wall,
        decompress_peak=unpacked.peak_bytes,
        runs=len(packing),
    )
    return _with_stages(row, tool, placed, plan) if tool.ours else row


def _clear(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _compare(tool: Tool, placed: LaidOut) -> str:
    """Return what of the input came back; raises RunError if it is not even the bases."""
    folder = placed.folder
    there = [folder / name for name in tool.restored if (folder / name).exists()]
    if not there:
        raise RunError("restored nothing; is its version one with other options?")
    restored = b"".join(path.read_bytes() for path in (there if tool.ours else there[:1]))
    if tool.keeps == BASES:
        if restored.rstrip(b"\n") != (folder / "input.seq").read_bytes():
            raise RunError("MISMATCH: the bases did not come back")
        return BASES
    whole = (folder / "input.fa").read_bytes()
    if restored == whole:
        return FASTA
    if not tool.ours and residues(restored) == residues(whole):
        return BASES
    raise RunError("MISMATCH: what came back is not what went in")


def _report(folder: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())[0]
    return report


def _with_stages(row: Row, tool: Tool, placed: LaidOut, plan: BenchSettings) -> Row:
    """Add what our own report tells, and the time to take a region out."""
    report = _report(placed.folder)
    genomes = report["genomes"]

    def total(name: str) -> Any:
        return sum(genome[name] for genome in genomes)

    return replace(
        row,
        level=tool.level,
        chunk_bases=tool.chunk_bases,
        latent_bytes=total("latent_bytes"),
        residual_bytes=total("residual_bytes"),
        side_bytes=total("side_bytes"),
        parse_seconds=total("parse_seconds"),
        model_seconds=total("model_seconds"),
        code_seconds=total("code_seconds"),
        verify_seconds=total("verify_seconds"),
        region_wall=_region(genomes, placed.folder, plan) if tool.chunk_bases else None,
    )


def _region(genomes: Sequence[dict[str, Any]], folder: Path, plan: BenchSettings) -> float | None:
    """Return the time to take 1000 bases out of the middle of the longest record."""
    records = [
        (record["length"], genome["name"], record["name"])
        for genome in genomes
        for record in genome["record_table"]
    ]
    length, genome, record = max(records, default=(0, "", ""))
    if length < 1000 or not record:
        return None
    first = (length - 1000) // 2 + 1
    where = f"'{record}:{first}-{first + 999}' -g '{genome}'"
    command = f"seqcoder extract -T 1 packed.sqc {where} > region.fa"
    try:
        return middle([run(command, folder, 1, plan.limit) for _ in range(plan.repeat)]).wall
    except (RunError, ValueError, KeyError):  # names that the command line would take apart
        return None
