"""Opening a container wherever it lies: ``seqcoder.open``."""

from __future__ import annotations

import os
from typing import Any, BinaryIO, cast

from seqcoder.errors import UsageError
from seqcoder.reading.reader import Container
from seqcoder.storage.remote import RangedFile, is_url

AnyPath = str | os.PathLike[str]


def open(source: AnyPath | bytes | BinaryIO, *, threads: int = 0, **options: Any) -> Container:
    """Open a container for reading.

    Args:
        source: a path, the bytes themselves, a URL (``s3://``, ``https://``; needs fsspec), or any
            seekable binary file, such as ``pyarrow.fs.FileSystem.open_input_file`` returns. Of a
            URL only the ranges needed are fetched.
        threads: chunks decoded at a time, 0: all cores.
        options: for a URL, options of the fsspec file system.

    Raises:
        InputError: it cannot be read or is no container.
        IntegrityError: its index is damaged.
    """
    if is_url(source):
        source = cast(BinaryIO, RangedFile(str(source), **options))
    elif options:
        raise UsageError(f"{', '.join(options)}: options are for URLs only")
    return Container(source, threads=threads)
