"""The builds of the native core that this machine runs: tests of exactness run on each."""

from importlib import import_module

from seqcoder import core

BUILDS = [
    import_module(f"seqcoder.core._{name}")
    for name in ("portable", "v3")
    if name == "portable" or core.supports_v3()
]
