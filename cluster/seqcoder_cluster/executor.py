"""An executor that codes a container's chunks on the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from seqcoder.writing.chunk import CodedChunk
from seqcoder.writing.chunk_input import ChunkInput, LeaderInput
from seqcoder_cluster.flight import in_flight
from seqcoder_cluster.options import Window
from seqcoder_cluster.stages import ChunkRoles, Coding, code_batch

# Small chunks travel together, so that a task is worth its overhead (milliseconds): this many
# bases are a good quarter of a second of coding and verifying.
BATCH_BASES = 1 << 18
_BATCH_CHUNKS = 256


@dataclass(frozen=True)
class Batch:
    """Consecutive chunks, put into the object store once: how many, and the reference.

    ``leader`` is the reference of the bases that all of them may be coded after, None for none.
    """

    first: int
    count: int
    reference: Any
    roles: ChunkRoles
    leader: Any = None


def batches(
    chunks: Iterator[ChunkInput], batch_bases: int = BATCH_BASES
) -> Iterator[list[ChunkInput]]:
    """Gather consecutive chunks of one leader, or none, up to ``batch_bases``.

    A larger chunk is a batch of its own, and so is one that leads.
    """
    batch: list[ChunkInput] = []
    n_bases = 0
    for chunk in chunks:
        full = n_bases + len(chunk.bases) > batch_bases or len(batch) == _BATCH_CHUNKS
        if batch and (full or ChunkRoles.of(chunk) != ChunkRoles.of(batch[0]) or chunk.leads):
            yield batch
            batch, n_bases = [], 0
        batch.append(chunk)
        n_bases += len(chunk.bases)
    if batch:
        yield batch


def usable_memory(need: int) -> int:
    """Return ``need``, or what the largest node has if that is less: asking more waits for ever."""
    import ray

    nodes = [node["Resources"].get("memory", 0.0) for node in ray.nodes() if node["Alive"]]
    return int(min(need, 0.9 * max(nodes, default=float(need))))


@lru_cache(maxsize=2)
def _coder_task(coding: Coding) -> Any:
    import ray

    # max_retries=0: see faults.
    return ray.remote(num_cpus=1, max_retries=0, memory=usable_memory(coding.task_bytes()))(
        code_batch
    )


class RayExecutor:
    """Codes chunks as Ray tasks and gives them back in the order they came.

    Memory: ``window.waiting`` batches are in the object store or, done and waiting for their
    turn, in this process. A batch is one chunk, or small ones of up to ``BATCH_BASES`` together.
    """

    def __init__(
        self, coding: Coding, window: Window, model_actors: Sequence[Any] = (), turn: int = 0
    ) -> None:
        """``turn``: which of the model actors gets the first batch; then they take turns."""
        self._coding = coding
        self._window = window
        self._actors = model_actors
        self._turn = turn
        self._task = _coder_task(coding)
        self._leader: tuple[int, Any] | None = None

    def _submit(self, batch: Batch) -> Any:
        staged = None
        if self._actors:
            actor = self._actors[self._turn % len(self._actors)]
            self._turn += 1
            staged = actor.stage.remote(batch.reference)
        return self._task.remote(self._coding, batch.reference, staged, batch.roles, batch.leader)

    def _put_leader(self, leader: LeaderInput | None) -> Any:
        """Put a leader's bases into the object store, once for what follows it in a row."""
        import ray

        if leader is None:
            return None
        if self._leader is None or self._leader[0] != leader.first_base:
            self._leader = leader.first_base, ray.put(leader.bases)
        return self._leader[1]

    def code(self, chunks: Iterator[ChunkInput]) -> Iterator[CodedChunk]:
        """Yield the coded chunks in order."""
        import ray

        def put() -> Iterator[Batch]:
            first = 0
            for batch in batches(chunks):
                leader = self._put_leader(batch[0].leader)
                bases = ray.put([chunk.bases for chunk in batch])
                yield Batch(first, len(batch), bases, ChunkRoles.of(batch[0]), leader)
                first += len(batch)

        for _, coded in in_flight(
            put(),
            self._submit,
            running=self._window.running,
            waiting=self._window.waiting,
            describe=lambda batch: f"chunks {batch.first} to {batch.first + batch.count - 1}",
        ):
            yield from coded
