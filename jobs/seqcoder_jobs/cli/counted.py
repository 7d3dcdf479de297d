"""``--stats``: what object stores were asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from seqcoder.cli.common import say
from seqcoder.storage.counts import COUNTS


@contextmanager
def counted(stats: bool) -> Iterator[None]:
    """Tell on standard error, at the end of the block, what stores were asked for in it."""
    try:
        yield
    finally:
        if stats:
            say(f"seqcoder-ray: {COUNTS}", error=True)
