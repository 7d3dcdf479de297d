"""Which errors are worth another try, and how many: the one place that decides.

Ray's own retries are off for coder tasks (``max_retries=0``) and coordinators
(``max_restarts=0``), so that every lost piece of work passes here and is counted. That also
bounds tries after out-of-memory kills, which Ray would repeat for ever.
"""

from __future__ import annotations

import errno
import os
import re
from time import sleep as pause

from seqcoder.errors import SeqcoderError

MAX_TRIES = 4
"""A piece of work is submitted once and, if workers or nodes are lost, three times more."""


class ClusterError(SeqcoderError):
    """The cluster cannot do the work: workers keep dying, or what was asked for never came."""

    exit_code = 1


def unwrap(error: BaseException) -> BaseException:
    """Return what was raised in a task, from what Ray raises in its place."""
    from ray.exceptions import RayTaskError

    while isinstance(error, RayTaskError) and isinstance(error.cause, BaseException):
        error = error.cause
    return error


def is_retriable(error: BaseException) -> bool:
    """Tell whether a worker, node or object was lost, rather than the work itself wrong."""
    from ray import exceptions

    cause = unwrap(error)
    if never_began(cause):
        return False
    if isinstance(cause, OSError | ImportError) and os.strerror(errno.ENOMEM) in str(cause):
        return True  # a library could not be mapped, a thread or file not made
    return isinstance(
        cause,
        exceptions.WorkerCrashedError
        | exceptions.LocalRayletDiedError
        | exceptions.NodeDiedError
        | exceptions.ObjectLostError
        | exceptions.OutOfMemoryError
        | exceptions.OutOfDiskError
        | exceptions.ObjectStoreFullError
        | exceptions.RayActorError
        | MemoryError,
    )


def never_began(cause: BaseException) -> bool:
    """Whether an actor died of an error in its own start, which another one would meet, too."""
    from ray.exceptions import RayActorError

    text = str(cause)
    return isinstance(cause, RayActorError) and any(mark in text for mark in _OF_START)


_OF_START = ("error raised in its creation task", "failed to import on the worker")
_DETAIL = re.compile(r"Worker exit detail: (.+)")


def reason_of(cause: BaseException) -> str:
    """Return why work was lost, as one line: of what Ray says, the line that tells it."""
    text = str(cause)
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    if never_began(cause):
        return lines[-1]
    detail = _DETAIL.search(text)
    return f"{type(cause).__name__}: {detail[1].strip() if detail else lines[0]}"


def try_again(what: str, tries: int, error: BaseException) -> int:
    """Return the number of the next try of ``what`` after ``tries``, having waited a moment.

    Raises:
        SeqcoderError: that is what the task raised.
        ClusterError: enough workers were lost over it.
        BaseException: any other error of the task's own, as it was raised.
    """
    cause = unwrap(error)
    if never_began(cause):
        raise ClusterError(
            f"{what}: {reason_of(cause)}; is the same seqcoder installed on every node? "
            "'seqcoder-ray doctor --address ...' tries it there"
        ) from None
    if not is_retriable(cause):
        raise cause from (None if isinstance(cause, SeqcoderError) else error)
    if tries >= MAX_TRIES:
        raise ClusterError(
            f"{what}: lost {tries} times ({reason_of(cause)}); "
            "is there too little memory a worker? Mend that and repeat the command, "
            "it goes on where it stopped"
        ) from None
    # The first loss is mostly a node that went, and others are there. Later ones: give it time.
    pause(0.0 if tries == 1 else 0.5 * 2**tries)
    return tries + 1
