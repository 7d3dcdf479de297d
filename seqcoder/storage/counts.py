"""What stores were asked for: requests, bytes, seconds; ``--stats`` prints it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Counts:
    """Requests by kind, bytes both ways, seconds waited (those of threads side by side added up).

    Retries within a request are not told apart. Safe for several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests: Counter[str] = Counter()
        self.bytes_in = self.bytes_out = 0
        self.seconds = 0.0

    @contextmanager
    def request(self, kind: str, sent: int = 0) -> Iterator[None]:
        """Count what is asked within the block as one request."""
        started = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self.requests[kind] += 1
                self.bytes_out += sent
                self.seconds += time.perf_counter() - started

    def received(self, count: int) -> None:
        """Count bytes that came."""
        with self._lock:
            self.bytes_in += count

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.requests.items()))
        return (
            f"{sum(self.requests.values())} requests ({kinds or 'none'}), {self.bytes_in:,} bytes "
            f"read, {self.bytes_out:,} written, {self.seconds:.3f} s waited"
        )


COUNTS = Counts()
"""Those of this process."""
