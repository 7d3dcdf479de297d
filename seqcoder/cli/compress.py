"""``seqcoder compress``."""

from __future__ import annotations

import json as json_module
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from seqcoder.api import try_append, try_compress
from seqcoder.circumstances import explain
from seqcoder.cli.common import binary_stdout, fail, note, progress_bar, say
from seqcoder.cli.files import STDOUT, check_local, device_output, not_written
from seqcoder.cli.signals import stands
from seqcoder.cli.streams import check_stdout
from seqcoder.container.rows import check_name
from seqcoder.errors import InputError, UsageError
from seqcoder.fasta import is_container
from seqcoder.settings import Settings, default_chunk_bases, parse_size
from seqcoder.storage.atomic import is_special
from seqcoder.storage.names import spell, unspell
from seqcoder.storage.standard_input import read_standard_input
from seqcoder.wording import count_of
from seqcoder.writing.container_report import ContainerReport, GenomeReport
from seqcoder.writing.genome_source import GenomeSource, local_source, read_local
from seqcoder.writing.status import FAILED

GOES_ON = "its whole chunks are kept, and the same command goes on there"


def run(
    inputs: list[str],
    output: str | None,
    stdout: bool,
    level: int,
    chunk_size: str,
    model: str | None,
    no_latents: bool,
    no_groups: bool,
    solid: bool,
    name: str | None,
    add: bool,
    reference: str | None,
    threads: int,
    force: bool,
    quiet: bool,
    json: bool,
) -> None:
    """Compress; raises InputError at the end if some inputs failed."""
    settings = Settings(
        level=level,
        chunk_bases=parse_size(chunk_size) if chunk_size else default_chunk_bases(solid),
        model=None if no_latents else model or Settings.model,
        group=not no_groups,
        solid=solid,
    )
    check_local(output)
    if inputs.count("-") > 1:
        raise UsageError("standard input (-) can be read once only")
    to_stdout = stdout or (output is None and inputs == ["-"]) or output in STDOUT[1:]
    elsewhere = None if output is None or to_stdout else Path(output)
    to_special = elsewhere is not None and is_special(elsewhere)
    if add and (to_stdout or to_special or output is None):
        raise UsageError("--append needs -o FILE, the container to add to")
    if add and reference is not None:
        raise UsageError("--append goes on with the reference that a container has; leave one out")
    if to_stdout:
        binary_stdout()
    elif json or not quiet:
        check_stdout()
    sources = [_source(item, name) for item in inputs]
    reports: list[ContainerReport] = []
    before = 0
    if to_stdout or to_special:
        with _scratch() as folder, not_written(output):
            target = folder / "stdout.sqc"
            with _in_scratch(folder):
                reports.append(
                    _one(sources, target, settings, threads, True, quiet, reference=reference)
                )
            if reports[0].size:
                with _opened(elsewhere) as out, target.open("rb") as file:
                    while block := file.read(1 << 20):
                        out.write(block)
    elif output is not None:
        # As tar -r and zip do: what is not there yet is made.
        exists = add and Path(output).exists()
        before = Path(output).stat().st_size if exists else 0
        with _kept(f"{output} is {'as it was' if exists else 'not there yet'}; {GOES_ON}"):
            reports.append(
                _one(sources, output, settings, threads, force, quiet, exists, reference)
            )
    else:
        for source, target in zip(sources, _beside(sources), strict=True):
            n_done = sum(report.size > 0 for report in reports)
            done = f"{count_of(n_done, 'container')} done before; " if n_done else ""
            with _kept(f"{target} is not there yet; {done}go on with {source.path}"):
                try:
                    reports.append(
                        _one([source], target, settings, threads, force, quiet, reference=reference)
                    )
                except (InputError, UsageError) as error:
                    told = {genome.error for report in reports for genome in report.genomes}
                    if len(sources) == 1 or str(error) in told:  # which is not of this one alone
                        raise
                    reports.append(_failed(source, str(error)))
    _tell(reports, before, quiet, json, to_stdout)


@contextmanager
def _kept(tell: str) -> Iterator[None]:
    """Say, where a signal or too little memory ends the block, what stands and how to go on."""
    with stands(tell):
        try:
            yield
        except MemoryError as error:
            raise InputError(f"{explain(error)}; {tell}") from None


