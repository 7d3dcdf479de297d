"""What commands read from and write to: containers, files, standard input and output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from seqcoder.cli.common import binary_stdout, text_stdout
from seqcoder.cli.signals import stands
from seqcoder.errors import InputError, UsageError
from seqcoder.reading.opening import open as open_container
from seqcoder.reading.reader import Container
from seqcoder.storage.atomic import atomic_file, is_special
from seqcoder.storage.output_files import check_other, make_folder
from seqcoder.storage.standard_input import StandardInput, read_standard_input
from seqcoder.storage.url import is_url, url_meant

STDOUT = (None, "-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
"""What names standard output."""


def open_source(name: str, threads: int = 1) -> Container:
    """Open a container by path or URL, or the one on standard input for ``-``."""
    if name == "-":
        return Container(StandardInput(read_standard_input()), threads=threads)
    return open_container(name, threads=threads)


def check_file(command: str, container: Path) -> None:
    """Raise UsageError for ``-`` where a command needs a file, and what lies beside it."""
    if str(container) == "-":
        raise UsageError(f"-: {command} takes a file; write standard input to one, and name that")
    if meant := url_meant(str(container)):
        raise UsageError(f"{meant}: is a URL; {command} takes a local file")
    if container.is_dir():
        raise InputError(f"{container}: is a folder; name a container in it")


def check_local(output: str | None) -> None:
    """Raise UsageError for a URL: what is written goes to files."""
    if output is not None and (is_url(output) or url_meant(output)):
        raise UsageError(f"{output}: is a URL; name a local file, and copy that there")


@contextmanager
def not_written(output: str | None) -> Iterator[None]:
    """Say, where a signal ends the block, that the output is not whole."""
    if output in STDOUT or is_special(Path(output)):
        with stands("what was written is cut short; run it again"):
            yield
        return
    with stands(f"{output} was not written; run it again"):
        yield


@contextmanager
def text_output(
    output: str | None, force: bool, source: str, format: str = "fa"
) -> Iterator[BinaryIO]:
    """Give standard output (a terminal for plain FASTA only), or a file, whole when it appears.

    ``source`` is what is read meanwhile, and not to be replaced.
    """
    if output in STDOUT:
        yield text_stdout() if format == "fa" else binary_stdout()
        sys.stdout.flush()
        return
    target = Path(output)
    if output.endswith("/") or target.is_dir():
        raise UsageError(f"{output}: is a folder; name a file in it")
    with file_output(target, force, source) as out:
        yield out


def check_index(output: str | None, format: str) -> None:
    """Raise UsageError where there is no place for an index, or the format has none."""
    from seqcoder.export.indexes import check_indexed

    if output is None or output in STDOUT or is_special(Path(output)):
        raise UsageError("--index goes beside a file; name one with -o")
    check_indexed(format)


def write_indexes(output: str | None, format: str) -> None:
    """Write the indexes of a file that was written beside it; InputError: it has none."""
    from seqcoder.export.indexes import indexes

    assert output is not None
    try:
        with Path(output).open("rb") as file:
            made = indexes(file, format, output)
    except InputError as error:
        raise InputError(f"{error}; {output} is whole, and has no index") from None
    for suffix, data in made.items():
        with atomic_file(Path(output + suffix)) as out:
            out.write(data)


@contextmanager
def device_output(target: Path) -> Iterator[BinaryIO]:
    """Give a device or pipe to write to; an OSError within names it."""
    try:
        with target.open("wb") as out:
            yield out
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(target)) from None


@contextmanager
def file_output(target: Path, force: bool, source: str) -> Iterator[BinaryIO]:
    """Give a file, whole when it appears, or the device or pipe that has the name.

    Raises:
        UsageError: the file exists and ``force`` is not set, or is ``source``.
    """
    check_other(target, source)
    if is_special(target):
        with device_output(target) as out:
            yield out
        return
    if target.exists() and not force:
        raise UsageError(f"{target}: exists already; use --force to replace it")
    make_folder(target)
    with atomic_file(target) as out:
        yield out
