"""Globs, on file systems and in object stores."""

from __future__ import annotations

import fnmatch
import glob
import os

from seqcoder.storage.url import is_url, split_url


def is_glob(argument: str) -> bool:
    """Whether an argument is a pattern and not the name of something that exists."""
    if is_url(argument):
        return any(c in split_url(argument).path for c in "*?[")
    return glob.has_magic(argument) and not os.path.lexists(argument)


def fixed_part(pattern: str) -> str:
    """Return the folders of a pattern before its first wildcard."""
    fixed: list[str] = []
    for part in pattern.split("/")[:-1]:
        if glob.has_magic(part):
            break
        fixed.append(part)
    return "/".join(fixed)


def matches(path: str, pattern: str) -> bool:
    """Match part by part: ``*`` does not cross ``/``; a part ``**`` is any number of them."""
    parts = path.split("/")
    ends = {0}  # how many parts the pattern so far may have matched
    for wanted in pattern.split("/"):
        if wanted == "**":
            ends = set(range(min(ends), len(parts) + 1))
        else:
            ends = {
                at + 1 for at in ends if at < len(parts) and fnmatch.fnmatchcase(parts[at], wanted)
            }
        if not ends:
            return False
    return len(parts) in ends
