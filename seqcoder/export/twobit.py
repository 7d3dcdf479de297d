"""2bit, the sequence format of the UCSC tools (https://genome.ucsc.edu/FAQ/FAQformat.html#format7).

Bases in two bits, N and lower case as runs; headers are cut to their first word, line lengths are
not kept, and other letters than A, C, G, T and N cannot be written at all.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from seqcoder.errors import InputError

_SIGNATURE = 0x1A412743
_FOREIGN, _UNKNOWN = 5, 4
# T C A G are 0 1 2 3; by letter, upper or lower case.
_CODES = np.full(256, _FOREIGN, np.uint8)
for _code, _letters in enumerate((b"Tt", b"Cc", b"Aa", b"Gg", b"Nn")):
    _CODES[list(_letters)] = _code


def write_2bit(out: BinaryIO, records: Iterable[tuple[bytes, bytes]], where: str) -> int:
    """Write records (name, residues) as one 2bit file; returns how many.

    All records are held in memory, in two bits per base. ``where`` is named in errors.

    Raises:
        InputError: a letter 2bit has no place for, two records of one name, a name longer than
            255 bytes, no records, or more than 4 GiB.
    """
    packed: dict[bytes, bytes] = {}
    for name, residues in records:
        label = name.decode("utf-8", "replace")
        if name in packed:
            raise InputError(
                f"{where}: two records are called {label!r}, which a 2bit file cannot hold; "
                "extract them one by one, or as --format fa"
            )
        if not 0 < len(name) < 256:
            raise InputError(f"{where}: record name {label[:40]!r}...: 2bit takes 1 to 255 bytes")
        packed[name] = _pack(residues, f"{where}: record {label!r}")
    if not packed:
        raise InputError(f"{where}: no FASTA records, so no 2bit file; take --format fa")
    offset = 16 + sum(5 + len(name) for name in packed)
    if offset + sum(map(len, packed.values())) > 0xFFFFFFFF:
        raise InputError(f"{where}: more than 4 GiB, which 2bit cannot hold; extract fewer records")
    out.write(struct.pack("<4I", _SIGNATURE, 0, len(packed), 0))
    for name, data in packed.items():
        out.write(struct.pack("B", len(name)) + name + struct.pack("<I", offset))
        offset += len(data)
    out.writelines(packed.values())
    return len(packed)


def _pack(residues: bytes, where: str) -> bytes:
    """Return a record as 2bit has it: size, runs of N, runs of lower case, bases."""
    letters = np.frombuffer(residues, np.uint8)
    codes = _CODES[letters]
    foreign = np.flatnonzero(codes == _FOREIGN)
    if len(foreign):
        at = int(foreign[0])
        raise InputError(
            f"{where}: {chr(letters[at])!r} at residue {at + 1}; 2bit holds A, C, G, T and N "
            f"only ({len(foreign)} others here); take --format fa"
        )
    unknown = codes == _UNKNOWN
    bases = np.where(unknown, 0, codes).astype(np.uint8)
    bases = np.concatenate([bases, np.zeros(-len(bases) % 4, np.uint8)]).reshape(-1, 4)
    quads = bases @ np.array([64, 16, 4, 1], np.uint8)
    runs = _runs(unknown) + _runs(letters >= ord("a"))
    return struct.pack("<I", len(letters)) + runs + bytes(4) + quads.astype(np.uint8).tobytes()


def _runs(marked: NDArray[np.bool_]) -> bytes:
    """Return runs of True: their number, starts and lengths, as uint32."""
    edges = np.flatnonzero(np.diff(marked, prepend=False, append=False))
    starts, stops = edges[::2], edges[1::2]
    return np.concatenate([[len(starts)], starts, stops - starts]).astype("<u4").tobytes()
