"""What commands read from and write to: containers, files, standard input and output."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from seqcoder.cli.common import binary_stdout
from seqcoder.errors import UsageError
from seqcoder.reading.opening import open as open_container
from seqcoder.reading.reader import Container
from seqcoder.storage.atomic import atomic_file, is_special
from seqcoder.storage.output_files import check_other, make_folder


def open_source(name: str, threads: int = 1) -> Container:
    """Open a container by path or URL, or the one on standard input for ``-``."""
    if name == "-":
        return Container(io.BytesIO(sys.stdin.buffer.read()), threads=threads)
    return open_container(name, threads=threads)


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
    with file_output(target, force, source) as out:
        yield out


@contextmanager
def file_output(target: Path, force: bool, source: str) -> Iterator[BinaryIO]:
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
