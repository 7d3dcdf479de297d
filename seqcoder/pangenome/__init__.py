"""Archives of relatives: a pan-genome stored once, every genome a walk over it.

In come a genome's bases and the base space of those before it; out come the bases that are new
and a walk, which gives the genome back. Relatives are found by sketches (``minhash``, ``grouping``,
``parents``), walks are made by ``build`` and read by ``walk_reading``. What is heavy is imported
when first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqcoder.pangenome.walk import Fetch, Walk

if TYPE_CHECKING:
    from seqcoder.pangenome.build import Added, PanGenome
    from seqcoder.pangenome.grouping import arrange, group
    from seqcoder.pangenome.minhash import sketch
    from seqcoder.pangenome.walk_reading import read_walk

__all__ = ["Added", "Fetch", "PanGenome", "Walk", "arrange", "group", "read_walk", "sketch"]

_HOMES = {
    "Added": "build",
    "PanGenome": "build",
    "arrange": "grouping",
    "group": "grouping",
    "read_walk": "walk_reading",
    "sketch": "minhash",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
