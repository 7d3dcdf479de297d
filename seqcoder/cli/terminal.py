"""Names on a terminal: what would command it is made visible.

A name of a file or record may hold ESC, BEL and worse, which move the cursor, set titles, or turn
the text around it. Into a file or pipe all goes as it is.
"""

from __future__ import annotations

import codecs
import io
from typing import Any, TextIO

from seqcoder.wording import shown


class TerminalWriter(io.RawIOBase):
    """Bytes of text for a terminal."""

    def __init__(self, out: TextIO) -> None:
        """``out`` is the terminal; it stays open."""
        self._out = out
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: Any) -> int:
        """Write bytes; returns how many."""
        view = memoryview(data).cast("B")
        self._out.write(shown(self._decoder.decode(bytes(view))))
        return len(view)
