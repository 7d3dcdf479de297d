"""A handle on the processes of a test cluster: which workers are at what, and their end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 100) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {what}")


def raylets(cluster: Any) -> list[int]:
    """Process numbers of the raylets of a cluster, or of one of its nodes."""
    nodes = cluster.list_all_nodes() if hasattr(cluster, "list_all_nodes") else [cluster]
    return [
        process.process.pid for node in nodes for process in node.all_processes.get("raylet", [])
    ]


def workers(cluster: Any, title: str) -> list[int]:
    """Process numbers of the own workers of a cluster (or a node) that are at ``title`` now."""
    parents = set(raylets(cluster))
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                line = (folder / "cmdline").read_bytes()
            except (OSError, ValueError):
                continue
            if parent in parents and line.startswith(f"ray::{title}".encode()):
                found.append(int(folder.name))
    return found


def kill_worker(cluster: Any, title: str) -> int:
    """Wait until a worker is at ``title``, and kill it."""
    pid = int(wait_for(lambda: workers(cluster, title), title)[0])
    os.kill(pid, signal.SIGKILL)
    return pid


class Occupant:
    """An actor that holds the CPUs of a node."""

    def there(self) -> bool:
        return True
