"""What leaders leave for the chunks coded after them, made once and kept for some leaders."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcoder.container.frames import Bases

if TYPE_CHECKING:
    from seqcoder import core

MOST_LEADERS = 2
"""Leaders kept in a process."""


@dataclass
class MadeLeader:
    """What has been made of a leader so far: its latents, its genes, the state it leaves.

    ``state`` is for chunks with latents, ``plain`` for those without. ``staged``: its latents are
    known, which may be None.
    """

    staged: bool = False
    latents: NDArray[np.int8] | None = None
    state: core.MixingState | None = None
    plain: core.MixingState | None = None
    genes: core.Library | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class MadeLeaders:
    """The last few leaders of a process. Memory: some 70 MB for each (docs/leaders.md)."""

    def __init__(self) -> None:
        """None yet."""
        self._lock = threading.Lock()
        self._made: OrderedDict[bytes, MadeLeader] = OrderedDict()

    @contextmanager
    def making(self, bases: Bases) -> Iterator[MadeLeader]:
        """Give out what there is of a leader, known by its bases, to one thread at a time."""
        key = sha256(bases.data).digest()
        with self._lock:
            made = self._made.setdefault(key, MadeLeader())
            self._made.move_to_end(key)
            while len(self._made) > MOST_LEADERS:
                self._made.popitem(last=False)
        with made.lock:
            yield made
