"""The model of an archive, loaded while everything else that reading takes is still imported."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from seqcoder.latent.ahead import load_ahead
from seqcoder.storage.url import is_url
from seqcoder_jobs.archive.layout import PLAN

_HEAD = 4096


def load_model_ahead(archive: str) -> None:
    """Begin to load the model that the plan of an archive names, if it lies in a folder."""
    if not is_url(archive) and (digest := _model_of(Path(archive) / PLAN)):
        load_ahead(digest)


def _model_of(plan: Path) -> str:
    """Return the SHA-256 of a model by a plan's first lines, "" where there is none."""
    with suppress(OSError, ValueError), plan.open("rb") as file:
        for line in file.read(_HEAD).splitlines():
            name, _, value = line.partition(b": ")
            if name == b'"model_digest"':
                digest = json.loads(value.rstrip(b","))
                return digest if isinstance(digest, str) else ""
    return ""
