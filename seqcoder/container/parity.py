"""Parity beside a container: FILE.sqc.par mends what is damaged or cut off, to the last bit.

The container is cut into blocks; ``k`` blocks, each far from the others, and ``m`` blocks computed
from them are a stripe, of which any ``m`` may be lost (Reed-Solomon with a Cauchy matrix; pyeclib,
the erasure codes of OpenStack's object store, does the arithmetic). Neighbouring blocks are in
different stripes, so that one burst may be m / k of the file. Each block has a digest, which tells
the damaged ones. Bytes lost or inserted in the middle, which move all behind them, are not mended.

A parity file is: its head; the parity blocks, stripe by stripe; the head again; the head's length
(u32) and "SQCP". The head: the signature, varints (block size, k, m, size of the container), its
SHA-256, digest8 of each block and of each parity block, digest8 of all this.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from seqcoder.circumstances import system_reason
from seqcoder.container.frames import digest8
from seqcoder.errors import InputError, IntegrityError, UsageError
from seqcoder.storage.atomic import atomic_file
from seqcoder.storage.checksum import file_sha256
from seqcoder.storage.varint import ByteReader, put_varint

SUFFIX = ".par"
DEFAULT_PERCENT = 5
_SIGNATURE, _END = b"SQCPAR1\n", b"SQCP"
_MOST_BLOCKS = 2048
_LEAST_BLOCK, _MOST_BLOCK = 1 << 10, 1 << 24
_MOST_IN_STRIPE = 32  # what the library takes
_FRAGMENT_HEAD = 80  # what the library puts before each block


@dataclass(frozen=True)
class Parity:
    """The head of a parity file."""

    block: int
    k: int
    m: int
    size: int
    sha256: bytes
    digests: tuple[bytes, ...]
    parity_digests: tuple[bytes, ...]
    head_length: int = 0

    @property
    def stripes(self) -> int:
        """Number of stripes; block i belongs to stripe i modulo this."""
        return -(-len(self.digests) // self.k)

    def pack(self) -> bytes:
        """Return the head's bytes."""
        out = bytearray(_SIGNATURE)
        for value in (self.block, self.k, self.m, self.size):
            put_varint(out, value)
        out += self.sha256 + b"".join(self.digests) + b"".join(self.parity_digests)
        return bytes(out) + digest8(bytes(out))


@dataclass(frozen=True)
class Mending:
    """What came of mending: blocks found damaged, blocks put right; ``whole``: all is well."""

    damaged: int
    mended: int
    whole: bool


def parity_path(container: Path) -> Path:
    """Return where the parity of a container is."""
    return container.with_name(container.name + SUFFIX)


def shape(percent: float) -> tuple[int, int]:
    """Return (k, m): of ``k`` blocks and ``m`` of parity any m may be lost; UsageError."""
    if not 3 <= percent <= 100:
        raise UsageError(f"parity of {percent} %: choose from 3 to 100")
    m = max(1, int(_MOST_IN_STRIPE * percent / (100 + percent)))
    return min(_MOST_IN_STRIPE - m, max(1, round(100 * m / percent))), m


def is_available() -> bool:
    """Whether the library that computes parity is installed."""
    return find_spec("pyeclib") is not None


def _driver(k: int, m: int) -> Any:
    try:
        from pyeclib.ec_iface import ECDriver
    except ImportError:
        raise UsageError(
            "parity needs the package pyeclib; install it with: pip install 'seqcoder[parity]'"
        ) from None
    return ECDriver(k=k, m=m, ec_type="isa_l_rs_cauchy")


def _block(file: BinaryIO, number: int, size: int) -> bytes:
    """Return a block, filled up with zeros behind the end of the file."""
    file.seek(number * size)
    return file.read(size).ljust(size, b"\0")


