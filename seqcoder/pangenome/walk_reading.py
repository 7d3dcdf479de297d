"""Reading walks: the forerunners first, each once, and the latest of them kept for the next."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from seqcoder import core
from seqcoder.errors import IntegrityError
from seqcoder.pangenome.plain_walk import RELATIVE, columns_size, read_plain
from seqcoder.pangenome.relative_walk import Forerunner, Relatives, parents_of, read_relative
from seqcoder.pangenome.walk import Walk
from seqcoder.storage.memory import NO_LIMIT, check_memory

MAX_FORERUNNERS = 24
"""A genome's forerunners: its parents and theirs; so many walks at most are read for one."""
KEPT_BYTES = 64 << 20
"""Columns of walks that are kept for those to be read next; some 200 genomes of 3 Mb."""
_MOST_COUNTS = 32 << 20
_COLUMNS_BYTES = 96
"""Peak bytes, at most, for a byte of columns."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Walks of some genomes and of those of their forerunners that were needed, by ordinal."""

    known: dict[int, Forerunner]
    sets: dict[int, frozenset[int]]
    """The forerunners of each."""

    def walk(self, ordinal: int) -> Walk:
        """Return the walk of a genome; KeyError if it is not among those read."""
        return self.known[ordinal].walk


class Kept:
    """What was read of one container's walks, for those read next. Safe for several threads.

    Memory: ``most_bytes`` of columns, the least recently used dropped first, beside the parents
    of every genome read (some hundreds of bytes each).
    """

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        """Keep nothing yet."""
        self.parents: dict[int, tuple[int, ...]] = {}
        self.sets: dict[int, frozenset[int]] = {}
        self._most_bytes = most_bytes
        self._bytes = 0
        self._known: OrderedDict[int, Forerunner] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes of the columns kept."""
        return self._bytes

    def take(self, ordinals: Iterable[int]) -> dict[int, Forerunner]:
        """Return those of the walks asked for that are here; they count as just used."""
        with self._lock:
            found = {at: self._known[at] for at in ordinals if at in self._known}
            for at in found:
                self._known.move_to_end(at)
            return found

    def put(self, ordinal: int, forerunner: Forerunner) -> None:
        """Keep a walk, if there is room for it at all."""
        with self._lock:
            if ordinal not in self._known:
                self._known[ordinal] = forerunner
                self._bytes += forerunner.nbytes
            while self._bytes > self._most_bytes:
                self._bytes -= self._known.popitem(last=False)[1].nbytes


class _LastCounts:
    """What the forerunners of the genome read last substitute, counted, for the one read next.

    Two that lie side by side in a container have nearly the same forerunners. There is one for
    the process, of at most ``_MOST_COUNTS`` bytes, as long as its container is read.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: weakref.ref[Kept] | None = None
        self._alleles = core.Alleles()

    def take(self, kept: Kept) -> core.Alleles:
        """Return the counts for genomes of ``kept``, which nobody else then has, or new ones."""
        with self._lock:
            mine = self._of is not None and self._of() is kept
            alleles = self._alleles if mine else core.Alleles()
            self._of, self._alleles = None, core.Alleles()
            return alleles

    def put(self, kept: Kept, alleles: core.Alleles) -> None:
        """Keep counts for the genomes of ``kept``, instead of any others."""
        if alleles.nbytes <= _MOST_COUNTS:
            with self._lock:
                self._of, self._alleles = weakref.ref(kept, self._drop), alleles

    def _drop(self, gone: weakref.ref[Kept]) -> None:
        if self._of is gone:
            self._of, self._alleles = None, core.Alleles()


_last_counts = _LastCounts()


def read_walk(
    ordinal: int,
    data_of: Callable[[int], bytes],
    bases_of: Callable[[int], int],
    space: int,
    most_bytes: int = NO_LIMIT,
    kept: Kept | None = None,
) -> Walk:
    """Read the walk of genome ``ordinal`` and, as far as it needs them, of its forerunners.

    ``data_of`` and ``bases_of`` give the serialised walk and the length of a genome by its
    place among the container's genomes; ``space`` is the size of base space. At most
    MAX_FORERUNNERS other walks are read, and none that ``kept`` has, from earlier calls with
    the same container. Raises IntegrityError, and MemoryLimitError before more than
    ``most_bytes`` are taken.
    """
    return read_walks([ordinal], data_of, bases_of, space, most_bytes, kept).walk(ordinal)


def read_walks(
    ordinals: Sequence[int],
    data_of: Callable[[int], bytes],
    bases_of: Callable[[int], int],
    space: int,
    most_bytes: int = NO_LIMIT,
    kept: Kept | None = None,
) -> Reading:
    """Read the walks of several genomes, as `read_walk` does, each forerunner once.

    Without ``kept`` the result holds all of their forerunners.
    """
    kept = Kept(0) if kept is None else kept
    for ordinal in ordinals:
        _parents_before(ordinal, data_of, kept.parents, kept.sets)
    known = kept.take(ordinals)
    wanted = set[int]().union(*({at, *kept.sets[at]} for at in ordinals if at not in known))
    known |= kept.take(wanted - known.keys())
    # What stays of a walk is no longer there for the next.
    most_bytes -= 3 * sum(forerunner.nbytes for forerunner in known.values())
    alleles = _last_counts.take(kept)
    for at in sorted(wanted - known.keys()):
        data, n_bases = data_of(at), bases_of(at)
        if data and data[0] == RELATIVE:
            relatives = relatives_of(at, kept.parents[at], kept.sets[at], known)
            known[at] = read_relative(data, n_bases, space, relatives, alleles, most_bytes)
        else:
            check_memory(_COLUMNS_BYTES * columns_size(data), most_bytes, "walk")
            known[at] = Forerunner.of(read_plain(data, n_bases, space))
        kept.put(at, known[at])
        most_bytes -= 3 * known[at].nbytes
    _last_counts.put(kept, alleles)
    return Reading(known, {at: kept.sets[at] for at in known})


def _parents_before(
    ordinal: int,
    data_of: Callable[[int], bytes],
    parents: dict[int, tuple[int, ...]],
    sets: dict[int, frozenset[int]],
) -> None:
    """Add ``ordinal`` and its forerunners to ``parents`` and ``sets``; raises IntegrityError."""
    if ordinal in sets:
        return
    open_, found = [ordinal], set[int]()
    while open_:
        at = open_.pop()
        if at in found:
            continue
        if len(found) > MAX_FORERUNNERS:
            raise IntegrityError(f"walk {ordinal}: more than {MAX_FORERUNNERS} forerunners")
        found.add(at)
        if at not in parents:
            backs = parents_of(data_of(at))
            if any(back < 1 or back > at for back in backs):
                raise IntegrityError(f"walk {at}: a parent before the first genome")
            parents[at] = tuple(at - back for back in backs)
        open_ += parents[at]
    for at in sorted(found):
        sets[at] = forerunners_of(parents[at], sets)


def forerunners_of(parents: Sequence[int], sets: dict[int, frozenset[int]]) -> frozenset[int]:
    """Return the parents and, given their own forerunners in ``sets``, all before them."""
    return frozenset(parents).union(*(sets[parent] for parent in parents))


def relatives_of(
    ordinal: int,
    parents: Sequence[int],
    forerunners: frozenset[int],
    known: dict[int, Forerunner],
) -> Relatives:
    """Gather what the walk of ``ordinal`` is coded against."""
    ordinals = tuple(sorted(forerunners))
    return Relatives(
        tuple(ordinal - parent for parent in parents),
        tuple(known[parent] for parent in parents),
        tuple(known[other] for other in ordinals),
        ordinals,
    )
