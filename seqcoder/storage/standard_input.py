"""Standard input, read to its end."""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Iterator
from typing import BinaryIO

from seqcoder.circumstances import system_reason
from seqcoder.errors import InputError
from seqcoder.storage.devices import check_ends

_PIECE = 1 << 20


class StandardInput(io.BytesIO):
    """All of standard input, as a file that tells what it is."""

    name = "standard input"


def read_standard_input() -> bytes:
    """Return all bytes of standard input.

    Raises
    ------
    InputError
        When it is closed or cannot be read.
    """
    if sys.stdin is None:
        raise InputError("standard input: is closed; redirect it, or name a file")
    try:
        try:
            descriptor = sys.stdin.fileno()
        except io.UnsupportedOperation:  # it stands for something in memory
            return sys.stdin.buffer.read()
        check_ends(os.fstat(descriptor), "standard input")
        return b"".join(_pieces(sys.stdin.buffer, descriptor))
    except OSError as error:
        raise InputError(f"standard input: {system_reason(error)}") from None


def _pieces(file: BinaryIO, descriptor: int) -> Iterator[bytes]:
    """Yield what comes until the end.

    Another process may have made the pipe non-blocking: then nothing there is not the end.
    """
    while (data := file.read(_PIECE)) != b"":
        if data is None:
            select.select([descriptor], [], [])
        else:
            yield data