def write_parity(container: Path, percent: float = DEFAULT_PERCENT, force: bool = False) -> Path:
    """Write the parity of a container beside it; returns its path.

    Raises UsageError where it exists and ``force`` is not set, InputError where the container
    cannot be read. The caller must check the container first: parity of damage keeps the damage.
    """
    k, m = shape(percent)
    out = parity_path(container)
    if out.exists() and not force:
        raise UsageError(f"{out}: exists already; use --force to replace it")
    driver = _driver(k, m)
    try:
        sha256 = bytes.fromhex(file_sha256(container))
        with container.open("rb") as file:
            size = file.seek(0, 2)
            block = _LEAST_BLOCK
            while block * _MOST_BLOCKS < size and block < _MOST_BLOCK:
                block *= 2
            n = max(1, -(-size // block))
            digests = [digest8(_block(file, i, block)) for i in range(n)]
            stripes = -(-n // k)
            found = []
            with atomic_file(out) as written:
                head = Parity(block, k, m, size, sha256, tuple(digests), (bytes(8),) * stripes * m)
                written.seek(len(head.pack()))
                for stripe in range(stripes):
                    data = [_block(file, stripe + j * stripes, block) for j in range(k)]
                    for fragment in driver.encode(b"".join(data))[k:]:
                        found.append(digest8(fragment[_FRAGMENT_HEAD:]))
                        written.write(fragment[_FRAGMENT_HEAD:])
                packed = Parity(block, k, m, size, sha256, tuple(digests), tuple(found)).pack()
                written.write(packed + struct.pack("<I", len(packed)) + _END)
                written.seek(0)
                written.write(packed)
    except FileNotFoundError:
        raise InputError(f"{container}: no such file; is the path right?") from None
    return out


def read_parity(path: Path) -> Parity:
    """Read the head of a parity file, the second one where the first is damaged.

    Raises InputError where it cannot be read, IntegrityError where neither head is whole.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - 8))
            tail = file.read(8)
            ends = [(0, min(size, 1 << 20))]
            if tail[4:] == _END and (length := struct.unpack("<I", tail[:4])[0]) <= size - 8:
                ends.append((size - 8 - length, length))
            for start, length in ends:
                file.seek(start)
                try:
                    return _unpack(file.read(length), f"{path}: head at byte {start}")
                except IntegrityError:
                    continue
    except OSError as error:
        raise InputError(f"{path}: {system_reason(error)}") from None
    raise IntegrityError(f"{path}: both of its heads are damaged; it can mend nothing")


def _unpack(data: bytes, what: str) -> Parity:
    reader = ByteReader(data, what)
    if reader.take(len(_SIGNATURE)) != _SIGNATURE:
        raise IntegrityError(f"{what}: no parity file of this version")
    block, k, m = reader.varint(_MOST_BLOCK), reader.varint(), reader.varint()
    size = reader.varint()
    if block < _LEAST_BLOCK or not (k and m) or k + m > _MOST_IN_STRIPE:
        raise IntegrityError(f"{what}: impossible numbers")
    sha256 = reader.take(32)
    n = max(1, -(-size // block))
    stripes = -(-n // k)
    if (n + stripes * m) * 8 > len(reader):
        raise IntegrityError(f"{what}: too short")
    digests = tuple(reader.take(8) for _ in range(n))
    parity = tuple(reader.take(8) for _ in range(stripes * m))
    end = reader.position
    if reader.take(8) != digest8(data[:end]):
        raise IntegrityError(f"{what}: does not match its digest")
    return Parity(block, k, m, size, sha256, digests, parity, end + 8)


def damaged_blocks(file: BinaryIO, parity: Parity) -> list[int]:
    """Return the numbers of the blocks that do not match their digests."""
    return [
        number
        for number, digest in enumerate(parity.digests)
        if digest8(_block(file, number, parity.block)) != digest
    ]


def mend(container: Path, path: Path, out: Path) -> Mending:
    """Write ``container`` to ``out`` with all blocks put right that the parity at ``path`` can.

    ``out`` is written in any case; where not ``whole``, blocks beyond mending are as they were.
    Raises InputError, IntegrityError where parity or container cannot be read.
    """
    parity = read_parity(path)
    driver = _driver(parity.k, parity.m)
    # The library wants its heads before the blocks; they are the same for all stripes.
    empty = bytes(parity.block * parity.k)
    heads = [bytes(fragment[:_FRAGMENT_HEAD]) for fragment in driver.encode(empty)]
    mended = 0
    try:
        with container.open("rb") as file, path.open("rb") as side, atomic_file(out) as written:
            bad = set(damaged_blocks(file, parity))
            right: dict[int, bytes] = {}
            for stripe in sorted({number % parity.stripes for number in bad}):
                numbers = [stripe + j * parity.stripes for j in range(parity.k)]
                have = _stripe(file, side, parity, numbers, bad, heads)
                if len(have) < parity.k:
                    continue
                data = driver.decode(have)
                for j, number in enumerate(numbers):
                    if number in bad:
                        block = data[j * parity.block : (j + 1) * parity.block]
                        if digest8(block) == parity.digests[number]:
                            right[number] = block
                            mended += 1
            for number in range(len(parity.digests)):
                data = right.get(number) or _block(file, number, parity.block)
                written.write(data[: parity.size - number * parity.block])
    except OSError as error:
        raise InputError(f"{error.filename or container}: {system_reason(error)}") from None
    whole = file_sha256(out) == parity.sha256.hex()
    return Mending(len(bad), mended, whole)


def _stripe(
    file: BinaryIO,
    side: BinaryIO,
    parity: Parity,
    numbers: Sequence[int],
    bad: set[int],
    heads: Sequence[bytes],
) -> list[bytes]:
    """Return what is whole of a stripe: fragments as the library wants them."""
    have = [
        heads[j] + _block(file, number, parity.block)
        for j, number in enumerate(numbers)
        if number not in bad
    ]
    for j in range(parity.m):
        number = numbers[0] * parity.m + j
        side.seek(parity.head_length + number * parity.block)
        data = side.read(parity.block)
        if digest8(data) == parity.parity_digests[number]:
            have.append(heads[parity.k + j] + data)
    return have[: parity.k]


def by_parity(container: Path, out: Path) -> tuple[bool, str]:
    """Write what the parity beside ``container``, if any, can mend to ``out``.

    Returns whether all is well then, and what was found, in one line ("" without parity).
    """
    path = parity_path(container)
    if not path.exists():
        return False, ""
    try:
        found = mend(container, path, out)
    except (InputError, IntegrityError, UsageError) as error:
        return False, f"{error}; going on without parity"
    facts = f"{found.damaged} of its blocks damaged, {found.mended} mended"
    tail = "it is whole again, bit for bit" if found.whole else "going on with what is whole"
    return found.whole, f"{container}: parity: {facts}; {tail}"
