"""Unsigned LEB128 integers, the only variable-length integers of the format."""

from __future__ import annotations

from seqcoder.errors import IntegrityError

_MAX_BYTES = 9  # 63 bits: every value fits an int64


def put_varint(out: bytearray, value: int) -> None:
    """Append ``value`` (0 to 2**63 - 1) to ``out`` as LEB128."""
    if not 0 <= value < 1 << 63:
        raise ValueError(f"varint out of range: {value}")
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


class ByteReader:
    """Reads a byte string from front to back; running past its end is an IntegrityError."""

    def __init__(self, data: bytes | memoryview, what: str) -> None:
        """``what`` names the data in error messages, for example "index of x.sqc"."""
        self._data = memoryview(data)
        self.position = 0
        self.what = what

    def __len__(self) -> int:
        """Bytes not yet read."""
        return len(self._data) - self.position

    def take(self, count: int) -> bytes:
        """Return the next ``count`` bytes."""
        if count < 0 or count > len(self):
            raise IntegrityError(
                f"{self.what}: {count} bytes wanted at byte {self.position}, {len(self)} are left; "
                "the data are damaged"
            )
        self.position += count
        return bytes(self._data[self.position - count : self.position])

    def u8(self) -> int:
        """Read one byte."""
        return self.take(1)[0]

    def varint(self, most: int = (1 << 63) - 1) -> int:
        """Read one LEB128 integer of at most ``most``."""
        value = shift = 0
        for _ in range(_MAX_BYTES):
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value > most:
                    break
                return value
            shift += 7
        raise IntegrityError(
            f"{self.what}: impossible number before byte {self.position}; the data are damaged"
        )

    def text(self) -> str:
        """Read a varint length and so many bytes of UTF-8."""
        raw = self.take(self.varint())
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise IntegrityError(
                f"{self.what}: text before byte {self.position} is not UTF-8; the data are damaged"
            ) from None

    def finish(self) -> None:
        """Raise IntegrityError unless everything has been read."""
        if len(self):
            raise IntegrityError(
                f"{self.what}: {len(self)} bytes too many at byte {self.position}; "
                "the data are damaged"
            )


def put_bytes(out: bytearray, data: bytes) -> None:
    """Append a varint length and ``data``."""
    put_varint(out, len(data))
    out += data
