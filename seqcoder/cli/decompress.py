"""``seqcoder decompress``."""

from __future__ import annotations

import json as json_module
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from seqcoder import core
from seqcoder.cli.common import fail, note, say, text_stdout
from seqcoder.cli.files import STDOUT, check_local, file_output, not_written, open_source
from seqcoder.cli.signals import stands
from seqcoder.cli.streams import check_stdout
from seqcoder.errors import (
    InputError,
    IntegrityError,
    ModelError,
    NoSuchNameError,
    SeqcoderError,
    UsageError,
)
from seqcoder.export import pick_format
from seqcoder.reading.naming import genomes_named
from seqcoder.reading.opening import open as open_container
from seqcoder.reading.restoring import decompress
from seqcoder.storage.atomic import is_special
from seqcoder.storage.standard_input import StandardInput, read_standard_input
from seqcoder.storage.url import is_url
from seqcoder.wording import count_of


def run_decompress(
    containers: list[str],
    genomes: list[str],
    output: str | None,
    stdout: bool,
    threads: int,
    force: bool,
    quiet: bool,
    json: bool,
) -> None:
    """Restore whole files."""
    core.keep_freed_memory()
    check_local(output)
    all_out = stdout or (output is not None and output in STDOUT)
    to_stdout = [all_out or (name == "-" and output is None) for name in containers]
    if json and any(to_stdout):
        raise UsageError("--json and the files would both go to standard output; name -o")
    if json:
        check_stdout()
    if containers.count("-") > 1:
        raise UsageError("standard input (-) can be read once only")
    chosen = _chosen(containers, genomes) if genomes else [None] * len(containers)
    restored: list[dict[str, object]] = []

    def standing() -> str:
        n = sum(len(files) for row in restored if isinstance(files := row["files"], list))
        what = f"{count_of(n, 'file')} of earlier containers restored" if n else "what stands"
        return f"{what} is whole; --genome restores what is missing, --force all again"

    failed: list[SeqcoderError] = []
    alone = len(containers) == 1
    with stands(standing):
        for name, names, out in zip(containers, chosen, to_stdout, strict=True):
            if out:
                _to_stdout(name, names, threads)
                continue
            try:
                files = _restore(name, names, output, alone, threads, force, quiet)
            except (InputError, IntegrityError, ModelError) as error:
                if alone:
                    raise
                fail("seqcoder", str(error))
                failed.append(error)
                continue
            restored.append({"container": name, "files": list(map(str, files))})
    if json:
        say(json_module.dumps(restored, indent=1))
    if failed:
        worst = next((e for e in failed if isinstance(e, IntegrityError)), failed[0])
        told = f"{len(failed)} of {count_of(len(containers), 'container')} failed, as named above"
        raise type(worst)(told + ("; the others are restored" if restored else ""))


def _chosen(containers: Sequence[str], wanted: Sequence[str]) -> list[list[str] | None]:
    """Return which genomes are wanted of each container; NoSuchNameError if none has one."""
    if "-" in containers:
        raise UsageError("--genome looks into containers first: give files, not standard input")
    chosen: list[list[str]] = [[] for _ in containers]
    missing: dict[str, NoSuchNameError] = {}
    found: set[str] = set()
    for name, names in zip(containers, chosen, strict=True):
        with open_source(name) as container:
            for one in wanted:
                try:
                    names += genomes_named(container, one, container.path)
                    found.add(one)
                except NoSuchNameError as error:
                    missing.setdefault(one, error)
    for one in wanted:
        if one not in found:
            raise missing[one]
    return [list(dict.fromkeys(names)) for names in chosen]


def _to_stdout(name: str, names: list[str] | None, threads: int) -> None:
    with not_written(None), open_source(name, threads) as container:
        container.expect(names)
        for genome in container if names is None else names:
            text_stdout().write(container[genome].read())


def _restore(
    name: str,
    names: list[str] | None,
    output: str | None,
    only: bool,
    threads: int,
    force: bool,
    quiet: bool,
) -> list[Path]:
    """Restore files of one container below a folder, or its only one to a file."""
    data: str | bytes = read_standard_input() if name == "-" else name
    folder = Path(output) if output else Path() if is_url(name) else Path(name).parent
    if output and not output.endswith("/") and not folder.is_dir() and only:
        written = _to_file(data, names, folder, force, threads)
        if written:
            note(f"{folder}: restored", quiet)
            return written
    written = decompress(_source(data), folder, genomes=names, force=force, threads=threads)
    note(f"{name}: {count_of(len(written), 'file')} restored below {folder}", quiet)
    return written


def _source(data: str | bytes) -> str | BinaryIO:
    return data if isinstance(data, str) else StandardInput(data)


def _to_file(
    data: str | bytes, names: list[str] | None, target: Path, force: bool, threads: int
) -> list[Path]:
    """Restore the only genome asked for to a file; returns none where there are several."""
    with open_container(_source(data), threads=threads) as container:
        genomes = [container[name] for name in (container if names is None else names)]
        special = is_special(target)
        if len(genomes) != 1 and not special:
            return []
        if (packed := pick_format(None, target.name)) != "fa":
            raise UsageError(
                f"{target}: files are restored as they were, not as {packed}; 'seqcoder extract "
                f"-g {genomes[0].name} -o {target}' packs them"
            )
        with file_output(target, force, str(data) if isinstance(data, str) else "-") as out:
            for genome in genomes:
                out.write(genome.read())
        return [target]
