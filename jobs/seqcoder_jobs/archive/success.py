"""The success mark of an archive: which files it is made of, with their digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from seqcoder.errors import IntegrityError, MissingError, StorageError
from seqcoder.storage.folder import Folder
from seqcoder.storage.store import Store

NAME = "_SUCCESS"


def _digest(facts: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in facts.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def success_bytes(facts: Mapping[str, Any]) -> bytes:
    """Return the contents of a success mark that says ``facts``, and a digest of them."""
    return (json.dumps({**facts, "digest": _digest(facts)}, indent=1) + "\n").encode()


def read_success(store: Store) -> dict[str, Any] | None:
    """Return what the mark of an archive says, None where there is none.

    Raises IntegrityError where it is damaged. Marks of earlier versions have no digest.
    """
    try:
        facts = json.loads(store.get(NAME)[0])
        if facts.get("digest", _digest(facts)) != _digest(facts):
            raise ValueError("it does not match its digest")
        if not all(isinstance(item, str) for pair in facts["manifest"].items() for item in pair):
            raise ValueError("it names no files")
    except MissingError:
        return None
    except (StorageError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, StorageError) and not isinstance(store, Folder):
            raise
        raise IntegrityError(
            f"{store.locate(NAME)}: damaged ({error}); remove it and run submit again to have it "
            "written anew"
        ) from None
    return dict(facts)


def check_present(store: Store) -> None:
    """Raise IntegrityError where files of the manifest are gone: an archive would look empty."""
    facts = read_success(store)
    if facts is None:
        return
    there = {stored.name for stored in store.files("manifest")}
    for name in facts["manifest"]:
        if name not in there and read_success(store) == facts:  # not changed meanwhile
            raise IntegrityError(
                f"{store.locate(name)}: missing; 'seqcoder-ray submit -o {store.url}' makes the "
                "manifest anew from the containers"
            )


def check_file(store: Store, name: str) -> None:
    """Raise IntegrityError where the success mark has another digest for a file of a folder.

    Of an object store's files only the ranges needed are read, which have checksums of their own.
    """
    if not isinstance(store, Folder):
        return
    facts = read_success(store)
    digest = facts and facts["manifest"].get(name)
    if digest and store.sha256(name) != digest:
        raise IntegrityError(
            f"{store.locate(name)}: does not match its SHA-256 in {NAME}; it is damaged"
        )


def damaged_files(store: Store) -> Iterator[str]:
    """Yield what is wrong with the mark, the plan and the manifest's files."""
    try:
        facts = read_success(store)
    except IntegrityError as error:
        yield str(error)
        return
    if facts is None:
        return
    files = dict(facts["manifest"])
    if "plan_sha256" in facts:
        files["plan.json"] = facts["plan_sha256"]
    for name, digest in files.items():
        try:
            same = store.sha256(name) == digest
        except MissingError:
            yield f"{store.locate(name)}: missing"
            continue
        if not same:
            yield f"{store.locate(name)}: does not match its SHA-256 in {NAME}"
