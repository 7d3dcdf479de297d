"""Running a program and measuring it: time, processor time and peak memory of the child alone.

Linux counts the memory of the process that starts another towards the other's peak. So a small
Python without site packages stands between: peaks below about 10 MB read as about 10 MB.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

# argv: seconds, stdin, stdout, stderr, program, arguments. Prints status, seconds and maxrss.
_LAUNCHER = """
import json, os, signal, sys, time
limit, source, target, errors, *argv = sys.argv[1:]
actions = [
    (os.POSIX_SPAWN_OPEN, 0, source, os.O_RDONLY, 0),
    (os.POSIX_SPAWN_OPEN, 1, target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
    (os.POSIX_SPAWN_OPEN, 2, errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
]
started = time.perf_counter()
child = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
late = []
def stop(*_):
    late.append(1)
    os.kill(child, signal.SIGKILL)
signal.signal(signal.SIGALRM, stop)
signal.setitimer(signal.ITIMER_REAL, float(limit))
_, status, used = os.wait4(child, 0)
wall = time.perf_counter() - started
code = os.waitstatus_to_exitcode(status)
print(json.dumps([code, bool(late), wall, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


@dataclass(frozen=True)
class Usage:
    """What a run took: seconds by the clock, of processors (user and system), peak bytes."""

    wall: float
    cpu: float
    peak_bytes: int


class RunError(Exception):
    """A program failed or ran out of its time; the message says how."""


def measure(
    argv: Sequence[str],
    folder: Path,
    *,
    source: Path | None = None,
    target: Path | None = None,
    limit: float = 86400.0,
) -> Usage:
    """Run a program in ``folder``, from file ``source`` to file ``target``, and measure it.

    Raises:
        RunError: it is missing, failed, or took longer than ``limit`` seconds.
    """
    errors = folder / "stderr.txt"
    streams = [str(source or "/dev/null"), str(target or "/dev/null"), str(errors)]
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(limit), *streams, *argv]
    done = subprocess.run(launcher, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RunError(f"{argv[0]}: cannot be started: {_last_line(done.stderr)}")
    code, late, wall, cpu, peak = json.loads(done.stdout)
    if late:
        raise RunError(f"{argv[0]}: not done after {limit:.0f} s")
    if code:
        reason = _last_line(errors.read_text(errors="replace"))
        raise RunError(f"{argv[0]}: ended with {code}: {reason}")
    # Kibibytes on Linux, bytes on macOS.
    return Usage(wall, cpu, peak if sys.platform == "darwin" else peak * 1024)


def middle(runs: Sequence[Usage]) -> Usage:
    """Return the medians of several runs, and the largest peak."""
    return Usage(
        median(run.wall for run in runs),
        median(run.cpu for run in runs),
        max(run.peak_bytes for run in runs),
    )


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "it did not say why"
