"""Standard input, read to its end."""

from __future__ import annotations

import contextlib
import io
import os
import sys

from seqcoder.circumstances import system_reason
from seqcoder.errors import InputError
from seqcoder.storage.devices import check_ends


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
        with contextlib.suppress(io.UnsupportedOperation):  # it may stand for something in memory
            check_ends(os.fstat(sys.stdin.fileno()), "standard input")
        return sys.stdin.buffer.read()
    except OSError as error:
        raise InputError(f"standard input: {system_reason(error)}") from None
