"""Watching a submit from outside: memory, open files and processes of the driver and its kin."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")
_EVERY_SECONDS = 0.5
CODER, COORDINATOR = "ray::code_batch", "ray::Coordinator"


@dataclass(frozen=True)
class Sample:
    """One look: the time (of the clock, seconds); bytes of memory; CPU seconds spent by then."""

    time: float
    driver_bytes: int
    """All of it, what is shared with others included."""
    driver_files: int
    most_files: int
    """Open files of the process, driver included, that has most."""
    coordinator_bytes: int
    """Of the largest coordinator, without what is shared (the object store)."""
    coding: int
    """Coder tasks at work."""
    processes: int
    cpu_seconds: float
    machine_cpu_seconds: float
    """CPU time this machine takes now for a fixed piece of work."""


@dataclass
class Watched:
    """A command that has ended: exit code, what it printed, the samples."""

    code: int = 0
    output: str = ""
    samples: list[Sample] = field(default_factory=list)


@dataclass(frozen=True)
class _Process:
    parent: int
    title: str
    memory: int
    own_memory: int
    ticks: int


def _processes() -> dict[int, _Process]:
    """Return all processes of the machine; ``own_memory`` is without what is shared."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            pages = (folder / "statm").read_text().split()
            title = (folder / "cmdline").read_bytes()[:100].decode(errors="replace")
        except OSError:
            continue  # it has ended
        memory, shared = int(pages[1]) * _PAGE, int(pages[2]) * _PAGE
        ticks = int(stat[11]) + int(stat[12])
        found[int(folder.name)] = _Process(int(stat[1]), title, memory, memory - shared, ticks)
    return found


def _kin(processes: dict[int, _Process], root: int) -> list[int]:
    """Return the process ``root`` and all that come from it."""
    children: dict[int, list[int]] = {}
    for pid, process in processes.items():
        children.setdefault(process.parent, []).append(pid)
    kin, at = [root], 0
    while at < len(kin):
        kin += children.get(kin[at], [])
        at += 1
    return [pid for pid in kin if pid in processes]


def _open_files(pid: int) -> int:
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0


class Machine:
    """A fixed piece of work like the coder's, reading from all over a table; about 5 ms."""

    def __init__(self) -> None:
        self._table = np.arange(1 << 20, dtype=np.uint32)
        self._places = np.random.default_rng(0).integers(0, len(self._table), 1 << 19)

    def cpu_seconds(self) -> float:
        """Do it; returns its CPU seconds."""
        started = time.thread_time()
        self._table[self._places].sum()
        return time.thread_time() - started


class Watch:
    """Takes samples of a process and its kin; CPU time of those that have ended is kept."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._ticks: dict[int, int] = {}
        self._machine = Machine()

    def sample(self) -> Sample | None:
        """Look once; None if the process has ended."""
        processes = _processes()
        kin = _kin(processes, self._root)
        if self._root not in kin:
            return None
        self._ticks |= {pid: processes[pid].ticks for pid in kin}
        driver_files = _open_files(self._root)
        return Sample(
            time.time(),
            processes[self._root].memory,
            driver_files,
            max(driver_files, *map(_open_files, kin)),
            max(
                (processes[p].own_memory for p in kin if COORDINATOR in processes[p].title),
                default=0,
            ),
            sum(CODER in processes[pid].title for pid in kin),
            len(kin),
            sum(self._ticks.values()) / _TICK,
            self._machine.cpu_seconds(),
        )


def watch(command: Sequence[str]) -> Watched:
    """Run ``command`` to its end and watch it; what it prints is kept."""
    watched = Watched()
    with (
        tempfile.TemporaryFile("w+") as output,
        subprocess.Popen(command, stdout=output, text=True) as driver,
    ):
        looker = Watch(driver.pid)
        while driver.poll() is None:
            sample = looker.sample()
            if sample is not None and sample.driver_bytes:
                watched.samples.append(sample)
            time.sleep(_EVERY_SECONDS)
        output.seek(0)
        watched.output = output.read()
        watched.code = driver.returncode
    return watched
