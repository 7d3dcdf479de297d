"""The success mark of an archive: which files it is made of, with their digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seqcoder.errors import IntegrityError
from seqcoder.storage.checksum import file_sha256

NAME = "_SUCCESS"


def _digest(facts: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in facts.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def success_bytes(facts: Mapping[str, Any]) -> bytes:
    """Return the contents of a success mark that says ``facts``, and a digest of them."""
    return (json.dumps({**facts, "digest": _digest(facts)}, indent=1) + "\n").encode()


def read_success(folder: Path) -> dict[str, Any] | None:
    """Return what the mark in an archive's folder says, None where there is none.

    Raises IntegrityError where it is damaged. Marks of earlier versions have no digest.
    """
    path = folder / NAME
    try:
        facts = json.loads(path.read_bytes())
        if facts.get("digest", _digest(facts)) != _digest(facts):
            raise ValueError("it does not match its digest")
        if not all(isinstance(item, str) for pair in facts["manifest"].items() for item in pair):
            raise ValueError("it names no files")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IntegrityError(
            f"{path}: damaged ({error}); remove it and run submit again to have it written anew"
        ) from None
    return dict(facts)


def check_present(folder: Path) -> None:
    """Raise IntegrityError where files of the manifest are gone: an archive would look empty."""
    for name in (read_success(folder) or {"manifest": ()})["manifest"]:
        if not (folder / name).is_file():
            raise IntegrityError(
                f"{folder / name}: missing; 'seqcoder-ray submit -o {folder}' makes the manifest "
                "anew from the containers"
            )


def check_file(folder: Path, path: Path) -> None:
    """Raise IntegrityError where the success mark has another digest for a file of the archive."""
    facts = read_success(folder)
    digest = facts and facts["manifest"].get(path.relative_to(folder).as_posix())
    if digest and file_sha256(path) != digest:
        raise IntegrityError(f"{path}: does not match its SHA-256 in {NAME}; it is damaged")


def damaged_files(folder: Path) -> Iterator[str]:
    """Yield what is wrong with the mark, the plan and the manifest's files."""
    try:
        facts = read_success(folder)
    except IntegrityError as error:
        yield str(error)
        return
    if facts is None:
        return
    files = dict(facts["manifest"])
    if "plan_sha256" in facts:
        files["plan.json"] = facts["plan_sha256"]
    for name, digest in files.items():
        path = folder / name
        if not path.is_file():
            yield f"{path}: missing"
        elif file_sha256(path) != digest:
            yield f"{path}: does not match its SHA-256 in {NAME}"
