"""How much of the machine others used while something was measured (Linux; elsewhere unknown)."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True)
class Clock:
    """A moment: seconds by the clock; CPU seconds of this process's tree and of the machine."""

    wall: float
    own: float
    machine: float


def read_clock() -> Clock:
    """Return the moment now. CPU seconds are 0 where there is no /proc."""
    try:
        fields = (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    except OSError:
        return Clock(time.perf_counter(), 0.0, 0.0)
    # user, nice, system, idle, iowait, irq, softirq, steal: all that is not idle
    busy = sum(int(fields[i]) for i in (0, 1, 2, 5, 6, 7) if i < len(fields))
    return Clock(time.perf_counter(), _tree_seconds(os.getpid()), busy / _TICK)


def _tree_seconds(root: int) -> float:
    """Return the CPU seconds of a process, its descendants, and those of them that ended."""
    children: dict[int, list[int]] = defaultdict(list)
    spent: dict[int, int] = {}
    for path in _PROC.iterdir():
        if not path.name.isdigit():
            continue
        try:
            # The name, in brackets, may hold anything; what follows it is fixed.
            fields = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children[int(fields[1])].append(int(path.name))
        spent[int(path.name)] = sum(map(int, fields[11:15]))
    todo, total = [root], 0
    while todo:
        process = todo.pop()
        total += spent.get(process, 0)
        todo += children[process]
    return total / _TICK


def foreign_share(before: Clock, after: Clock, cores: int) -> float:
    """Return the share of ``cores`` that others used between two moments, 0 to 1."""
    wall = max(after.wall - before.wall, 1e-9)
    foreign = (after.machine - before.machine) - (after.own - before.own)
    return min(max(foreign / wall / cores, 0.0), 1.0)
