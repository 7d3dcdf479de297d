"""What inputs are called in an archive: relative, unique, the same whatever machine lists them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import count, islice

from seqcoder.storage.names import spell
from seqcoder.writing.genome_source import strip_compression

_SUFFIXES = (".fa", ".fna", ".fasta", ".fas", ".ffn", ".faa", ".frn", ".fsa", ".seq", ".aln")
_TAR_SUFFIXES = (
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.zst",
    ".tar.zstd",
    ".tzst",
    ".tar.xz",
    ".txz",
    ".tar.bz2",
    ".tbz2",
)


@dataclass(frozen=True)
class Candidate:
    """An input to be named: its path relative to its CORPUS, and that corpus's folder name."""

    relative: str
    corpus: str


def looks_like_fasta(name: str) -> bool:
    """Whether a file name has one of the FASTA suffixes, maybe behind a compression suffix."""
    return strip_compression(name).lower().endswith(_SUFFIXES)


def is_tar(name: str) -> bool:
    """Whether a file name is that of a tar file, compressed or not."""
    return name.lower().endswith(_TAR_SUFFIXES)


def is_zip(name: str) -> bool:
    """Whether a file name is that of a zip file."""
    return name.lower().endswith(".zip")


def strip_bundle(name: str) -> str:
    """Return a tar or zip file's name without its suffixes."""
    for suffix in (*sorted(_TAR_SUFFIXES, key=len, reverse=True), ".zip"):
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def plain_name(text: str) -> str:
    """Return ``text`` as a relative path with ``/`` that a container accepts.

    Empty parts, ``.`` and ``..`` fall away; what is odd is spelt (``storage.names``).
    """
    parts = [part for part in text.split("/") if part not in ("", ".", "..")]
    return spell("/".join(parts)) or "unnamed"


def assign_names(candidates: Sequence[Candidate], taken: Collection[str] = ()) -> list[str]:
    """Return a unique name for each candidate, none of them among ``taken``.

    A name is the relative path without compression suffix. Those who would share one are told
    apart, all of them alike, by the first of these that does: the corpus's folder name before
    it, the compression suffix kept, both, a number behind it.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for i, candidate in enumerate(candidates):
        groups[own_name(candidate.relative)].append(i)
    used = set(taken)
    names = [""] * len(candidates)
    clashing: list[list[int]] = []
    for name, members in groups.items():
        if len(members) == 1 and name not in used:
            names[members[0]] = name
        else:
            clashing.append(members)
    used.update(name for name in names if name)
    for members in clashing:
        for i, name in zip(
            members, _told_apart([candidates[i] for i in members], used), strict=True
        ):
            names[i] = name
            used.add(name)
    return names


def own_name(relative: str) -> str:
    """Return what an input is called, by its path relative to its CORPUS, if no other is so."""
    return plain_name(strip_compression(relative))


def _told_apart(clashing: Sequence[Candidate], used: Collection[str]) -> list[str]:
    ways = (
        [plain_name(f"{c.corpus}/{strip_compression(c.relative)}") for c in clashing],
        [plain_name(c.relative) for c in clashing],
        [plain_name(f"{c.corpus}/{c.relative}") for c in clashing],
    )
    for names in ways:
        if len(set(names)) == len(names) and not any(name in used for name in names):
            return names
    # All of them have one stripped name, and no others have it: the numbers only rise.
    stem = own_name(clashing[0].relative)
    free = (name for number in count(1) if (name := f"{stem}~{number}") not in used)
    return list(islice(free, len(clashing)))
