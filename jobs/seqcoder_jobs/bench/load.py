"""How much of the machine others used while something was measured (Linux; elsewhere unknown)."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
_LOOK_SECONDS = 0.25


class Meter:
    """Within the block, takes time by the clock, and CPU time of this process's tree and of all.

    Processes of the tree are looked at four times a second, as Ray's, once ended, leave no account
    of themselves with their parent. ``wall``, ``own`` and ``machine`` (seconds) hold afterwards.
    """

    def __init__(self) -> None:
        self.wall = self.own = self.machine = 0.0
        self._first: dict[tuple[int, int], int] = {}
        self._last: dict[tuple[int, int], int] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Meter:
        self._first = _tree_ticks(os.getpid())
        self._machine = _machine_ticks()
        self._begun = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._begun
        self._done.set()
        self._thread.join()
        self._last |= _tree_ticks(os.getpid())
        self.machine = (_machine_ticks() - self._machine) / _TICK
        spent = (ticks - self._first.get(key, 0) for key, ticks in self._last.items())
        self.own = sum(spent) / _TICK

    def foreign(self, cores: int) -> float:
        """Return the share of ``cores`` that others used, 0 to 1; 0 where it cannot be known."""
        used = (self.machine - self.own) / max(self.wall, 1e-9) / cores
        return min(max(used, 0.0), 1.0)

    def _watch(self) -> None:
        while not self._done.wait(_LOOK_SECONDS):
            self._last |= _tree_ticks(os.getpid())


def _machine_ticks() -> int:
    try:
        fields = (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    except OSError:
        return 0
    # user, nice, system, irq, softirq, steal: all that is neither idle nor waiting
    return sum(int(fields[i]) for i in (0, 1, 2, 5, 6, 7) if i < len(fields))


def _tree_ticks(root: int) -> dict[tuple[int, int], int]:
    """Return the CPU ticks of a process and its descendants, by process and start."""
    children: dict[int, list[int]] = defaultdict(list)
    known: dict[int, tuple[int, int]] = {}
    for name in os.listdir(_PROC) if _PROC.is_dir() else ():  # noqa: PTH208 - ten times as fast
        if not name.isdigit():
            continue
        try:
            # The process's name, in brackets, may hold anything; what follows it is fixed.
            fields = (_PROC / name / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children[int(fields[1])].append(int(name))
        known[int(name)] = int(fields[19]), int(fields[11]) + int(fields[12])
    found: dict[tuple[int, int], int] = {}
    todo = [root]
    while todo:
        process = todo.pop()
        if process in known:
            start, ticks = known[process]
            found[process, start] = ticks
        todo += children[process]
    return found
