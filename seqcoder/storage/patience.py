"""How long a store is asked again: pauses that grow, a remark when it takes long, an end."""

from __future__ import annotations

import threading
import time

from seqcoder.errors import StorageError
from seqcoder.wording import without_secrets

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0
_REMARK_SECONDS = 5.0
_REMARK_EVERY_SECONDS = 30.0
_SHORT_SECONDS = 5.0
_GIVEN_UP_SECONDS = 60.0


class Patience:
    """That of one operation, a context: ``wait`` after each failure, until it raises.

    An operation without an answer after five seconds is remarked on, through the logger
    ``seqcoder.storage``; what was remarked on is repeated every 30 seconds at most.
    """

    def __init__(self, where: str, store: str, seconds: float) -> None:
        """``where``: path or URL; ``seconds``: after these it is not tried again.

        After a ``store`` was given up, its next operations are tried for a few seconds only.
        """
        if _was_given_up(store):
            seconds = min(seconds, _SHORT_SECONDS)
        self._where, self._store, self._seconds = where, store, seconds
        self._until = time.monotonic() + seconds
        self._pause = _FIRST_PAUSE_SECONDS
        self._said = f"{where}: no answer yet"

    def __enter__(self) -> Patience:
        _watch.begin(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        _watch.end(self)
        if kind is None:
            _GIVEN_UP.pop(self._store, None)

    def wait(self, error: StorageError) -> None:
        """Sleep before another try; raises StorageError, with ``error``'s text, at the end."""
        self._said = str(error)
        left = self._until - time.monotonic()
        if left <= 0:
            _GIVEN_UP[self._store] = time.monotonic()
            raise StorageError(f"{error} (tried for {self._seconds:.0f} s)") from error.__cause__
        time.sleep(min(self._pause, left))
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)

    def remark(self) -> None:
        """Say that there is no answer yet, or what the last one was."""
        if _remark_is_due():
            import logging

            logging.getLogger("seqcoder.storage").warning(
                "%s (asked again for up to %.0f s: SEQCODER_RETRY_SECONDS)",
                without_secrets(self._said),
                self._seconds,
            )


class _Watch:
    """Remarks on operations that take long: one thread for all, while there are any."""

    def __init__(self) -> None:
        self._due: dict[Patience, float] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, patience: Patience) -> None:
        """Watch an operation."""
        with self._lock:
            self._due[patience] = time.monotonic() + _REMARK_SECONDS
            if self._thread is None or not self._thread.is_alive():  # gone after a fork, too
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def end(self, patience: Patience) -> None:
        """Leave it alone."""
        with self._lock:
            self._due.pop(patience, None)

    def _run(self) -> None:
        idle = 0
        while True:
            time.sleep(_REMARK_SECONDS / 10)
            with self._lock:
                now = time.monotonic()
                late = [patience for patience, due in self._due.items() if due <= now]
                for patience in late:
                    del self._due[patience]
                idle = 0 if self._due or late else idle + 1
                if idle == _IDLE_ROUNDS:
                    self._thread = None
                    return
            for patience in late:
                patience.remark()


_watch = _Watch()
_IDLE_ROUNDS = 10
"""After so many in which nothing was under way the thread ends."""

_GIVEN_UP: dict[str, float] = {}
"""When stores were given up that have not answered since."""


def _was_given_up(store: str) -> bool:
    return time.monotonic() - _GIVEN_UP.get(store, -_GIVEN_UP_SECONDS) < _GIVEN_UP_SECONDS


_LOCK = threading.Lock()
_NEXT = {"remark": 0.0}


def _remark_is_due() -> bool:
    with _LOCK:
        due = time.monotonic() >= _NEXT["remark"]
        if due:
            _NEXT["remark"] = time.monotonic() + _REMARK_EVERY_SECONDS
    return due
