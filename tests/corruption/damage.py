"""Damage done to the bytes of a container, at every place where one thing ends and another begins.

Every mutation has a name that says what was done where, and is made again by the same seed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from seqcoder.container import frames
from seqcoder.container.scan import scan_sections
from seqcoder.storage.source import RangeSource

Rng = np.random.Generator


@dataclass(frozen=True)
class Mutation:
    """What was done, and the bytes that came of it."""

    name: str
    data: bytes


def sections(data: bytes) -> list[int]:
    """Return where each section begins, from the front, and the end of the file."""
    places, at = [], 0
    while at < len(data):
        places.append(at)
        kind, length = struct.unpack_from("<II", data, at)
        at += 8 + length
        if kind in (frames.CHUNK, frames.GENOME):
            while at < len(data) and data[at : at + 4] == b"\x28\xb5\x2f\xfd":
                at += _zstd_length(data, at)
    return [*places, len(data)]


def _zstd_length(data: bytes, start: int) -> int:
    """Return the bytes of the zstd frame at ``start``, by its block headers (RFC 8878)."""
    return _zstd_places(data, start)[-1] - start


def _zstd_places(data: bytes, start: int) -> list[int]:
    """Return where the parts of a zstd frame begin: descriptor, sizes, blocks, checksum, end."""
    descriptor = data[start + 4]
    single = descriptor >> 5 & 1
    at = start + 5
    places = [start, start + 4, at]
    at += not single
    at += (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    while True:
        places.append(at)
        header = int.from_bytes(data[at : at + 3], "little")
        kind, size = header >> 1 & 3, header >> 3
        at += 3 + (1 if kind == 1 else size)
        places.append(at - (1 if kind == 1 else size))
        if header & 1:
            break
    places.append(at)
    return [*places, at + 4] if descriptor & 4 else places


def places(data: bytes) -> list[int]:
    """Return every structural place: of sections, of heads and their fields, of frames."""
    found: set[int] = set()
    bounds = sections(data)
    for start, end in pairwise(bounds):
        length = struct.unpack_from("<I", data, start + 4)[0]
        behind = start + 8 + length
        # The head: magic, length, every byte of its contents (all are fields), its CRC.
        found |= {start, start + 4, *range(start + 8, min(behind, start + 72)), behind - 4}
        at = behind
        while at < end:
            parts = _zstd_places(data, at)
            found |= set(parts)
            at = parts[-1]
    index = scan_sections(RangeSource(data)).index
    for chunk in index.chunks:
        found |= {chunk.latents_offset, chunk.residual_offset, chunk.end}
    for genome in index.genomes:
        found |= {genome.side_offset, genome.walk_offset, genome.stored_offset, genome.end}
    return sorted(place for place in found if place < len(data))


def _flip(data: bytearray, at: int, rng: Rng) -> None:
    data[at] ^= 1 << int(rng.integers(8))


def _zero(data: bytearray, at: int, rng: Rng) -> None:
    span = int(rng.choice([1, 4, 16, 64]))
    data[at : at + span] = bytes(len(data[at : at + span]))


def _ones(data: bytearray, at: int, rng: Rng) -> None:
    data[at] = 255


def _step(data: bytearray, at: int, rng: Rng) -> None:
    data[at] = (data[at] + int(rng.choice([1, 255]))) & 255


def _noise(data: bytearray, at: int, rng: Rng) -> None:
    span = data[at : at + int(rng.integers(1, 32))]
    data[at : at + len(span)] = rng.bytes(len(span))


def _drop(data: bytearray, at: int, rng: Rng) -> None:
    del data[at : at + int(rng.choice([1, 2, 4, 12]))]


def _insert(data: bytearray, at: int, rng: Rng) -> None:
    data[at:at] = rng.bytes(int(rng.choice([1, 2, 4, 12])))


def _truncate(data: bytearray, at: int, rng: Rng) -> None:
    del data[at:]


def _behead(data: bytearray, at: int, rng: Rng) -> None:
    del data[: at or 1]


AT_PLACES: dict[str, Callable[[bytearray, int, Rng], None]] = {
    "flip": _flip,
    "zero": _zero,
    "ones": _ones,
    "step": _step,
    "noise": _noise,
    "drop": _drop,
    "insert": _insert,
    "truncate": _truncate,
    "behead": _behead,
}


def at_places(data: bytes, rng: Rng) -> Iterator[Mutation]:
    """Yield every operation at every structural place, in an order of chance."""
    where = places(data)
    jobs = [(name, at) for name in AT_PLACES for at in where]
    for name, at in [jobs[i] for i in rng.permutation(len(jobs))]:
        changed = bytearray(data)
        AT_PLACES[name](changed, at, rng)
        yield Mutation(f"{name} at {at}", bytes(changed))


def anywhere(data: bytes, rng: Rng) -> Iterator[Mutation]:
    """Yield operations at one to three places of chance, without end."""
    names = list(AT_PLACES)
    while True:
        changed, said = bytearray(data), []
        for _ in range(int(rng.integers(1, 4))):
            if not changed:
                break
            name, at = names[rng.integers(len(names))], int(rng.integers(len(changed)))
            AT_PLACES[name](changed, at, rng)
            said.append(f"{name} at {at}")
        yield Mutation(", ".join(said), bytes(changed))


def of_sections(data: bytes, others: list[bytes], rng: Rng) -> Iterator[Mutation]:
    """Yield whole sections lost, doubled, in another place, and from other containers; no end."""
    bounds = sections(data)
    own = [data[a:b] for a, b in pairwise(bounds)]
    foreign = []
    for other in others:
        bounds = sections(other)
        foreign += [other[a:b] for a, b in pairwise(bounds)]
    while True:
        parts = own[:]
        i, j = (int(x) for x in rng.integers(len(parts), size=2))
        kind = str(rng.choice(["lose", "double", "move", "swap", "take", "put", "reverse", "tail"]))
        if kind == "lose":
            del parts[i]
        elif kind == "double":
            parts.insert(j, parts[i])
        elif kind == "move":
            parts.insert(j, parts.pop(i))
        elif kind == "swap":
            parts[i], parts[j] = parts[j], parts[i]
        elif kind == "take":
            parts[i] = foreign[rng.integers(len(foreign))]
        elif kind == "put":
            parts.insert(i, foreign[rng.integers(len(foreign))])
        elif kind == "reverse":
            low, high = sorted((i, j))
            parts[low : high + 1] = parts[low : high + 1][::-1]
        else:
            parts = parts[:i] + foreign[int(rng.integers(len(foreign))) :]
        yield Mutation(f"{kind} section {i}, {j}", b"".join(parts))
