"""Opening a container wherever it lies: ``seqcoder.open``."""

from __future__ import annotations

import os
from typing import BinaryIO

from seqcoder.errors import UsageError
from seqcoder.reading.reader import Container
from seqcoder.storage.range_source import RangeSource
from seqcoder.storage.url import is_url

AnyPath = str | os.PathLike[str]


def open(source: AnyPath | bytes | BinaryIO, *, threads: int = 0, **options: str) -> Container:
    """Open a container for reading.

    Args:
        source: a path, the bytes themselves, a URL (``https://``; ``s3://``, ``gs://``, ``az://``
            with ``seqcoder[remote]``), or any seekable binary file, such as ``fsspec.open`` or
            ``pyarrow.fs.FileSystem.open_input_file`` return. Of a URL only the ranges needed are
            fetched.
        threads: chunks decoded at a time, 0: all cores.
        options: for a URL of an object store, options of obstore: ``region="eu-central-1"``,
            ``skip_signature="true"``.

    Raises:
        InputError: it cannot be read or is no container.
        IntegrityError: its index is damaged.
    """
    if options and not is_url(source):
        raise UsageError(f"{', '.join(options)}: options are for URLs only")
    return Container(RangeSource(source, **options), threads=threads)
