"""Signals that end a run: Ctrl-C, what ``kill`` sends, a terminal that closes.

Each raises KeyboardInterrupt, so that what is open is closed and nothing half-written stays; the
command then tells what stands and how to go on.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NOTHING_CHANGED = "nothing was changed; run it again"
_SAME_SECONDS = 1.0


class StoppedError(BaseException):
    """A run was stopped by a signal. No Exception, and not what click makes an exit code of."""


class _Received:
    """The signal that came first, and when."""

    number = signal.SIGINT
    at = 0.0


def exit_code() -> int:
    """Return the exit code of a run that a signal ended: 130, 143, 129."""
    return 128 + _Received.number


def stopped_message(stands: str) -> str:
    """Return what is told of a run that was stopped, and of what stands."""
    by = "" if _Received.number == signal.SIGINT else f" by {_Received.number.name}"
    return f"interrupted{by}; {stands}"


def _end(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if _Received.at:
        # `timeout` and terminals send one signal twice; who insists is obeyed at once.
        if now - _Received.at > _SAME_SECONDS:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        return
    _Received.number, _Received.at = signal.Signals(number), now
    raise KeyboardInterrupt


@contextmanager
def ending_signals() -> Iterator[None]:
    """Have the signals that end a run raise KeyboardInterrupt; those ignored (nohup) stay so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _Received.number, _Received.at = signal.SIGINT, 0.0
    before = {number: signal.getsignal(number) for number in ENDING}
    taken = {n: old for n, old in before.items() if old not in (signal.SIG_IGN, None)}
    for number in taken:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number, old in taken.items():
            signal.signal(number, old)


@contextmanager
def stands(tell: str | Callable[[], str]) -> Iterator[None]:
    """Say, where a signal ends the block, what stands by then and how to go on.

    Raises:
        StoppedError: with these words.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise StoppedError(tell if isinstance(tell, str) else tell()) from None
