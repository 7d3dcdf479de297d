"""GA4GH refget sequence collections v1: genomes by the digest of their names and sequences.

https://ga4gh.github.io/refget/seqcols/
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seqcoder.errors import NotFoundError, UsageError
from seqcoder.fasta.digest import seqcol_digest
from seqcoder_jobs.archive.manifest.schema import LEVEL1
from seqcoder_jobs.reading.serve.index import Index
from seqcoder_jobs.reading.serve.refget import CACHED, service_info
from seqcoder_jobs.reading.serve.request import number

PAGE_SIZE, LARGEST_PAGE = 100, 1000
LARGEST_BODY = 16 << 20
"""Bytes of a collection that is posted."""
_TRANSIENT = "sorted_name_length_pairs"
_STRING, _PAIR = {"type": "string"}, {"type": "object"}
SCHEMA = {
    "description": "A collection of biological sequences.",
    "type": "object",
    "properties": {
        name: {"type": "array", "collated": collated, "items": items}
        for name, collated, items in (
            ("lengths", True, {"type": "integer"}),
            ("names", True, _STRING),
            ("sequences", True, _STRING),
            ("sorted_sequences", False, _STRING),
            ("name_length_pairs", True, _PAIR),
            (_TRANSIENT, False, _STRING),
        )
    },
    "required": ["names", "lengths", "sequences"],
    "ga4gh": {"inherent": ["names", "sequences"], "transient": [_TRANSIENT]},
}


class Collections:
    """The routes of sequence collections."""

    def __init__(self, index: Index) -> None:
        """Collections of an archive."""
        self._index = index

    @property
    def routes(self) -> list[Route]:
        """What is answered."""
        return [
            Route("/service-info", self.info),
            Route("/collection/{digest}", self.collection),
            Route("/comparison/{a}/{b}", self.comparison),
            Route("/comparison/{a}", self.comparison_posted, methods=["POST"]),
            Route("/list/collection", self.list),
            Route("/list/attributes/{attribute}", self.list_attributes),
            Route("/attribute/collection/{attribute}/{digest}", self.attribute),
        ]

    def info(self, request: Request) -> Response:
        """Tell what this service is."""
        about = service_info("refget-seqcol", "1.0.0", "Genomes of an archive by their digests.")
        return JSONResponse(about | {"seqcol": {"schema": SCHEMA}})

    def collection(self, request: Request) -> Response:
        """Give a collection: its attributes (level 2), or their digests (level 1)."""
        digest = request.path_params["digest"]
        level = number(request, "level", 2)
        if level not in (1, 2):
            raise UsageError(f"level={level}: there are 1 and 2")
        if level == 1:
            return _told(self._index.genome(digest)["seqcol_level1"])
        return _told(self._index.level2(digest))

    def attribute(self, request: Request) -> Response:
        """Give an attribute by its digest."""
        name, digest = request.path_params["attribute"], request.path_params["digest"]
        if name not in LEVEL1 or name == _TRANSIENT:
            raise NotFoundError(f"attribute {name!r} is not to be had")
        return _told(self._index.level2(self._index.with_attribute(name, digest))[name])

    def list(self, request: Request) -> Response:
        """List collections, all or those with given attributes, in pages."""
        page, size = _page_asked(request)
        wanted = {k: v for k, v in request.query_params.items() if k not in ("page", "page_size")}
        for name in wanted:
            if name not in LEVEL1:
                raise UsageError(f"{name}: no attribute; there are {', '.join(LEVEL1)}")
        return _listed(*self._index.collections(wanted, page, size), page, size)

    def list_attributes(self, request: Request) -> Response:
        """List the digests of an attribute, in pages."""
        page, size = _page_asked(request)
        name = request.path_params["attribute"]
        if name not in LEVEL1:
            raise NotFoundError(f"no attribute {name!r}; there are {', '.join(LEVEL1)}")
        return _listed(*self._index.attributes(name, page, size), page, size)

    def comparison(self, request: Request) -> Response:
        """Compare two collections of the archive."""
        a, b = request.path_params["a"], request.path_params["b"]
        return _told(compare(self._index.level2(a), self._index.level2(b), a, b))

    async def comparison_posted(self, request: Request) -> Response:
        """Compare a collection of the archive with one that is sent (level 2)."""
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST_BODY:
                raise HTTPException(413, f"a collection may have {LARGEST_BODY} bytes")
        try:
            other = json.loads(body)
        except ValueError:
            raise HTTPException(400, "the body is no JSON") from None
        if not isinstance(other, dict) or not all(isinstance(v, list) for v in other.values()):
            raise HTTPException(400, "the body is no collection: an object of arrays")
        digest = request.path_params["a"]
        return await run_in_threadpool(lambda: self._compared(digest, other))

    def _compared(self, digest: str, other: Mapping[str, Sequence[Any]]) -> Response:
        inherent = [other.get(name) for name in ("names", "lengths", "sequences")]
        theirs = None
        if None not in inherent:
            theirs = seqcol_digest(*inherent)  # type: ignore[arg-type]
        return _told(compare(self._index.level2(digest), other, digest, theirs))


def compare(
    a: Mapping[str, Sequence[Any]],
    b: Mapping[str, Sequence[Any]],
    digest_a: str | None,
    digest_b: str | None,
) -> dict[str, Any]:
    """Return the comparison of two collections (level 2), as the specification has it."""
    both = sorted(a.keys() & b.keys())
    counts, orders = {}, {}
    for name in both:
        counts[name], orders[name] = _shared(_plain(a[name]), _plain(b[name]))
    return {
        "digests": {"a": digest_a, "b": digest_b},
        "attributes": {
            "a_only": sorted(a.keys() - b.keys()),
            "b_only": sorted(b.keys() - a.keys()),
            "a_and_b": both,
        },
        "array_elements": {
            "a_count": {name: len(a[name]) for name in sorted(a)},
            "b_count": {name: len(b[name]) for name in sorted(b)},
            "a_and_b_count": counts,
            "a_and_b_same_order": orders,
        },
    }


def _plain(values: Sequence[Any]) -> list[str]:
    return [json.dumps(value, sort_keys=True) for value in values]


def _shared(a: Sequence[str], b: Sequence[str]) -> tuple[int, bool | None]:
    """Return how many elements are in both, and whether in the same order (None: undefined)."""
    in_a, in_b = Counter(a), Counter(b)
    common = in_a & in_b
    count = common.total()
    # The specification leaves the order of one element undefined; the reference implementation and
    # its suite have it as the same, and so have servers.
    if count < 1 or any(in_a[one] != in_b[one] for one in common):
        return count, None
    return count, [one for one in a if one in common] == [one for one in b if one in common]


def _page_asked(request: Request) -> tuple[int, int]:
    page, size = number(request, "page", 0), number(request, "page_size", PAGE_SIZE)
    if not 1 <= size <= LARGEST_PAGE:
        raise UsageError(f"page_size={size}: 1 to {LARGEST_PAGE}")
    return page, size


def _listed(results: Sequence[str], total: int, page: int, size: int) -> Response:
    pagination = {"page": page, "page_size": size, "total": total}
    return JSONResponse({"results": results, "pagination": pagination})


def _told(value: Any) -> Response:
    # Names that are no UTF-8 are told by escapes, as JSON has them.
    text = json.dumps(value, separators=(",", ":"))
    return Response(text, media_type="application/json", headers=CACHED)
