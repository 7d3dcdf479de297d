"""From CORPUS arguments to a list of inputs, in an order that any machine gives."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath

from seqcoder.circumstances import system_reason
from seqcoder.errors import InputError, UsageError
from seqcoder.storage.url import is_url, split_url, url_meant
from seqcoder.writing.genome_source import GenomeSource
from seqcoder_jobs.corpus import ncbi
from seqcoder_jobs.corpus.containers import genome_members, is_container
from seqcoder_jobs.corpus.locations import FileFacts, absolute, facts, one_line, walk_url
from seqcoder_jobs.corpus.names import (
    Candidate,
    assign_names,
    is_tar,
    is_zip,
    looks_like_fasta,
    own_name,
    strip_bundle,
)
from seqcoder_jobs.corpus.patterns import fixed_part, is_glob, matches
from seqcoder_jobs.corpus.tar import tar_members
from seqcoder_jobs.corpus.zip import zip_members


@dataclass(frozen=True)
class Problem:
    """Something named by the user that is no input: what, and why."""

    source: str
    error: str


@dataclass
class Listing:
    """The inputs found, what could not be listed, and how many files were passed over."""

    sources: list[GenomeSource] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    passed_over: int = 0
    other_names: dict[str, str] = field(default_factory=dict)
    """Of new inputs whose names inputs known before have: those names, by the ones they get."""


@dataclass(frozen=True)
class _Found:
    relative: str
    corpus: str
    path: str
    member: str
    size: int
    mtime_ns: int


def list_corpora(
    arguments: Iterable[str],
    *,
    all_files: bool = False,
    known: Sequence[GenomeSource] = (),
    leave_out: str = "",
) -> Listing:
    """List folders (recursively), files, globs, tar and zip files and URIs, in the order given.

    Folders are listed in the order of their sorted relative paths, tar and zip files in
    their own.
    ``known`` are inputs planned before: they keep their names, found again or not. The folder
    ``leave_out`` (the archive, which may lie in the corpus) is passed by.
    Nothing raises: what cannot be listed is among the problems.
    """
    lister = _Lister(all_files, leave_out)
    for argument in arguments:
        lister.add(argument)
    names = {(source.path, source.member): source.name for source in known}
    fresh = [f for f in lister.found.values() if (f.path, f.member) not in names]
    assigned = assign_names([Candidate(f.relative, f.corpus) for f in fresh], set(names.values()))
    taken = set(names.values())
    others = {}
    for item, name in zip(fresh, assigned, strict=True):
        if (wanted := own_name(item.relative)) in taken:
            others[name] = wanted
        names[item.path, item.member] = name
    sources = [
        GenomeSource(names[f.path, f.member], f.path, f.member, f.size, f.mtime_ns)
        for f in lister.found.values()
    ]
    return Listing(sources, lister.problems, lister.passed_over, others)


class _Lister:
    def __init__(self, all_files: bool, leave_out: str) -> None:
        self._all_files = all_files
        self._leave_out = os.path.realpath(leave_out) if leave_out else ""
        self.found: dict[tuple[str, str], _Found] = {}
        # Paths that the argument just looked at stands for, found before or not.
        self._met: list[str] = []
        # Of a package whose genomes are named one by one, each a folder, the sums are read once.
        self._sums = lru_cache(maxsize=64)(lambda root: sorted(ncbi.folder_sums(root)))
        self.problems: list[Problem] = []
        self.passed_over = 0

    def add(self, argument: str) -> None:
        """Add whatever a CORPUS argument stands for."""
        problems = len(self.problems)
        self._met.clear()
        try:
            location = absolute(argument)
            if (meant := url_meant(argument)) and not os.path.exists(location):  # noqa: PTH110
                raise InputError(f"a URL has two slashes: {meant}")
            if is_glob(location):
                self._add_glob(location)
            elif (found := facts(location)) is None:
                self._add_folder(location)
            else:
                self._add_named_file(found)
        except (InputError, UsageError) as error:
            self._problem(argument, str(error).removeprefix(f"{argument}: "))
            return
        except (OSError, ValueError, RecursionError) as error:
            self._problem(argument, f"cannot be listed ({one_line(error)})")
            return
        if not self._met and len(self.problems) == problems:
            self._problem(argument, "no FASTA files found there (--all-files takes any file)")

    def _problem(self, source: str, error: str) -> None:
        self.problems.append(Problem(source, error))

    def _add_named_file(self, found: FileFacts) -> None:
        """Take a file the user named himself, whatever its suffix."""
        name, parent = _last_parts(found.location)
        if is_tar(name) or is_zip(name) or is_container(name):
            self._add_bundle(found, prefix="", corpus=strip_bundle(name))
        else:
            self._add_file(found, name, parent)

    def _add_file(self, found: FileFacts, relative: str, corpus: str) -> None:
        self._met.append(found.location)
        item = _Found(relative, corpus, found.location, "", found.size, found.mtime_ns)
        self.found.setdefault((item.path, ""), item)

    def _add_listed(self, found: FileFacts, relative: str, corpus: str) -> None:
        """Take a file met in a folder if it looks like FASTA or is a tar or zip file."""
        if is_tar(relative) or is_zip(relative):
            self._add_bundle(found, strip_bundle(relative) + "/", corpus)
        elif self._all_files or looks_like_fasta(relative):
            self._add_file(found, ncbi.short_path(relative), corpus)
        else:
            self.passed_over += 1

    def _add_folder(self, location: str) -> None:
        corpus = _last_parts(location)[0]
        if is_url(location):
            root = split_url(location).path.rstrip("/") + "/"
            for found in walk_url(location):
                relative = split_url(found.location).path.removeprefix(root)
                if not any(part.startswith(".") for part in relative.split("/")):
                    self._add_listed(found, relative, corpus)
            return
        first = len(self._met)
        for path in self._walk(location):
            relative = os.path.relpath(path, location).replace(os.sep, "/")
            try:
                entry = facts(path)
            except InputError as error:
                if Path(path).is_symlink() or self._all_files or looks_like_fasta(path):
                    self._problem(path, str(error).removeprefix(f"{path}: "))
                else:
                    self.passed_over += 1
                continue
            if entry is not None:
                self._add_listed(entry, relative, corpus)
        self._complete(location, self._met[first:])

    def _complete(self, folder: str, there: Iterable[str]) -> None:
        """Tell what the unpacked NCBI packages in or around a folder lack; ``there`` is in it."""
        packages: dict[str, list[str]] = {folder + "/": []}
        for path in there:
            if (package := ncbi.split_package(path)) is not None:
                packages.setdefault(package[0], []).append(package[1])
        for root, present in packages.items():
            below = folder.removeprefix(root) + "/" if folder.startswith(root) else ""
            self._missing(ncbi.below(self._sums(root), below), present, root)

    def _walk(self, root: str) -> list[str]:
        """Return all files below a folder, links followed (but not in circles), hidden ones not."""

        def unreadable(error: OSError) -> None:
            self._problem(str(error.filename), f"{system_reason(error)}; the folder is left out")

        paths: list[str] = []
        seen: set[str] = set()
        for folder, folders, files in os.walk(root, onerror=unreadable, followlinks=True):
            real = os.path.realpath(folder)
            if real in seen or real == self._leave_out:
                folders.clear()
                continue
            seen.add(real)
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            paths += [str(Path(folder, name)) for name in files if not name.startswith(".")]
        return sorted(paths, key=_parts)

    def _add_glob(self, location: str) -> None:
        if is_url(location):
            uri = split_url(location)
            fixed = fixed_part(uri.path)
            for found in walk_url(uri.at(fixed)):
                path = split_url(found.location).path
                if matches(path, uri.path):
                    relative = path.removeprefix(fixed).lstrip("/")
                    self._add_listed(found, relative, PurePosixPath(fixed).name)
        else:
            fixed = fixed_part(location)
            matched = sorted(glob.glob(location, recursive=True), key=_parts)  # noqa: PTH207
            for path in matched:
                try:
                    entry = facts(path)
                except InputError as error:
                    self._problem(path, str(error).removeprefix(f"{path}: "))
                    continue
                relative = os.path.relpath(path, fixed or ".").replace(os.sep, "/")
                if entry is None:
                    # A folder matched by ** is there by its files; one matched by name is listed.
                    if "**" not in location:
                        self._add_folder(path)
                elif is_tar(path) or is_zip(path) or is_container(path):
                    self._add_bundle(entry, strip_bundle(relative) + "/", PurePosixPath(fixed).name)
                else:
                    self._add_file(entry, relative, PurePosixPath(fixed).name)
            if not matched:
                raise InputError(f"{location}: the pattern matches nothing")

    def _add_bundle(self, found: FileFacts, prefix: str, corpus: str) -> None:
        """List the members of a tar or zip file, or the genomes of a container, in its order."""
        kind, list_members = "tar", tar_members
        if is_zip(found.location):
            kind, list_members = "zip", zip_members
        elif is_container(found.location):
            kind, list_members = "container", genome_members
        seen: set[str] = set()
        taken = False
        sums: list[str] = []
        members: Iterable[tuple[str, int | None]] = list_members(found.location)
        try:
            for name, size in members:
                label = f"{found.location}::{name}"
                if PurePosixPath(name).name.startswith("."):
                    continue
                if size is None:
                    if self._all_files or looks_like_fasta(name):
                        self._problem(label, "a link or device, no file; name what it stands for")
                    else:
                        self.passed_over += 1
                    continue
                if not (self._all_files or looks_like_fasta(name) or kind == "container"):
                    self.passed_over += 1
                    continue
                if name in seen:
                    self._problem(label, "a second member of this name; only the first is taken")
                    continue
                seen.add(name)
                taken = True
                relative = prefix + ncbi.short_path(name)
                item = _Found(relative, corpus, found.location, name, size, found.mtime_ns)
                self.found.setdefault((item.path, item.member), item)
            if kind == "zip":
                sums = sorted(ncbi.zip_sums(found.location, found.mtime_ns))
        except InputError as error:
            self._problem(found.location, str(error).removeprefix(f"{found.location}: "))
            return
        if taken:
            self._met.append(found.location)
        lost = self._missing(sums, seen, f"{found.location}::")
        if not taken and not lost:
            self._problem(found.location, f"no FASTA files in this {kind}")

    def _missing(self, listed: Iterable[str], present: Iterable[str], root: str) -> bool:
        """Tell what a package's md5sum.txt lists and the package lacks; whether there is any."""
        lost = [path for path in ncbi.missing(listed, present) if looks_like_fasta(path)]
        for path in lost:
            self._problem(
                root + path,
                "md5sum.txt lists it and it is not there; 'datasets rehydrate' fetches it",
            )
        return bool(lost)


def _parts(path: str) -> tuple[str, ...]:
    """Return the parts of a path, the key that files of a folder are sorted by."""
    return PurePosixPath(path).parts


def _last_parts(location: str) -> tuple[str, str]:
    """Return the last part of a location and the one before it."""
    path = split_url(location).path if is_url(location) else location
    pure = PurePosixPath(path)
    return pure.name, pure.parent.name