@contextmanager
def _scratch() -> Iterator[Path]:
    """Give a folder for what goes to a pipe once it is whole, gone afterwards."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="seqcoder-")
    except OSError as error:
        raise _no_scratch("temporary files", error) from None
    with folder as path:
        yield Path(path)


@contextmanager
def _in_scratch(folder: Path) -> Iterator[None]:
    """Have what cannot be written in the folder told as that: there is nothing to go on from."""
    try:
        yield
    except InputError as error:
        if isinstance(cause := error.__cause__, OSError):
            raise _no_scratch(f"temporary files in {folder.parent}", cause) from None
        raise


def _no_scratch(where: str, error: OSError) -> InputError:
    return InputError(
        f"{where}: {error.strerror}; a container is whole there before it goes out: free some "
        "space, or name another folder in TMPDIR, and run it again"
    )


def _failed(source: GenomeSource, error: str) -> ContainerReport:
    genome = GenomeReport(source.name, source.label, None, FAILED, error=error)
    return ContainerReport("", 0, "", "", (genome,))


@contextmanager
def _opened(device: Path | None) -> Iterator[BinaryIO]:
    """Give the device or pipe, or standard output."""
    if device is None:
        yield binary_stdout()
        return
    with device_output(device) as out:
        yield out


def _beside(sources: list[GenomeSource]) -> list[Path]:
    """Return a container beside each input; UsageError if two would be one."""
    targets: dict[Path, GenomeSource] = {}
    for source in sources:
        if source.path == "-":
            raise UsageError("standard input needs -o FILE beside other inputs")
        if is_special(Path(source.path)):
            raise UsageError(f"{source.path}: is a pipe or device; name its container with -o FILE")
        target = Path(source.path).with_name(unspell(source.name) + ".sqc")
        if other := targets.get(target):
            raise UsageError(f"{other.path} and {source.path} would both become {target}; use -o")
        targets[target] = source
    return list(targets)


def _source(item: str, name: str | None) -> GenomeSource:
    if Path(item).is_dir():
        # What is named wrongly is told before hours of work on the others.
        root = item.rstrip("/") or "/"
        raise UsageError(
            f"{item}: is a folder; name the files in it ({root}/*.fa), or make an archive of all "
            f"that is in it with 'seqcoder-ray submit {item} -o ARCHIVE'"
        )
    source = GenomeSource(spell(name or "stdin.fa"), "-") if item == "-" else local_source(item)
    check_name(source.name)
    return source


def _read(source: GenomeSource) -> bytes:
    data = read_standard_input() if source.path == "-" else read_local(source)
    if is_container(data):
        raise InputError(
            f"{source.label}: is a seqcoder container already; 'seqcoder decompress' restores it"
        )
    return data


def _one(
    sources: list[GenomeSource],
    target: str | Path,
    settings: Settings,
    threads: int,
    force: bool,
    quiet: bool,
    add: bool = False,
    reference: str | None = None,
) -> ContainerReport:
    with progress_bar(sum(source.size for source in sources), quiet) as progress:
        if add:
            return try_append(
                sources,
                target,
                settings=settings,
                threads=threads,
                opener=_read,
                progress=progress,
            )
        return try_compress(
            sources,
            target,
            settings=settings,
            threads=threads,
            force=force,
            reference=reference,
            opener=_read,
            progress=progress,
        )


def _tell(
    reports: list[ContainerReport], before: int, quiet: bool, json: bool, to_stdout: bool
) -> None:
    """Say what became of the inputs; ``before``: bytes of the container that was appended to."""
    genomes = [genome for report in reports for genome in report.genomes]
    for genome in genomes:
        if genome.warning:
            note(genome.warning, quiet)
    if json:
        facts = [asdict(report) | {"appended_to_bytes": before} for report in reports]
        text = json_module.dumps(facts, indent=1)
        say(text, error=to_stdout)
    elif not quiet and not to_stdout:
        for report in reports:
            if report.size:
                raw = sum(genome.raw_bytes for genome in report.genomes)
                bases = sum(genome.bases for genome in report.genomes)
                size = report.size - before
                line = f"{report.path}\t{raw} -> {size} bytes\t{raw / max(size, 1):.2f}x"
                if bases:
                    line += f"\t{8 * size / bases:.4f} bits/base"
                if before:
                    line += f"\tnow {report.size} bytes"
                say(line)
    failures = [genome for genome in genomes if genome.error]
    for failure in failures:
        fail("seqcoder", failure.error)
    if failures:
        rest = "; the others are done and verified" if len(failures) < len(genomes) else ""
        raise InputError(f"{len(failures)} of {count_of(len(genomes), 'input')} failed{rest}")
