"""Packages of NCBI's ``datasets``: the files below ``ncbi_dataset/data``, and their MD5 sums.

A package, zipped or unpacked, holds ``ncbi_dataset/data/ACCESSION/*.fna`` and, since 2024, a
``md5sum.txt`` in the format of ``md5sum``. Its sums are checked whenever one of the files is read.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import lru_cache
from itertools import takewhile
from pathlib import PurePosixPath

from seqcoder import fasta
from seqcoder.errors import InputError
from seqcoder.storage.lists import lines_of
from seqcoder.writing.genome_source import strip_compression
from seqcoder_jobs.corpus.locations import facts, open_binary
from seqcoder_jobs.corpus.zip import read_zip_member, zip_members

_MARK = "ncbi_dataset/"
_DATA = "ncbi_dataset/data/"
_SUMS = ("md5sum.txt", "ncbi_dataset/md5sum.txt", "ncbi_dataset/data/md5sum.txt")

Sums = dict[str, str]
"""MD5 sums (hex) by path in the package, as ``ncbi_dataset/data/GCF_1.1/x.fna``."""


def short_path(path: str) -> str:
    """Return a path without ``ncbi_dataset/data/``: what is left begins with the accession."""
    before, mark, after = path.rpartition(_DATA)
    return before + after if mark and (not before or before.endswith("/")) else path


def split_package(path: str) -> tuple[str, str] | None:
    """Return the package's folder (with ``/``) and the path in it; None for other files."""
    at = path.rfind("/" + _MARK)
    if at >= 0:
        return path[: at + 1], path[at + 1 :]
    return ("", path) if path.startswith(_MARK) else None


def folder_sums(root: str, stamp: int = 0) -> Sums:
    """Return the sums of the unpacked package in the folder ``root`` (which ends with ``/``).

    ``stamp`` is anything that changes with the files of sums: a new one asks a cache anew.
    """

    def read(name: str) -> bytes | None:
        try:
            if facts(root + name) is None:
                return None
            with closing(open_binary(root + name)) as file:
                return file.read()
        except InputError:
            return None

    return _sums(read)


def zip_sums(location: str, mtime_ns: int) -> Sums:
    """Return the sums of a package that is a zip file."""
    names = {name for name, _ in zip_members(location)}
    return _sums(lambda name: read_zip_member(location, mtime_ns, name) if name in names else None)


_folder_sums = lru_cache(maxsize=64)(folder_sums)
_zip_sums = lru_cache(maxsize=64)(zip_sums)


def _sums(read: Callable[[str], bytes | None]) -> Sums:
    sums: Sums = {}
    for name in _SUMS:
        for line in lines_of(read(name) or b"", name):
            digest, _, path = line.partition(" ")
            path = path.lstrip(" ").removeprefix("*").removeprefix("./")
            if len(digest) != 32 or not path:
                continue
            if not path.startswith(_MARK):
                path = str(PurePosixPath(name).parent / path)
            sums[path] = digest.lower()
    return sums


def check_member(location: str, mtime_ns: int, name: str, data: bytes) -> None:
    """Compare a file of a zipped package with its sum; raises InputError if it is another."""
    if name.startswith(_MARK):
        _check(f"{location}::{name}", name, data, _zip_sums(location, mtime_ns))


def check_file(path: str, data: bytes) -> None:
    """Compare a file of an unpacked package with its sum; raises InputError if it is another."""
    package = split_package(path)
    if package is not None:
        root, name = package
        stamps = [_mtime(root + sums) for sums in _SUMS]
        _check(path, name, data, _folder_sums(root, hash(tuple(stamps))))


def _mtime(path: str) -> int:
    try:
        found = facts(path)
    except InputError:
        return 0
    return found.mtime_ns if found else 0


def _check(label: str, name: str, data: bytes, sums: Sums) -> None:
    expected = sums.get(name)
    if expected is None:
        # ``datasets rehydrate --gzip`` compresses files whose sums were taken before.
        expected = sums.get(strip_compression(name))
        if expected is None:
            return
        data = fasta.decompress(data, label).data
    found = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if found != expected:
        raise InputError(
            f"{label}: its MD5 is {found}, md5sum.txt says {expected}; it is cut short or damaged, "
            "fetch it again"
        )


def below(paths: Sequence[str], folder: str) -> list[str]:
    """Return of sorted ``paths`` those that begin with ``folder``, without looking at the rest."""
    first = bisect_left(paths, folder)
    some = (paths[at] for at in range(first, len(paths)))
    return list(takewhile(lambda path: path.startswith(folder), some))


def missing(listed: Iterable[str], present: Iterable[str]) -> list[str]:
    """Return the paths ``listed`` that are not ``present``, compressed or not."""
    there = {strip_compression(path) for path in present}
    return [path for path in listed if strip_compression(path) not in there]
