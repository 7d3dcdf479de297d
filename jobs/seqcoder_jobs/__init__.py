"""What a user of seqcoder runs: plan, submit, status, verify, extract.

From Python, ``seqcoder_jobs.open_archive(folder)`` gives all genomes of an archive by name. What is
below is imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqcoder_jobs.reading.archive_reader import OpenArchive, open_archive

_HOMES = {"OpenArchive": "reading.archive_reader", "open_archive": "reading.archive_reader"}

__all__ = ["OpenArchive", "open_archive"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'seqcoder_jobs' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"seqcoder_jobs.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
