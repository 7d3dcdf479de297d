"""``seqcoder decompress`` and ``seqcoder extract``."""

from __future__ import annotations

import io
import json as json_module
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from seqcoder.api import check_other, decompress, make_folder
from seqcoder.cli.common import binary_stdout, note
from seqcoder.errors import InputError, NotFoundError, UsageError
from seqcoder.export import pick_format, write_genomes, write_regions
from seqcoder.reading.opening import open as open_container
from seqcoder.reading.reader import Container, Genome
from seqcoder.reading.region import Region, find_region, read_regions
from seqcoder.storage.atomic import atomic_file, is_special
from seqcoder.storage.remote import is_url
from seqcoder.wording import count_of


def open_source(name: str, threads: int = 1) -> Container:
    """Open a container by path or URL, or the one on standard input for ``-``."""
    if name == "-":
        return Container(io.BytesIO(sys.stdin.buffer.read()), threads=threads)
    return open_container(name, threads=threads)


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
        with _file_output(target, force, str(data) if isinstance(data, str) else "-") as out:
            out.write(genomes[0].read())
        return [target]


@contextmanager
def text_output(
    output: str | None, force: bool, source: str, format: str = "fa"
) -> Iterator[BinaryIO]:
    """Give standard output (a terminal for plain FASTA only), or a file, whole when it appears.

    ``source`` is what is read meanwhile, and not to be replaced.
    """
    if output in (None, "-", "/dev/stdout"):
        yield sys.stdout.buffer if format == "fa" else binary_stdout()
        sys.stdout.buffer.flush()
        return
    target = Path(output)
    if output.endswith("/") or target.is_dir():
        raise UsageError(f"{output}: is a folder; name a file in it")
    with _file_output(target, force, source) as out:
        yield out


@contextmanager
def _file_output(target: Path, force: bool, source: str) -> Iterator[BinaryIO]:
    """Give a file, whole when it appears, or the device or pipe that has the name.

    Raises:
        UsageError: the file exists and ``force`` is not set, or is ``source``.
    """
    check_other(target, source)
    if is_special(target):
        with target.open("wb") as out:
            yield out
        return
    if target.exists() and not force:
        raise UsageError(f"{target}: exists already; use --force to replace it")
    make_folder(target)
    with atomic_file(target) as out:
        yield out


def run_extract(
    name: str,
    queries: list[str],
    genomes: list[str],
    regions: Path | None,
    width: int | None,
    output: str | None,
    format: str | None,
    threads: int,
    force: bool,
) -> None:
    """Write records, regions or genomes as FASTA, packed or not, or 2bit."""
    kind = pick_format(format, output)
    if regions is not None:
        queries = queries + region_list(regions)
    if not queries and not genomes:
        raise UsageError("nothing asked for; name records, regions or --genome")
    with open_source(name, threads) as container:
        chosen = [pick_genome(container, genome) for genome in genomes]
        if not queries:
            with text_output(output, force, name, kind) as out:
                write_genomes(out, chosen, width, kind, name)
            return
        # Every query is looked up before anything is written.
        found: list[Region] = [
            find_region(query, chosen or list(container.values()), container.path)
            for query in queries
        ]
        with text_output(output, force, name, kind) as out:
            write_regions(out, found, width, kind, name)


def region_list(path: Path) -> list[str]:
    """Return the regions listed in a file, ``-``: standard input; InputError if unreadable."""
    try:
        return read_regions(sys.stdin.read() if str(path) == "-" else path.read_text())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; name a list of regions, or -") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no text; name a list of regions") from None


def pick_genome(container: Container, name: str) -> Genome:
    """Return the genome called ``name``, in full or by its only file name or stem."""
    if name in container:
        return container[name]
    like = [full for full in container if name in (Path(full).name, Path(full).stem)]
    if len(like) == 1:
        return container[like[0]]
    if like:
        raise UsageError(f"{container.path}: {name!r} could be {', '.join(like[:5])}; say which")
    raise NotFoundError(f"{container.path}: no genome {name!r}; 'seqcoder list' names them")
