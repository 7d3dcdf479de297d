"""Archives of relatives: a pan-genome stored once, every genome a walk over it."""

from seqcoder.pangenome.walk import Fetch, Walk

__all__ = ["Fetch", "Walk"]
