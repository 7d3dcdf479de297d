"""Lists that programs are given: of files, regions, rows of BED, groups.

Names are bytes. A list is cut where a line feed is (or NUL, as ``find -print0`` ends them), and
nowhere else: names may hold what Unicode calls a line separator.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from seqcoder.circumstances import system_reason
from seqcoder.errors import InputError, MissingError, UsageError
from seqcoder.storage.devices import check_ends
from seqcoder.storage.standard_input import read_standard_input
from seqcoder.storage.url import is_url

_NO_FILE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
UTF8_MARK = b"\xef\xbb\xbf"
_WIDE = {  # the longer ones first
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh91AY&SY": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_SILENT = re.compile(r"[ \t\v\f\r]*\Z|#(?:[# \t]|\Z)")


def wide_mark(data: bytes) -> str:
    """Return UTF-16 or UTF-32, whichever the byte-order mark of ``data`` tells of, or ""."""
    return next((name for mark, name in _WIDE.items() if data.startswith(mark)), "")


def packed_by(data: bytes) -> str:
    """Return the program that packed ``data``, by what they begin with, or ""."""
    return next((tool for mark, tool in _PACKED.items() if data.startswith(mark)), "")


def lines_of(data: bytes, what: str) -> list[str]:
    r"""Return the lines of a text, or the names of a list that NUL ends, without their ends.

    ``CR LF`` ends a line as ``LF`` does; a byte-order mark is none of the first name. Bytes that
    are not UTF-8 come as Python has them in file names (``surrogateescape``).

    Raises
    ------
    InputError
        When ``what`` is UTF-16 or UTF-32, compressed, or has lines that end in CR alone.
    """
    if wide := wide_mark(data):
        raise InputError(f"{what}: is {wide} text; save it as UTF-8")
    if tool := packed_by(data):
        raise InputError(
            f"{what}: is {tool} data; '{tool} -dc {what}' makes a list of it, give that as -"
        )
    data = data.removeprefix(UTF8_MARK)
    if b"\r" in data.rstrip(b"\r") and b"\n" not in data and b"\0" not in data:
        raise InputError(f"{what}: its lines end in CR alone; \"tr '\\r' '\\n'\" first")
    if b"\0" in data:
        names = data.split(b"\0")
    else:
        names = [line.removesuffix(b"\r") for line in data.split(b"\n")]
    if not names[-1]:
        names.pop()
    return [os.fsdecode(name) for name in names]


def is_comment(line: str) -> bool:
    """Whether a line says nothing: blank, or ``#`` and then a blank, another ``#`` or the end.

    ``#1.fa`` is a name.
    """
    return _SILENT.match(line) is not None


def names_in(data: bytes, what: str) -> list[str]:
    """Return the names of a list: its lines without comments, or all that NUL ends.

    The head of a column of genomes that ``list`` prints is none.
    """
    names = lines_of(data, what)
    if b"\0" in data:
        return [name for name in names if name]
    if names[:1] == ["#genome"]:
        del names[0]
    return [name for name in names if not is_comment(name)]


def read_list(path: str | os.PathLike[str], what: str = "a list") -> bytes:
    """Return the bytes of a list by its path or URL, ``-``: of standard input.

    Raises
    ------
    UsageError
        When there is none there, or it is a folder: ``what`` has to be named.
    InputError
        When it cannot be read.
    """
    try:
        if os.fspath(path) == "-":
            return read_standard_input()
        if is_url(path):
            from seqcoder.storage.opening import open_parent

            store, name = open_parent(os.fspath(path))
            return store.get(name)[0]
        check_ends(Path(path).stat(), os.fspath(path))
        return Path(path).read_bytes()
    except MissingError as error:
        raise UsageError(f"{error}; name {what}, or -") from None
    except (OSError, ValueError) as error:
        reason = system_reason(error) if isinstance(error, OSError) else error
        kind = UsageError if isinstance(error, _NO_FILE) else InputError
        raise kind(f"{path}: {reason}; name {what}, or -") from None


def read_pairs(path: str | os.PathLike[str], first: str, second: str) -> dict[str, str]:
    """Read lines ``FIRST<tab>SECOND``, comments left out: the second columns by the first ones.

    Raises
    ------
    InputError
        When it cannot be read.
    UsageError
        When a line has not two columns, or gives another second one than a line before.
    """
    what = os.fspath(path)
    pairs: dict[str, str] = {}
    for number, line in enumerate(lines_of(read_list(path), what), 1):
        if is_comment(line):
            continue
        key, _, value = line.partition("\t")
        value = value.strip()
        if not key or not value or "\t" in value:
            raise UsageError(f"{what}, line {number}: not {first}<tab>{second}; mend the line")
        if pairs.setdefault(key, value) != value:
            raise UsageError(
                f"{what}, line {number}: {key} has two of {second}, {pairs[key]} and {value}; "
                "leave one of them"
            )
    return pairs
