"""The harm done to a run, by kind.

A kind is a generator over its site: what comes before its first ``yield`` is set up before the
run, up to the second is the harm, done at a random moment of it; what follows mends things when
the run has ended, as somebody would before repeating the command.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from fault_site import Site

from ray_processes import Occupant, workers

_PATIENCE_SECONDS = 30.0
Kind = Callable[[Site], Iterator[None]]


def _killed(title: str) -> Kind:
    def kind(site: Site) -> Iterator[None]:
        yield
        site.signal_one(title, signal.SIGKILL)
        yield

    return kind


def node_lost(site: Site) -> Iterator[None]:
    """A whole node, one that is at work."""
    yield
    node = site.node_at_work()
    if node is not None:
        site.met = True
        site.cluster.remove_node(node, allow_graceful=False)
    yield
    site.mend_nodes()


def node_frozen(site: Site) -> Iterator[None]:
    """A node stands still, is given up or not, and goes on."""
    yield
    node = site.node_at_work()
    if node is not None:
        pids = site.processes_of(node)
        site.met = True
        _signal(pids, signal.SIGSTOP)
        time.sleep(site.random.uniform(1, 9))
        _signal(pids, signal.SIGCONT)
    yield
    if node is not None:  # it may have been given up
        site.cluster.remove_node(node, allow_graceful=False)
    site.mend_nodes()


def driver_killed(site: Site) -> Iterator[None]:
    """SIGKILL of the submitting process."""
    yield
    assert site.driver is not None
    site.met = site.driver.poll() is None
    site.driver.kill()
    yield


def worker_hangs(site: Site) -> Iterator[None]:
    """A worker stops for good; the user loses patience and interrupts."""
    yield
    assert site.driver is not None
    site.signal_one("code_batch", signal.SIGSTOP)
    time.sleep(1)
    site.driver.send_signal(signal.SIGINT)
    yield


def worker_stopped(site: Site) -> Iterator[None]:
    """SIGSTOP of some worker, and SIGCONT seconds later."""
    yield
    title = site.random.choice(["code_batch", "Coordinator"])
    pid = site.signal_one(title, signal.SIGSTOP)
    if pid:
        time.sleep(site.random.uniform(0.2, 4))
        _signal([pid], signal.SIGCONT)
    yield


def memory_starved(site: Site) -> Iterator[None]:
    """A worker gets no more memory: allocations fail from then on."""
    yield
    title = site.random.choice(["code_batch", "Coordinator"])
    pid = site.signal_one(title, 0)
    if pid:
        with contextlib.suppress(OSError, ValueError):
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
            most = pages * resource.getpagesize() + site.random.randrange(4 << 20)
            resource.prlimit(pid, resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
        until = time.monotonic() + _PATIENCE_SECONDS
        while not site.finished and time.monotonic() < until:
            time.sleep(0.05)
        if pid in workers(site.cluster, ""):  # it hangs: as the system would in the end
            _signal([pid], signal.SIGKILL)
    yield


def oom_killed(site: Site) -> Iterator[None]:
    """All work is on a node where Ray's memory monitor kills whatever works there."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    occupants = [
        ray.remote(num_cpus=int(node["Resources"]["CPU"]))(Occupant)
        .options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False))
        .remote()
        for node in ray.nodes()
        if node["Alive"]
    ]
    ray.get([occupant.there.remote() for occupant in occupants])
    starved = site.add_node({"RAY_memory_usage_threshold": "0.01"})
    site.at_once = True
    yield
    time.sleep(site.random.uniform(1, 6))
    site.met = True  # nothing can be done before
    for occupant in occupants:
        ray.kill(occupant)
    yield
    site.cluster.remove_node(starved, allow_graceful=False)


def store_spills(site: Site) -> Iterator[None]:
    """The object store is full of another's objects."""
    import ray

    yield
    site.met = not site.finished
    hold = [ray.put(np.zeros(8 << 20, np.uint8)) for _ in range(24)]
    yield
    del hold


def small_disk(site: Site) -> Iterator[None]:
    """The output disk is too small, and made larger."""
    before = 2 * site.corpus.base_bytes + (100 << 10 if site.corpus.base else 0)
    site.mount(before + int(site.corpus.size * site.random.uniform(0.1, 1.0)))
    yield
    yield
    site.met = True
    subprocess.run(["mount", "-o", "remount,size=64m", site.archive], check=True)


def disk_full(site: Site) -> Iterator[None]:
    """Another fills the output disk during the run, and frees it again."""
    site.mount(8 << 20)
    yield
    ballast = site.archive / "containers" / "ballast"
    site.met = not site.finished
    with contextlib.suppress(OSError), ballast.open("wb") as file:
        while True:
            file.write(bytes(1 << 16))
            file.flush()
    yield
    ballast.unlink(missing_ok=True)


def read_only(site: Site) -> Iterator[None]:
    """The output becomes read-only, for whoever opens anything there from now on."""
    site.archive.mkdir()
    yield
    site.met = not site.finished
    aside = site.archive.with_name("read-only")
    aside.mkdir()
    for words in (
        ["--bind", site.archive, aside],
        ["-o", "remount,bind,ro", aside],  # not in place: it is refused while a file is written
        ["--bind", aside, site.archive],
    ):
        subprocess.run(["mount", *words], check=True)
    yield
    for path in (site.archive, aside):
        subprocess.run(["umount", path], check=True)


def input_deleted(site: Site) -> Iterator[None]:
    """An input is not there any more, and comes back."""
    yield
    name = site.random.choice(sorted(site.corpus.inputs))
    path, away = site.corpus.folder / name, site.corpus.folder / f".{name}"
    path.rename(away)
    site.met = not site.finished
    site.deleted = name
    yield
    away.rename(path)


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


KINDS: dict[str, Kind] = {
    "coder killed": _killed("code_batch"),
    "model actor killed": _killed("ModelActor"),
    "coordinator killed": _killed("Coordinator"),
    "node lost": node_lost,
    "node frozen": node_frozen,
    "driver killed": driver_killed,
    "worker stopped": worker_stopped,
    "worker hangs, interrupted": worker_hangs,
    "memory starved": memory_starved,
    "killed for memory": oom_killed,
    "object store spills": store_spills,
    "disk too small": small_disk,
    "disk filled": disk_full,
    "output read-only": read_only,
    "input deleted": input_deleted,
}
# These take long: a node's end takes seconds to be noticed.
HALF_AS_OFTEN = ("node frozen", "worker hangs, interrupted", "killed for memory")
WITH_DRIVER = ("driver killed", "worker hangs, interrupted")
WITH_MOUNTS = ("disk too small", "disk filled", "output read-only")
