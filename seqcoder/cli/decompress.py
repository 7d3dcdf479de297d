"""``seqcoder decompress``."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path

from seqcoder import core
from seqcoder.cli.common import note
from seqcoder.cli.files import file_output, open_source
from seqcoder.errors import UsageError
from seqcoder.export import pick_format
from seqcoder.reading.opening import open as open_container
from seqcoder.reading.restoring import decompress
from seqcoder.storage.url import is_url
from seqcoder.wording import count_of


def run_decompress(
    containers: list[str],
    output: str | None,
    stdout: bool,
    threads: int,
    force: bool,
    quiet: bool,
    json: bool,
) -> None:
    """Restore whole files."""
    core.keep_freed_memory()
    restored: list[dict[str, object]] = []
    for name in containers:
        if stdout or output == "-" or (name == "-" and output is None):
            if json:
                raise UsageError("--json and the files would both go to standard output; name -o")
            with open_source(name, threads) as container:
                container.expect()
                for genome in container.values():
                    sys.stdout.buffer.write(genome.read())
            continue
        data: str | bytes = sys.stdin.buffer.read() if name == "-" else name
        folder = Path(output) if output else Path() if is_url(name) else Path(name).parent
        written: list[Path] = []
        if output and not output.endswith("/") and not folder.is_dir() and len(containers) == 1:
            written = _to_file(data, folder, force, threads)
        if written:
            note(f"{folder}: restored", quiet)
        else:
            written = decompress(data, folder, force=force, threads=threads)
            note(f"{name}: {count_of(len(written), 'file')} restored below {folder}", quiet)
        restored.append({"container": name, "files": list(map(str, written))})
    if json:
        print(json_module.dumps(restored, indent=1))


def _to_file(data: str | bytes, target: Path, force: bool, threads: int) -> list[Path]:
    """Restore the only genome of a container to a file; returns none where there are several."""
    with open_container(data, threads=threads) as container:
        genomes = list(container.values())
        if len(genomes) != 1:
            return []
        if (packed := pick_format(None, target.name)) != "fa":
            raise UsageError(
                f"{target}: files are restored as they were, not as {packed}; 'seqcoder extract "
                f"-g {genomes[0].name} -o {target}' packs them"
            )
        with file_output(target, force, str(data) if isinstance(data, str) else "-") as out:
            out.write(genomes[0].read())
        return [target]
