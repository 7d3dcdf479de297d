"""Lossless compression of prokaryotic genome archives.

>>> import seqcoder
>>> container = seqcoder.compress_bytes({"tiny.fa": b">one\\nACGTACGTNN\\n"})
>>> with seqcoder.open(container) as genomes:
...     genomes["tiny.fa"]["one"][2:10]
'GTACGTNN'

Everything below is imported when first used, so that ``import seqcoder`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqcoder.api import append, compress, compress_bytes, copy_genomes
    from seqcoder.errors import (
        FormatError,
        InputError,
        IntegrityError,
        ModelError,
        NotFoundError,
        ReferenceMissingError,
        SeqcoderError,
        UsageError,
    )
    from seqcoder.reading.genome import Genome
    from seqcoder.reading.opening import open
    from seqcoder.reading.reader import Container
    from seqcoder.reading.record import Record
    from seqcoder.reading.restoring import decompress
    from seqcoder.reading.verification import Verification, verify
    from seqcoder.settings import Settings
    from seqcoder.version import __version__ as __version__

_HOMES = {
    "__version__": "version",
    "append": "api",
    "compress": "api",
    "compress_bytes": "api",
    "copy_genomes": "api",
    "decompress": "reading.restoring",
    "open": "reading.opening",
    "Container": "reading.reader",
    "Genome": "reading.genome",
    "Record": "reading.record",
    "Settings": "settings",
    "Verification": "reading.verification",
    "verify": "reading.verification",
    "FormatError": "errors",
    "InputError": "errors",
    "IntegrityError": "errors",
    "ModelError": "errors",
    "NotFoundError": "errors",
    "ReferenceMissingError": "errors",
    "SeqcoderError": "errors",
    "UsageError": "errors",
}

__all__ = [
    "Container",
    "FormatError",
    "Genome",
    "InputError",
    "IntegrityError",
    "ModelError",
    "NotFoundError",
    "Record",
    "ReferenceMissingError",
    "SeqcoderError",
    "Settings",
    "UsageError",
    "Verification",
    "append",
    "compress",
    "compress_bytes",
    "copy_genomes",
    "decompress",
    "open",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'seqcoder' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"seqcoder.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
