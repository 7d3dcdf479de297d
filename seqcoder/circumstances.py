"""What a system refuses, told as what it is: the reason and what helps, none of it a bug.

In comes an exception, out goes half a line.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

_MEMORY = (
    "out of memory; use fewer --threads or a smaller --chunk-size, or raise the limit (ulimit -v)"
)
_THREADS = (
    "no further thread or process can be started: too little memory or too many of them; raise the "
    "limits (ulimit -v, ulimit -u), or use --threads 1"
)
_REMEDIES = {
    errno.ENOSPC: "free some, or write elsewhere",
    errno.EDQUOT: "free some of your quota, or write elsewhere",
    errno.EFBIG: "raise the limit (ulimit -f), or write to another file system",
    errno.EROFS: "write elsewhere",
    errno.EIO: "a disk or a connection fails: see the system's log, use another copy or disk",
    errno.ESTALE: "its server has changed the folder: mount it again, repeat the command",
    errno.EEXIST: "that is in the way: name another, or remove it",
    errno.ENOTDIR: "a file is where the path has a folder: name another",
    errno.ENAMETOOLONG: "choose a shorter one",
    errno.EMFILE: "raise the limit (ulimit -n)",
    errno.ENFILE: "the whole system has too many: end what holds them",
    errno.ENOMEM: "use fewer --threads, or raise the limit (ulimit -v)",
    errno.EACCES: "change its mode, or name another",
    errno.EPERM: "its owner or the system forbids that; name another",
    errno.ELOOP: "remove the loop of symbolic links",
    errno.ETIMEDOUT: "is its server there? repeat the command",
    errno.ENXIO: "there is nothing behind that device or pipe",
}


def system_reason(error: OSError, otherwise: str = "") -> str:
    """Return what the system says, and what helps against it: ``otherwise`` where none is known."""
    reason = error.strerror or " ".join(str(error).split()) or type(error).__name__
    remedy = _REMEDIES.get(error.errno or 0, otherwise)
    return f"{reason}; {remedy}" if remedy else reason


def is_memory(error: BaseException) -> bool:
    """Whether an error comes of too little memory, whatever library says so."""
    if isinstance(error, MemoryError) or getattr(error, "errno", 0) == errno.ENOMEM:
        return True
    told = str(error).lower()
    return any(words in told for words in _OF_MEMORY)


_OF_MEMORY = (
    "not enough memory",
    "cannot allocate memory",
    "unable to allocate",
    "allocation error",
    "failed to map segment",
    "bad_alloc",
)


def explain(error: BaseException) -> str | None:
    """Return reason and remedy of an error that a circumstance caused; None: it may be a bug."""
    chain = _chain(error)
    if any(is_memory(link) for link in chain):
        return _MEMORY
    for link in chain:
        if isinstance(link, OSError) and link.errno in (errno.EMFILE, errno.ENFILE):
            return _of_system(link)
    if "can't start new thread" in str(error) or isinstance(error, BlockingIOError):
        return _THREADS
    if any(isinstance(link, EOFError) and "marshal" in str(link) for link in chain):
        return (
            "a compiled module of Python's is cut short, as a full disk leaves it; remove the "
            f"folders __pycache__ below {Path(__file__).parents[1]}, or install seqcoder again"
        )
    if isinstance(error, RecursionError):
        return "what was read is nested too deeply; is the input what it claims to be?"
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name or error} is not installed; 'seqcoder doctor' tells what is missing"
    if isinstance(error, ImportError):
        innermost = " ".join(str(chain[-1]).split())
        return (
            f"a library does not load: {innermost}; install it again, or seqcoder with "
            "'pip install --force-reinstall seqcoder'"
        )
    if isinstance(error, OSError):
        return _of_system(error)
    return None


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error and what caused it, the innermost last."""
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return links


def _of_system(error: OSError) -> str:
    named = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "output"
    return f"{named}: {system_reason(error, 'is the path right?')}"
