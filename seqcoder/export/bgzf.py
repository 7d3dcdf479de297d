"""BGZF, the blocked gzip of samtools (SAM specification, section 4.1), written with zlib.

A file is gzip members of at most 64 KiB, each telling its own size in an extra field, and an empty
one at the end. ``samtools faidx`` and ``bgzip -r`` index such a file; gzip reads it as usual.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# What zlib makes of this fits into 64 KiB whatever it is.
_BLOCK = 65280
_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def block(data: bytes) -> bytes:
    """Return at most 65,280 bytes as one BGZF block."""
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = deflater.compress(data) + deflater.flush()
    # gzip header with the extra field BC: the size of the whole block less one.
    head = struct.pack("<4BI2BH2B2H", 31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, len(packed) + 25)
    return head + packed + struct.pack("<2I", zlib.crc32(data), len(data))


class BgzfWriter(io.RawIOBase):
    """Writes blocks to ``out``, and the empty one when it is closed; ``out`` stays open."""

    def __init__(self, out: BinaryIO | io.RawIOBase) -> None:
        """Begin at ``out``'s present place."""
        self._out = out
        self._held = bytearray()
        self._failed = False

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Take bytes; whole blocks are written at once."""
        self._held += memoryview(data).cast("B")
        whole = len(self._held) // _BLOCK * _BLOCK
        try:
            for at in range(0, whole, _BLOCK):
                self._out.write(block(bytes(self._held[at : at + _BLOCK])))
        except BaseException:
            self._failed = True
            raise
        del self._held[:whole]
        return memoryview(data).nbytes

    def close(self) -> None:
        """Write what is held and the end-of-file block; nothing where a write has failed."""
        if not (self.closed or self._failed):
            if self._held:
                self._out.write(block(bytes(self._held)))
                self._held.clear()
            self._out.write(_END)
        super().close()
