"""Whether numba has the kernels in its cache, found out without importing numba.

A first use compiles for some seconds, and whoever waits should be told why. A wrong guess
costs a message too many or too few, nothing else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folders() -> Iterator[Path]:
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        yield from (p for p in Path(chosen).glob("*") if p.is_dir())
        return
    yield _PACKAGE / "__pycache__"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    yield from (p for p in (home / "numba").glob("*") if p.is_dir())


def is_compiled(module: str) -> bool:
    """Whether a kernel module of this package is loaded already or in numba's cache."""
    if f"seqcoder.coder.{module}" in sys.modules:
        return True
    stamp = (_PACKAGE / f"{module}.py").stat().st_mtime
    for folder in _folders():
        if folder.name != "__pycache__" and "coder" not in folder.name:
            continue
        # The code's file is written anew at every compilation, the index beside it not always.
        if any(code.stat().st_mtime >= stamp for code in folder.glob(f"{module}.*.nbc")):
            return True
    return False
