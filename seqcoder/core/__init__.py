"""The native core: what is hot, sequential and integer, in C++ (``src/``).

Arrays go in and out; what each function takes and gives is in ``__init__.pyi``. No policy, no
I/O. The core is built twice, ``_portable`` for any processor and ``_v3`` for x86-64-v3 (AVX2);
both compute the same. ``SEQCODER_CPU`` (``portable`` or ``v3``) forces one.
"""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

from seqcoder.errors import UsageError


def _load() -> ModuleType:
    try:
        portable = import_module("seqcoder.core._portable")
    except ModuleNotFoundError as error:
        raise ImportError(
            "seqcoder's native core is not built; install seqcoder with pip "
            "('python -m pip install .' in the source tree)"
        ) from error
    able = ("portable", "v3") if portable.supports_v3() else ("portable",)
    wanted = os.environ.get("SEQCODER_CPU") or able[-1]
    if wanted not in able:
        raise UsageError(
            f"SEQCODER_CPU={wanted}: no build for this processor; there are: {', '.join(able)}"
        )
    return portable if wanted == "portable" else import_module("seqcoder.core._v3")


_chosen = _load()
#: The build in use: ``portable`` or ``v3``.
VARIANT = _chosen.__name__.rpartition("._")[2]
globals().update({name: value for name, value in vars(_chosen).items() if name[0] != "_"})
