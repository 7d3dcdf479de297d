"""``seqcoder-ray doctor``: what ``seqcoder doctor`` checks, and a task on Ray."""

from __future__ import annotations

from collections.abc import Iterator

from seqcoder.cli.doctor import tell
from seqcoder.doctor import Check, checks, exactness, failed
from seqcoder_jobs.cli.console import NAME


def run(address: str | None, quiet: bool, json: bool) -> None:
    """Check, print, and raise InputError if something is broken."""
    tell(_checks(address), quiet, json, NAME)


def _checks(address: str | None) -> Iterator[Check]:
    has_ray = False
    for check in checks():
        has_ray = has_ray or (check.name == "ray" and check.state == "ok")
        yield check
    if not has_ray:
        return
    try:
        yield _on_ray(address)
    except Exception as error:
        otherwise = "is the cluster up, and the address right? without one, is TMPDIR writable?"
        yield failed("Ray task", error, otherwise)


def _on_ray(address: str | None) -> Check:
    """Run the exactness test as a task, where the work would be."""
    from seqcoder_cluster import ClusterOptions, connect, map_tasks

    options = ClusterOptions(address=address)
    with connect(options):
        import ray

        nodes = [node for node in ray.nodes() if node["Alive"]]
        have = ray.cluster_resources()
        ((_, (problems, tried)),) = map_tasks(_exactness_of, [0], options)
    where = f"{len(nodes)} nodes, {have.get('CPU', 0):.0f} CPUs, {have.get('GPU', 0):.0f} GPUs"
    if problems:
        remedy = "install the same seqcoder on every node"
        return Check("Ray task", "broken", f"{where}: {'; '.join(problems)}", remedy)
    return Check("Ray task", "ok", f"{where}; {tried} codings exact in a worker")


def _exactness_of(_: int) -> tuple[list[str], int]:
    return exactness()
