"""Scratch: where this machine keeps for a while what belongs to an object store."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from seqcoder.circumstances import system_reason
from seqcoder.errors import InputError

VARIABLE = "SEQCODER_SCRATCH"


def no_scratch(path: Path, reason: str) -> InputError:
    """Return the error that there is none, with the remedy."""
    return InputError(
        f"{path}: no scratch space: {reason}; name a folder with room for a container in {VARIABLE}"
    )


def check_scratch() -> None:
    """Raise InputError where there can be no scratch; makes nothing."""
    top = Path(os.environ.get(VARIABLE) or tempfile.gettempdir())
    there = next(folder for folder in (top, *top.absolute().parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise no_scratch(top, f"{there} cannot be written to")


def scratch_path(url: str) -> Path:
    """Return the folder for what is at ``url``, this user's own, which need not be there.

    It lies where the variable says, or else the system.
    """
    top = Path(os.environ.get(VARIABLE) or tempfile.gettempdir()) / f"seqcoder-{os.getuid()}"
    return top / hashlib.sha256(url.encode()).hexdigest()[:16]


def scratch_folder(url: str) -> Path:
    """Make the folder for what is at ``url``, if it is not there, and return it.

    Raises InputError where that cannot be.
    """
    folder = scratch_path(url)
    top = folder.parent
    try:
        top.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = top.lstat()
        if status.st_uid != os.getuid() or not stat.S_ISDIR(status.st_mode):
            raise no_scratch(top, "it is another user's")
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise no_scratch(folder, system_reason(error)) from None
    return folder
