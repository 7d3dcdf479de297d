"""Where chunks are coded: the interface, and threads of this process.

The cluster layer has the other implementation. Both give the same bytes.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from seqcoder.settings import thread_count
from seqcoder.writing.chunk import ChunkCoder, CodedChunk
from seqcoder.writing.chunk_input import ChunkInput


class Executor(Protocol):
    """Codes chunks, many at a time, and gives them back in the order they came."""

    def code(self, chunks: Iterator[ChunkInput]) -> Iterator[CodedChunk]:
        """Yield the coded chunks in order; takes from ``chunks`` only as room becomes free."""
        ...


def code_one(coder: ChunkCoder, chunk: ChunkInput, worker: str = "local") -> CodedChunk:
    """Run both stages on one chunk."""
    started = time.perf_counter()
    latents = coder.latents(chunk.bases)
    seconds = time.perf_counter() - started
    return replace(coder.code(chunk, latents), model_seconds=seconds, worker=worker)


class ThreadExecutor:
    """Codes chunks in threads; the kernels release the interpreter lock.

    Memory: at most ``threads + 1`` chunks with their coder tables are alive at a time.
    """

    def __init__(self, coder: ChunkCoder, threads: int = 0) -> None:
        """``threads`` 0 takes all cores."""
        self.coder = coder
        self.threads = thread_count(threads)

    def code(self, chunks: Iterator[ChunkInput]) -> Iterator[CodedChunk]:
        """Yield the coded chunks in order."""
        if self.threads == 1:
            for chunk in chunks:
                yield code_one(self.coder, chunk)
            return
        pool = ThreadPoolExecutor(self.threads, thread_name_prefix="coder")
        window: deque[Future[CodedChunk]] = deque()
        try:
            for chunk in chunks:
                window.append(pool.submit(code_one, self.coder, chunk))
                if len(window) > self.threads:
                    yield window.popleft().result()
            while window:
                yield window.popleft().result()
        finally:
            # Who is interrupted does not wait for what threads still code.
            pool.shutdown(wait=False, cancel_futures=True)
