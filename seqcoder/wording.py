"""Words that users see."""

from __future__ import annotations

from collections.abc import Sequence


def count_of(number: int, noun: str) -> str:
    """Return a number and what it counts: ``1 genome``, ``12 genomes``.

    >>> count_of(1, "genome"), count_of(2, "genome")
    ('1 genome', '2 genomes')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: Sequence[str], most: int) -> str:
    """Return names in a row, the first ``most`` of them.

    >>> listed(["a", "b", "c"], 2)
    'a, b, ...'
    """
    return ", ".join([*names[:most], *(["..."] if len(names) > most else [])])
