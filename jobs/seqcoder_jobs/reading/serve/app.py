"""The application: pages of an archive and GA4GH's protocols, guarded."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from seqcoder.errors import NotFoundError, SeqcoderError, UsageError
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.reading.serve.catalogue import Catalogue
from seqcoder_jobs.reading.serve.guard import Guard
from seqcoder_jobs.reading.serve.index import Index
from seqcoder_jobs.reading.serve.openapi import document
from seqcoder_jobs.reading.serve.pages import Pages
from seqcoder_jobs.reading.serve.refget import Sequences
from seqcoder_jobs.reading.serve.seqcol import Collections
from seqcoder_jobs.reading.serve.store import Store


def _status(error: SeqcoderError) -> int:
    if isinstance(error, NotFoundError):
        return 404
    return 400 if isinstance(error, UsageError) else 500


def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, SeqcoderError)
    return PlainTextResponse(f"{error}\n", _status(error))


def _not_found(request: Request, error: Exception) -> Response:
    return PlainTextResponse("no such page\n", 404)


def _not_allowed(request: Request, error: Exception) -> Response:
    # Starlette names a route's methods in the order of a set: another one in every process.
    assert isinstance(error, HTTPException)
    allowed = sorted((error.headers or {})["Allow"].split(", "))
    text = f"{request.method}: not for this page\n"
    return PlainTextResponse(text, 405, {"allow": ", ".join(allowed)})


def make_app(
    archive: Archive,
    hosts: Collection[str] = (),
    threads: int = 0,
    *,
    token: str = "",
    origins: Collection[str] = (),
) -> Starlette:
    """Return the application: pages, and GA4GH's sequences and collections.

    ``hosts``: names it is reached by besides loopback; ``token``: what requests must bear;
    ``origins``: sites whose scripts may read here (CORS).

    Raises:
        UsageError: there is no archive. InputError: its plan or manifest cannot be read.
    """
    store = Store(archive, threads)
    catalogue, index = Catalogue(archive), Index(archive)
    pages = Pages(catalogue, store)
    described = document()
    style = files("seqcoder_jobs.reading.serve").joinpath("templates/style.css").read_text()

    def css(request: Request) -> Response:
        headers = {"cache-control": "max-age=3600"}
        return Response(style, media_type="text/css", headers=headers)

    def openapi(request: Request) -> Response:
        return JSONResponse(described)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:
        yield
        store.close()

    return Starlette(
        routes=[
            Route("/", pages.home),
            Route("/genomes", pages.genomes),
            Route("/search", pages.search),
            Route("/genome/{name:path}", pages.genome),
            Route("/ring/{name:path}", pages.ring),
            Route("/record/{name:path}", pages.record),
            Route("/table/{name:path}", pages.table),
            Route("/fasta/{name:path}", pages.fasta),
            Route("/style.css", css),
            *Sequences(catalogue, index, store).routes,
            *Collections(index).routes,
            Route("/openapi.json", openapi),
        ],
        middleware=[
            Middleware(Guard, hosts=hosts, token=token),
            Middleware(
                CORSMiddleware,
                allow_origins=origins,
                allow_methods=["GET", "POST"],
                allow_headers=["Authorization", "Range"],
            ),
        ],
        exception_handlers={SeqcoderError: _told, 404: _not_found, 405: _not_allowed},
        lifespan=lifespan,
    )
