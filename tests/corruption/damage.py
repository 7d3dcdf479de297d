"""Damage done to the bytes of a container, at every place where one thing ends and another begins.

Every mutation has a name that says what was done where, and is made again by the same seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from seqcoder.container.index import SIGNATURE
from seqcoder.container.scan import scan_sections
from seqcoder.container.sections import entry_at
from seqcoder.storage.range_source import RangeSource

Rng = np.random.Generator


@dataclass(frozen=True)
class Mutation:
    """What was done, and the bytes that came of it."""

    name: str
    data: bytes


def sections(data: bytes) -> list[int]:
    """Return where each section begins, from the front, and the end of the file."""
    places = [0]
    source = RangeSource(data)
    while places[-1] < len(data):
        places.append(entry_at(source, places[-1] or len(SIGNATURE), len(data)).end)
    places[0] = len(SIGNATURE)
    return [0, *places]


def places(data: bytes) -> list[int]:
    """Return every structural place: of sections, of entries and their fields, of frames."""
    found: set[int] = set(range(len(SIGNATURE)))
    for start, end in pairwise(sections(data)[1:]):
        payload = entry_at(RangeSource(data), start, end).payload_offset
        # The entry, all of it fields; digest and first frame; the last field and the CRC.
        found |= {*range(start, payload), payload, payload + 8, payload + 32, *range(end - 10, end)}
    index = scan_sections(RangeSource(data)).index
    for chunk in index.chunks:
        found |= {at + i for at in (chunk.latents_offset, chunk.residual_offset) for i in range(6)}
    for genome in index.genomes:
        starts = (genome.side_offset, genome.walk_offset, genome.stored_offset)
        found |= {at + i for at in starts for i in range(6)}
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
