"""What a container is called in an object store, where each of its states is an object."""

from __future__ import annotations

import re

_OBJECT = re.compile(r"(.+)-[0-9a-f]{16}(\.sqc)")


def object_name(name: str, sha256: str) -> str:
    """Return what the state of container ``name`` that has this SHA-256 (hex) is called."""
    return f"{name.removesuffix('.sqc')}-{sha256[:16]}.sqc"


def container_of(object_name: str) -> str:
    """Return the container that an object is a state of, "" for an object that is none."""
    found = _OBJECT.fullmatch(object_name)
    return found[1] + found[2] if found else ""
