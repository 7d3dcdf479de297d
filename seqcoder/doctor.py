"""Whether an installation is sound: what is there, and whether it computes what it must.

The exactness test decodes the small container in ``vectors/`` and encodes what comes out at every
level. The bytes were written once and are the same for every machine: another byte anywhere means
that archives written here could not be trusted. ``tests/golden/vectors.py`` made them.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from seqcoder.circumstances import explain
from seqcoder.errors import IntegrityError, ModelError, SeqcoderError
from seqcoder.reading.opening import open
from seqcoder.reading.reader import Container
from seqcoder.storage.atomic import is_same_file
from seqcoder.version import __version__

VECTORS = Path(__file__).parent / "vectors"
_LOW_DISK = 1 << 30
_LOW_SHARED = 1 << 30

State = Literal["ok", "missing", "broken"]


@dataclass(frozen=True)
class Check:
    """What was looked at and found: ``missing`` is a lack one can live with."""

    name: str
    state: State
    detail: str
    remedy: str = ""


def checks() -> Iterator[Check]:
    """Yield all checks of this machine, one after the other. None raises."""
    yield Check(
        "seqcoder",
        "ok",
        f"{__version__}, Python {platform.python_version()}, {platform.machine()}, "
        f"{os.cpu_count()} CPUs",
    )
    folder = _guarded("working folder", _folder)
    yield folder
    for package in ("numpy", "zstandard"):
        yield _package(package, "broken", "pip install seqcoder")
    for name, function in (
        ("exactness", _exactness),
        ("models", _models),
    ):
        yield _guarded(name, function)
    if folder.state == "ok":  # without one torch ends the process as it loads
        yield _guarded("torch", _torch)
    for package in ("pyarrow", "ray"):
        yield _package(package, "missing", "pip install 'seqcoder[ray]' for seqcoder-ray")
    yield _guarded("temporary files", _temporary)
    yield _guarded("shared memory", _shared)


def _guarded(name: str, function: Callable[[], Check]) -> Check:
    try:
        return function()
    except Exception as error:
        return failed(name, error, "install seqcoder again, or report it")


def failed(name: str, error: Exception, otherwise: str) -> Check:
    """Return the check that ended in an error, with a remedy: ``otherwise`` if none is known."""
    reason, _, remedy = (explain(error) or "").partition("; ")
    said = " ".join(str(error).split()) or type(error).__name__
    return Check(name, "broken", reason or said, remedy or otherwise)


def _folder() -> Check:
    try:
        return Check("working folder", "ok", os.getcwd())  # noqa: PTH109
    except FileNotFoundError:
        return Check("working folder", "broken", "has been removed", "cd to one that is there")


def _package(name: str, lacking: State, remedy: str) -> Check:
    try:
        return Check(name, "ok", version(name))
    except PackageNotFoundError:
        return Check(name, lacking, "not installed", remedy)


def _exactness() -> Check:
    problems, tried = exactness()
    if problems:
        return Check(
            "exactness",
            "broken",
            "; ".join(problems),
            "do not use this installation; install it again, and report it if that does not help",
        )
    return Check("exactness", "ok", f"{tried} codings decode and encode to the golden bytes")


def exactness() -> tuple[list[str], int]:
    """Decode and encode the golden vectors; returns what went wrong, and the codings tried."""
    expected = json.loads((VECTORS / "expected.json").read_text())
    try:
        with open(VECTORS / "golden.sqc", threads=1) as container:
            (genome,) = container.values()
            data = genome.read()
            if sha256(data).hexdigest() != expected["file"]:
                return ["the golden container decodes to another file"], 1
            residuals = list(encodings(container))
    except SeqcoderError as error:
        return [str(error)], 1
    found = {name: digest for name, digest, _ in residuals}
    problems = [f"{name} decodes to other bases" for name, _, same in residuals if not same]
    problems += [
        f"{name} encodes to other bytes"
        for name, digest in expected["residuals"].items()
        if found.get(name) != digest
    ]
    return problems, len(residuals)


def encodings(container: Container) -> Iterator[tuple[str, str, bool]]:
    """Encode a container's first chunk at every level, with its latents.

    Yields what was done, the SHA-256 of the residual, and whether it decodes to the same bases.
    """
    from seqcoder import coder
    from seqcoder.latent import unpack_latents
    from seqcoder.reading.chunk import decode_chunk

    row, latents, residual = container.reader.chunk_frames(container.reader.index.chunks[0])
    model = container.decoder.model(row.model)
    bases = decode_chunk(row, latents, residual, model)
    if model is None:
        raise IntegrityError("the golden container has no latents")
    classes = model.classes(unpack_latents(latents, len(bases)), len(bases))
    codings = {"two bits": coder.TWO_BIT}
    codings |= {f"level {number}": level.coding for number, level in coder.LEVELS.items()}
    for name, coding in codings.items():
        payload = coder.encode(bases, coding, classes, model.library)
        again = coder.decode(payload, len(bases), coding, classes, library=model.library)
        yield name, sha256(payload).hexdigest(), bool((again == bases).all())


def _models() -> Check:
    from seqcoder.latent import survey_models
    from seqcoder.latent.modelfile import verify_model

    models, problems = survey_models()
    for model in models:
        try:
            verify_model(model.path)
        except ModelError as error:
            problems.append(f"{model.path}: {error}")
    if problems:
        remedy = "fetch each of them again, or remove it; the other models are used meanwhile"
        return Check("models", "broken", "; ".join(problems), remedy)
    if not models:
        return Check("models", "broken", "none", "install seqcoder again; its wheel holds one")
    names = ", ".join(f"{model.name} {model.digest[:12]}" for model in models)
    return Check("models", "ok", f"{names}: digests match")


def _torch() -> Check:
    check = _package(
        "torch",
        "missing",
        "pip install 'seqcoder[model]' to train models, or for stage 1 on GPUs",
    )
    if check.state != "ok":
        return check
    import torch

    if not torch.cuda.is_available():
        return replace(check, detail=f"{check.detail}, no GPU: stage 1 runs on the CPU")
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return replace(check, detail=f"{check.detail}, {', '.join(names)}")


def _temporary() -> Check:
    folder = tempfile.gettempdir()
    for variable in ("TMPDIR", "TEMP", "TMP"):
        named = os.environ.get(variable)
        if named and not is_same_file(Path(folder), Path(named)):
            return Check(
                "temporary files",
                "broken",
                f"{variable} names {named}, which cannot be written; {folder} is used instead",
                f"set {variable} to a folder that can",
            )
        if named:
            break
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"x")
    free = shutil.disk_usage(folder).free
    detail = f"{folder}: {free / 1e9:.1f} GB free"
    if free < _LOW_DISK:
        return Check("temporary files", "missing", detail, "set TMPDIR to a larger disk")
    return Check("temporary files", "ok", detail)


def _shared() -> Check:
    try:
        size = shutil.disk_usage("/dev/shm").total
    except OSError:
        return Check("shared memory", "ok", "no /dev/shm here; Ray uses temporary files")
    detail = f"/dev/shm: {size / 1e9:.1f} GB"
    if size < _LOW_SHARED:
        remedy = "start the container with --shm-size=4g; Ray is slow without"
        return Check("shared memory", "missing", detail, remedy)
    return Check("shared memory", "ok", detail)
