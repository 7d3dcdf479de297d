"""The cluster of the campaign, of several nodes, and its corpora with their archives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def nodes(ray_cluster: Any) -> Iterator[Any]:
    """The suite's cluster with two nodes more."""
    from fault_site import N_NODES, NODE

    added = [ray_cluster.add_node(**NODE) for _ in range(N_NODES)]
    assert added
    yield ray_cluster
    for node in list(ray_cluster.worker_nodes):
        ray_cluster.remove_node(node, allow_graceful=False)


@pytest.fixture(scope="module")
def corpora(nodes: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Return a corpus by name, with its undisturbed archive made when first asked for."""
    from fault_corpora import make_corpora
    from fault_trial import undisturbed

    folder: Path = tmp_path_factory.mktemp("faults")
    made = make_corpora(folder / "inputs")

    def corpus(name: str) -> Any:
        if not made[name].containers:
            undisturbed(made[name], folder / name, nodes)
        return made[name]

    return corpus
