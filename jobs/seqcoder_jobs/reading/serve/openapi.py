"""The OpenAPI document of the GA4GH routes."""

from __future__ import annotations

from typing import Any

from seqcoder.version import __version__
from seqcoder_jobs.archive.manifest.schema import LEVEL1
from seqcoder_jobs.reading.serve.seqcol import LARGEST_BODY, LARGEST_PAGE, PAGE_SIZE, SCHEMA

_WHOLE = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}


def document() -> dict[str, Any]:
    """Return the document, OpenAPI 3.1."""
    pages = [
        _asked("page", _WHOLE | {"default": 0}),
        _asked("page_size", {"type": "integer", "maximum": LARGEST_PAGE, "default": PAGE_SIZE}),
    ]
    attribute = _in_path("attribute", {"enum": [*LEVEL1]})
    digest = _in_path("digest", _TEXT)
    posted = {
        "description": f"A collection, level 2, up to {LARGEST_BODY} bytes.",
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/collection"}}},
    }
    plain = "text/vnd.ga4gh.refget.v2.0.0+plain"
    return {
        "openapi": "3.1.0",
        "info": {"title": "seqcoder-ray serve: GA4GH refget", "version": __version__},
        "paths": {
            "/sequence/{digest}": _get(
                "A sequence or a part of it.",
                [
                    digest,
                    _asked("start", _WHOLE),
                    _asked("end", _WHOLE),
                    {"name": "Range", "in": "header", "schema": _TEXT},
                ],
                ("206", "400", "404", "406", "416", "501"),
                plain,
            ),
            "/sequence/{digest}/metadata": _get(
                "Length, digests and names of a sequence.", [digest], ("404", "406")
            ),
            "/sequence/service-info": _get("What the service of sequences is.", [], ("406",)),
            "/service-info": _get("What the service of collections is.", [], ()),
            "/collection/{digest}": _get(
                "A sequence collection.",
                [digest, _asked("level", {"enum": [1, 2], "default": 2})],
                ("400", "404"),
            ),
            "/comparison/{a}/{b}": _get(
                "Two collections compared.", [_in_path("a", _TEXT), _in_path("b", _TEXT)], ("404",)
            ),
            "/comparison/{a}": {
                "post": _get("A collection compared with one that is sent.", [], ("400", "413"))[
                    "get"
                ]
                | {"parameters": [_in_path("a", _TEXT)], "requestBody": posted}
            },
            "/list/collection": _get(
                "Digests of collections, of those with all attributes given (level 1).",
                [*pages, *(_asked(name, _TEXT) for name in LEVEL1)],
                ("400",),
            ),
            "/list/attributes/{attribute}": _get(
                "Digests of an attribute.", [attribute, *pages], ("400", "404")
            ),
            "/attribute/collection/{attribute}/{digest}": _get(
                "An attribute by its digest.", [attribute, digest], ("404",)
            ),
        },
        "components": {"schemas": {"collection": SCHEMA}},
    }


def _asked(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


def _in_path(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _get(
    summary: str,
    parameters: list[dict[str, Any]],
    others: tuple[str, ...],
    media_type: str = "application/json",
) -> dict[str, Any]:
    told = {code: {"description": "See the specification."} for code in others}
    answer = {"description": "Done.", "content": {media_type: {}}}
    return {
        "get": {"summary": summary, "parameters": parameters, "responses": {"200": answer} | told}
    }
