"""A loaded model: bases to latents, latents to classes, and its protein library."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqcoder.circumstances import system_reason
from seqcoder.errors import ModelError
from seqcoder.latent.modelfile import SUFFIX, ModelFile, library_text, read_model
from seqcoder.latent.types import latents_to_classes
from seqcoder.settings import DEFAULT_MODEL
from seqcoder.storage.url import is_url

if TYPE_CHECKING:
    from seqcoder.latent.library import Library

MODELS_VARIABLE = "SEQCODER_MODELS"
"""Folders and URLs of object stores, separated as in PATH."""
_SHIPPED = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class LatentModel:
    """A model as loaded. ``digest`` is the SHA-256 (hex) of what decoding depends on."""

    name: str
    digest: str
    file: ModelFile
    path: Path

    def encode(
        self, bases: NDArray[np.uint8], *, refine: bool = False, device: str = "cpu"
    ) -> NDArray[np.int8]:
        """Choose latents for one chunk: (n,) uint8 0..3 -> (ceil(n / 24),) int8.

        In a short chunk the network names the genes it recognises; the phase model starts from
        them (in a long one, or without an encoder part, from open reading frames), fits the chunk
        itself and chooses the path by its cost. ``refine`` spends more on it. ``device`` is where
        the network runs, "cpu" or "cuda"; latents are the same.
        """
        from seqcoder.latent.choice import choose_latents

        return choose_latents(self.file, bases, refine=refine, device=device)

    def classes(self, latents: NDArray[np.int8], n: int) -> NDArray[np.uint8]:
        """Classes of ``n`` bases, (n,) uint8 0..6: integers only, any latents are valid."""
        return latents_to_classes(latents, n)

    @property
    def library(self) -> Library:
        """The protein library the coder reads beside the classes (kept once built)."""
        with _building:  # one for all threads: what goes on after a leader has the leader's
            return _library(self.file)


_opening, _building = threading.Lock(), threading.Lock()


@lru_cache(maxsize=4)
def _library(file: ModelFile) -> Library:
    from seqcoder.latent.library import library_over

    return library_over(*library_text(file))


def _folders() -> list[Path]:
    given = re.split(f"{os.pathsep}(?!//)", os.environ.get(MODELS_VARIABLE, ""))
    return [_fetched(place) if is_url(place) else Path(place) for place in given if place] + [
        _SHIPPED
    ]


@lru_cache(maxsize=8)
def _fetched(url: str) -> Path:
    """Return a scratch folder with the models that lie at a URL, fetched once for each state."""
    from seqcoder.storage.atomic import write_atomically
    from seqcoder.storage.opening import open_store
    from seqcoder.storage.scratch import scratch_folder

    store = open_store(url)
    there = [s for s in store.files() if s.name.endswith(SUFFIX) and "/" not in s.name]
    state = hashlib.sha256(repr([(s.name, s.identity) for s in there]).encode()).hexdigest()
    folder = scratch_folder(f"{url} {state}")
    for stored in there:
        if not (folder / stored.name).exists():
            write_atomically(folder / stored.name, store.get(stored.name)[0])
    return folder


def list_models() -> list[LatentModel]:
    """Every readable model of the package and of the places in ``SEQCODER_MODELS``.

    Those that cannot be read are passed over, so that one damaged file does not keep the others
    from being found; ``survey_models`` says what is wrong with them.
    """
    return survey_models()[0]


def survey_models() -> tuple[list[LatentModel], list[str]]:
    """The models that ``list_models`` gives, and for each file that is none what is wrong."""
    found: list[LatentModel] = []
    problems: list[str] = []
    for folder in _folders():
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                file = read_model(path)
            except ModelError as error:
                problems.append(str(error))
            else:
                found.append(LatentModel(file.name, file.digest, file, path))
    return found, problems


@lru_cache(maxsize=8)
def _load(path: Path, stamp: tuple[int, int]) -> LatentModel:
    file = read_model(path)
    return LatentModel(file.name, file.digest, file, path)


def _open(path: Path) -> LatentModel:
    try:
        status = path.stat()
    except OSError as error:
        raise ModelError(f"{path}: cannot read the model ({system_reason(error)})") from error
    with _opening:
        return _load(path, (status.st_mtime_ns, status.st_size))


def _file_of(name_or_path: str) -> Path | None:
    """The file that a path or name means, read or not; None if there is none."""
    path = Path(name_or_path)
    if path.suffix == SUFFIX and path.exists():
        return path
    candidates = (folder / f"{name_or_path}{SUFFIX}" for folder in _folders())
    return next((candidate for candidate in candidates if candidate.exists()), None)


def load_model(name_or_path: str = DEFAULT_MODEL, digest: str | None = None) -> LatentModel:
    """Load a model by name, path or digest.

    ``digest`` (hex SHA-256, or its first 16 digits or more, as the index of a container has
    them) must then be the model's; where the named model is another one or damaged, any model
    at hand with that digest will do. Raises
    ModelError (exit code 4) if there is none.
    """
    named, problem = None, ""
    path = _file_of(name_or_path)
    if path is not None:
        try:
            named = _open(path)
        except ModelError as error:
            if digest is None:
                raise
            problem = str(error)
    if named is not None and (digest is None or named.digest.startswith(digest)):
        return named
    if digest is not None:
        for model in list_models():
            if model.digest.startswith(digest):
                return replace(model, name=name_or_path) if named is None else model
        have = f"the one at hand has {named.digest[:16]}" if named else "there is none of that name"
        have = problem or have
        raise ModelError(
            f"model {name_or_path} with SHA-256 {digest[:16]}... is needed, but {have}; "
            f"put its {SUFFIX} file into a folder named by {MODELS_VARIABLE}"
        )
    raise ModelError(
        f"no model {name_or_path}: not in this installation, nor a {SUFFIX} file, nor in a folder "
        f"named by {MODELS_VARIABLE}"
    )


def find_model(digest: str) -> LatentModel:
    """Find the model whose SHA-256 (hex) starts with ``digest``.

    Raises ModelError if no model at hand has it.
    """
    for model in list_models():
        if digest and model.digest.startswith(digest):
            return model
    raise ModelError(
        f"no model with SHA-256 {digest}... is at hand; put its {SUFFIX} file into a folder "
        f"named by {MODELS_VARIABLE}"
    )
