"""URLs taken apart: scheme, bucket and key, options."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Url:
    """A URL taken apart: ``path`` is the bucket and key (or file path), not percent-encoded."""

    scheme: str
    path: str
    query: str

    def at(self, path: str) -> str:
        """Return the URL of another ``path`` in the same store."""
        return f"{self.scheme}://{path}" + (f"?{self.query}" if self.query else "")

    @property
    def options(self) -> dict[str, str]:
        """What the query says, by name."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


def is_url(location: object) -> bool:
    """Whether ``location`` is a URL (``s3://``, ``https://``) and not a local path."""
    if not isinstance(location, str):
        return False
    scheme, separator, _ = location.partition("://")
    return bool(separator) and scheme.isalnum()


def url_meant(location: str) -> str:
    """Return the URL that a path with one slash too few was meant to be, "" for other paths."""
    found = re.fullmatch(r"(s3|gs|az|abfss?|https?):/(?!/)(.+)", location, re.IGNORECASE)
    return f"{found[1]}://{found[2]}" if found else ""


def split_url(location: str) -> Url:
    """Take a URL apart; what follows the last ``?`` with a ``=`` are options of the store."""
    scheme, _, rest = location.partition("://")
    path, separator, query = rest.rpartition("?")
    if not separator or "=" not in query:
        path, query = rest, ""
    return Url(scheme.lower(), path, query)


def join_url(location: str, name: str) -> str:
    """Return the location of ``name`` below a URL or a local folder."""
    if not name:
        return location
    if not is_url(location):
        return f"{location.rstrip('/')}/{name}"
    url = split_url(location)
    return url.at(f"{url.path.rstrip('/')}/{name}")
