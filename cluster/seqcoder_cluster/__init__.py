"""The Ray layer of seqcoder: coordinators, model actors, coder tasks.

It knows Ray and the library below it, and nothing of users and archives. Importing it does not
import Ray. ``docs/cluster.md`` has the picture.
"""

from __future__ import annotations

from seqcoder_cluster.faults import ClusterError
from seqcoder_cluster.mapping import map_tasks
from seqcoder_cluster.options import ClusterOptions, ProgressCounts
from seqcoder_cluster.run import run_containers
from seqcoder_cluster.session import connect

__all__ = [
    "ClusterError",
    "ClusterOptions",
    "ProgressCounts",
    "connect",
    "map_tasks",
    "run_containers",
]
