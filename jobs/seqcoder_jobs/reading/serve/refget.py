"""GA4GH refget sequences v2: a sequence, or a part of it, by its digest.

https://ga4gh.github.io/refget/sequences
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from seqcoder.fasta.digest import letters_of
from seqcoder.reading.record import Record
from seqcoder.version import __version__
from seqcoder_jobs.reading.serve.catalogue import Catalogue
from seqcoder_jobs.reading.serve.index import Index, trunc512
from seqcoder_jobs.reading.serve.store import Store

PIECE = 1 << 20
"""Residues decoded and sent at a time."""
CACHED = {"cache-control": "max-age=86400"}
_PLAIN = "text/vnd.ga4gh.refget.v2.0.0+plain"
_JSON = "application/vnd.ga4gh.refget.v2.0.0+json"
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})", re.ASCII)
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)


class Sequences:
    """The routes below ``/sequence``."""

    def __init__(self, catalogue: Catalogue, index: Index, store: Store) -> None:
        """Sequences of an archive."""
        self._catalogue, self._index, self._store = catalogue, index, store

    @property
    def routes(self) -> list[Route]:
        """What is answered, service-info first."""
        return [
            Route("/sequence/service-info", self.info),
            Route("/sequence/{digest}/metadata", self.metadata),
            Route("/sequence/{digest}", self.sequence),
            Route("/sequence/{digest}/", self.sequence),
        ]

    def info(self, request: Request) -> Response:
        """Tell what this service is."""
        media_type = accepted(request, _JSON, "json")
        facts = {
            "circular_supported": False,
            "subsequence_limit": None,
            "algorithms": ["md5", "ga4gh", "trunc512"],
            "identifier_types": [],
        }
        # "service" is what clients of version 1 read.
        service = facts | {"supported_api_versions": ["1.0.0", "2.0.0"]}
        about = service_info("refget", "2.0.0", "Sequences of an archive by their digests.")
        return JSONResponse(about | {"refget": facts, "service": service}, media_type=media_type)

    def metadata(self, request: Request) -> Response:
        """Give length, digests and names of a sequence."""
        rows = self._index.sequence(request.path_params["digest"])
        media_type = accepted(request, _JSON, "json")
        with ExitStack() as stack:
            length = self._letters(stack, rows[0])[0]
        names = dict.fromkeys(row["record"] for row in rows)
        facts = {
            "md5": rows[0]["md5"],
            "ga4gh": rows[0]["refget"],
            "trunc512": trunc512(rows[0]["refget"]),
            "length": length,
            "aliases": [{"alias": name, "naming_authority": "FASTA"} for name in names],
        }
        return JSONResponse({"metadata": facts}, media_type=media_type, headers=CACHED)

    def sequence(self, request: Request) -> Response:
        """Send a sequence or a part, decoded piece by piece as it is taken."""
        row = self._index.sequence(request.path_params["digest"])[0]
        media_type = accepted(request, _PLAIN, "plain")
        with ExitStack() as stack:
            length, record = self._letters(stack, row)
            start, stop, status = part_asked(request, length)
            headers = {
                "content-length": str(stop - start),
                "content-type": f"{media_type}; charset=us-ascii",
                "accept-ranges": "bytes",
                "etag": f'"{row["refget"]}"',
                **CACHED,
            }
            if status == 206:
                headers["content-range"] = f"bytes {start}-{stop - 1}/{length}"
            if request.method == "HEAD":
                return Response(b"", status, headers)
            pieces = self._pieces(record, length, start, stop, stack.pop_all())
            first = next(pieces, b"")
        return StreamingResponse(chain([first], pieces), status, headers)

    def _letters(self, stack: ExitStack, row: dict[str, object]) -> tuple[int, Record]:
        """Return how many letters the digest was made of, and their record, open in ``stack``."""
        placed = self._catalogue.now().genome(str(row["genome"]))
        record = stack.enter_context(self._store.genome(placed))[int(str(row["ordinal"]))]
        return _count_letters(record), record

    def _pieces(
        self, record: Record, length: int, start: int, stop: int, stack: ExitStack
    ) -> Iterator[bytes]:
        with stack:
            if length != len(record):  # gaps, which are no part of it, shift places
                with self._store.decoding:
                    whole = letters_of(bytes(record))
                yield whole[start:stop]
                return
            for at in range(start, stop, PIECE):
                with self._store.decoding:
                    piece = record.fetch(at, min(at + PIECE, stop)).upper()
                yield piece


def _count_letters(record: Record) -> int:
    """Return the residues of a record that are letters."""
    genome = record.genome
    if genome.side.plain:
        return len(record)
    runs = genome.side.exceptions
    first = int(genome.table.starts[record.ordinal])
    last = first + len(record)
    gaps = 0
    for at, count, value in zip(
        runs.starts.tolist(), runs.lengths.tolist(), runs.values.tolist(), strict=True
    ):
        if not 65 <= value <= 90:
            gaps += max(0, min(at + count, last) - max(at, first))
    return len(record) - gaps


def part_asked(request: Request, length: int) -> tuple[int, int, int]:
    """Return which part (0-based, half-open) is asked for, and the status it is sent with.

    Raises HTTPException: 400, 416, 501 as the specification has them.
    """
    query = {
        name: request.query_params[name]
        for name in ("start", "end")
        if name in request.query_params
    }
    header = request.headers.get("range")
    if query and header is not None:
        raise HTTPException(400, "start, end and a Range header contradict each other")
    if header is not None:
        found = _RANGE.fullmatch(header.strip())
        if not found:
            raise HTTPException(400, f"Range {header!r}: write bytes=FIRST-LAST")
        start = int(found[1])
        last = int(found[2]) if found[2] else length - 1
        if start >= length or last < start:
            raise _outside(length)
        return start, min(last + 1, length), 206
    for name, text in query.items():
        if not _NUMBER.fullmatch(text):
            raise HTTPException(400, f"{name}={text!r}: give a whole number")
    start, stop = int(query.get("start", 0)), int(query.get("end", length))
    if stop > length or (start >= length and "start" in query and length):
        raise _outside(length)
    if start > stop:
        raise HTTPException(501, "circular sequences are not supported; start is behind end")
    return start, stop, 200


def _outside(length: int) -> HTTPException:
    headers = {"content-range": f"bytes */{length}"}
    return HTTPException(416, f"the sequence has {length} residues, counted from 0", headers)


def accepted(request: Request, media_type: str, suffix: str) -> str:
    """Return the media type to answer with; raises HTTPException 406 where none will do.

    Of refget's own the version asked for is taken, of ``text/plain`` and ``*/*`` the default.
    """
    asked = request.headers.get("accept", "*/*").split(",")
    family = media_type.partition("/")[0]
    general = ("*/*", f"{family}/*", f"{family}/{suffix}")
    for one in (part.partition(";")[0].strip().lower() for part in asked):
        if one in general:
            return media_type
        if re.fullmatch(rf"{family}/vnd\.ga4gh\.refget\.v[12]\.\d+\.\d+\+{suffix}", one):
            return one
    raise HTTPException(406, f"this is sent as {media_type} only")


def service_info(artifact: str, version: str, description: str) -> dict[str, object]:
    """Return what GA4GH's service-info wants of every service."""
    return {
        "id": f"seqcoder.{artifact}",
        "name": "seqcoder-ray serve",
        "type": {"group": "org.ga4gh", "artifact": artifact, "version": version},
        "description": description,
        "organization": {"name": "whoever runs this server", "url": "http://localhost"},
        "version": __version__,
    }
