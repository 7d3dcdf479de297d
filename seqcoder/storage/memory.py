"""How much memory reading a container may take: what it declares is held against a limit.

A container of a few bytes may honestly hold a very long file of one letter, so no ratio tells a
bomb from data. There is a limit instead, checked before memory is taken: 2 GiB, or 48 times the
size of the container where that is more (an ordinary genome, a fifth of its size when compressed,
needs 20 to 32 times its container's bytes), or what ``SEQCODER_MEMORY`` says ("8G").
"""

from __future__ import annotations

import os

from seqcoder.errors import MemoryLimitError, UsageError
from seqcoder.settings import parse_size

VARIABLE = "SEQCODER_MEMORY"
FLOOR = 2 << 30
NO_LIMIT = 1 << 62
PER_CONTAINER_BYTE = 48

# Peak bytes for each byte or base of what is declared, measured (docs/reliability.md).
PER_FILE_BYTE = 6
PER_SIDE_BYTE = 48
PER_WALK_BYTE = 16
PER_STORED_BYTE = 3


def memory_limit(container_bytes: int) -> int:
    """Return the limit in bytes for a container of so many; UsageError if the variable is wrong."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        return max(FLOOR, PER_CONTAINER_BYTE * container_bytes)
    try:
        return parse_size(text)
    except UsageError as error:
        raise UsageError(f"{VARIABLE}: {error}") from None


def check_memory(need: int, limit: int, what: str) -> None:
    """Raise MemoryLimitError, naming ``what``, if it needs more bytes than the limit."""
    if need > limit:
        gib = -(-need // (1 << 30))
        raise MemoryLimitError(
            f"{what}: needs some {gib} GiB of memory by what the container says, more than the "
            f"{limit >> 20} MiB that one of its size may take; if you trust it, set "
            f"{VARIABLE}={gib}G"
        )
