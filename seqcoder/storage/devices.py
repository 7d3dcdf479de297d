"""Inputs that are no files: which of them have an end."""

from __future__ import annotations

import os
import stat

from seqcoder.errors import InputError

_NULL = (1, 3)
_TERMINALS = (4, 5, *range(136, 144))
"""Major numbers of /dev/tty* and of /dev/pts (Linux's devices.txt)."""


def check_ends(status: os.stat_result, label: str) -> None:
    """Raise InputError where reading would not end: of disks, /dev/zero and the like.

    Files, pipes, terminals and /dev/null end.
    """
    if stat.S_ISBLK(status.st_mode):
        raise InputError(f"{label}: is a disk, not a file; mount it, and name files on it")
    if not stat.S_ISCHR(status.st_mode):
        return
    major = os.major(status.st_rdev)
    if (major, os.minor(status.st_rdev)) != _NULL and major not in _TERMINALS:
        raise InputError(f"{label}: is a device, whose data have no end; name a file or a pipe")
