"""What a file that a run left was made with, so that another run does not go on from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from seqcoder.errors import InputError, UsageError


def check_options(path: Path, kept: Mapping[str, object], now: Mapping[str, object]) -> None:
    """Raise UsageError, naming what differs, unless ``path`` was made with the options of now."""
    now = json.loads(json.dumps(now))  # tuples become lists, as in the file
    changed = [f"{k} {kept.get(k, 'unknown')}, now {v}" for k, v in now.items() if kept.get(k) != v]
    if changed:
        raise UsageError(
            f"{path}: made with other options ({'; '.join(changed)}); repeat the command as it "
            "was, or take --no-resume to begin anew, or another folder"
        )


def kept_options(library: Path) -> dict[str, Any]:
    """Return what a kept library was made with; nothing is known of one without a head."""
    try:
        with np.load(library, allow_pickle=False) as data:
            return dict(json.loads(bytes(data["head"]))) if "head" in data.files else {}
    except (OSError, ValueError, BadZipFile) as error:
        raise InputError(
            f"{library}: cannot be read ({error}); remove it to have the library chosen again"
        ) from None
