"""Where a trial takes place: the cluster, the archive, the run; handles for doing harm."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from fault_corpora import FaultCorpus

from ray_processes import raylets, workers

NODE = {"num_cpus": 1, "object_store_memory": 100 << 20, "memory": 8 << 30}
N_NODES = 2
_VICTIM_SECONDS = 60.0


@dataclass
class Site:
    """One trial's place. ``met``: the harm was done to a run at work.

    ``at_once``: it is not for a moment of the run to be waited for.
    """

    cluster: Any
    archive: Path
    corpus: FaultCorpus
    random: Random
    is_finished: Callable[[], bool] = lambda: False
    driver: subprocess.Popen[str] | None = None
    met: bool = False
    at_once: bool = False
    deleted: str = ""
    mounted: list[Path] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        return self.is_finished()

    @property
    def done_bytes(self) -> int:
        """Bytes of containers, finished or not."""
        total = 0
        for path in (self.archive / "containers").glob("*"):
            try:
                total += path.stat().st_size
            except OSError:
                continue
        return total

    def wait_for_moment(self) -> None:
        """Wait for a random moment of the run, of its planning and start too."""
        if self.at_once:
            return
        fraction = self.random.uniform(-0.3, 0.6)
        enough = self.corpus.base_bytes + fraction * (self.corpus.size - self.corpus.base_bytes)
        while not self.finished and self.done_bytes < enough:
            time.sleep(0.01)
        time.sleep(self.random.uniform(0, 1.5 if fraction < 0 else 0.2))

    def signal_one(self, title: str, number: int) -> int:
        """Send a signal to a random worker that is at ``title``; returns its number, 0 for none."""
        until = time.monotonic() + _VICTIM_SECONDS
        while not self.finished and time.monotonic() < until:
            found = workers(self.cluster, title)
            if found:
                pid = self.random.choice(sorted(found))
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue
                self.met = True
                return pid
            time.sleep(0.01)
        return 0

    def processes_of(self, node: Any) -> list[int]:
        """A node's raylet and workers."""
        return [*raylets(node), *workers(node, "")]

    def node_at_work(self) -> Any:
        """Return a node, not the head, on which something of the run is at work; or None."""
        until = time.monotonic() + _VICTIM_SECONDS
        while not self.finished and time.monotonic() < until:
            nodes = [
                node
                for node in self.cluster.worker_nodes
                if any(workers(node, what) for what in ("code_batch", "Coordinator", "ModelActor"))
            ]
            if nodes:
                return self.random.choice(sorted(nodes, key=str))
            time.sleep(0.01)
        return None

    def add_node(self, environment: dict[str, str] | None = None) -> Any:
        node = NODE | ({"env_vars": environment} if environment else {})
        return self.cluster.add_node(**node)

    def mend_nodes(self) -> None:
        """Bring the cluster to its size again."""
        while len(self.cluster.worker_nodes) < N_NODES:
            self.add_node()

    def mount(self, size: int) -> None:
        """Give the archive a small file system of its own."""
        self.archive.mkdir()
        size = max(size, 64 << 10)
        options = ["-t", "tmpfs", "-o", f"size={size}", "none"]
        subprocess.run(["mount", *options, str(self.archive)], check=True)
        self.mounted.append(self.archive)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.driver is not None and self.driver.poll() is None:
            self.driver.send_signal(signal.SIGKILL)
            self.driver.wait()
        for path in self.mounted:
            subprocess.run(["umount", "--lazy", str(path)], check=True)
