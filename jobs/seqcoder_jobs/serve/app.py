"""The pages of an archive. Everything comes from the manifest by exact name: no paths are opened
that a request names."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import asynccontextmanager
from importlib.resources import files
from math import isnan
from typing import IO, Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from seqcoder import __version__
from seqcoder.bench.page import size_text
from seqcoder.errors import NotFoundError, SeqcoderError, UsageError
from seqcoder.reader import Genome, Record
from seqcoder.region import Region, write_region
from seqcoder_jobs.archive import Archive
from seqcoder_jobs.serve import draw
from seqcoder_jobs.serve.catalogue import Catalogue, Page, Row
from seqcoder_jobs.serve.guard import Guard, disposition
from seqcoder_jobs.serve.store import Store
from seqcoder_jobs.serve.view import View, genome_view, record_view

_RING_BINS, _LINE_BINS = 720, 496
_LETTERS = 3000
_LEAST_VIEW = 60
_IN_MEMORY = 16 << 20
_PIECE = 256 << 10
_HEADS = (
    ("place", "genome", "t"),
    ("raw_bytes", "FASTA", "n"),
    ("bases", "bases", "n"),
    ("novel_bases", "novel", "n"),
    ("", "records", "n"),
    ("coded_bytes", "coded", "n"),
    ("bits_per_base", "bits a base", "n"),
)


def genome_link(name: str) -> str:
    """Return the address of a genome's page."""
    return f"/genome/{quote(name)}"


def fasta_link(name: str) -> str:
    """Return the address of a genome's file."""
    return f"/fasta/{quote(name)}"


def record_link(name: str, ordinal: int, start: int | None = None, stop: int | None = None) -> str:
    """Return the address of a record's page, or of a region of it (0-based, half-open)."""
    where = {} if start is None else {"from": str(start + 1), "to": str(stop)}
    return f"/record/{quote(name)}?{urlencode({'r': str(ordinal), **where})}"


class Pages:
    """What each address answers; all are plain functions that run on threads."""

    def __init__(self, catalogue: Catalogue, store: Store) -> None:
        """Pages of an archive."""
        self.catalogue, self.store = catalogue, store
        self._templates = Environment(
            loader=PackageLoader("seqcoder_jobs.serve"), autoescape=True, undefined=StrictUndefined
        )
        archive = catalogue.archive
        self._templates.globals |= {
            "archive": archive.folder.name,
            "folder": str(archive.folder),
            "version": __version__,
            "size": size_text,
            "genome_link": genome_link,
            "record_link": record_link,
            "q": "",
        }

    def _page(self, template: str, **facts: Any) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(template).render(**facts))

    def home(self, request: Request) -> Response:
        """Show the archive and its groups."""
        snapshot = self.catalogue.now()
        s = snapshot.summary
        pairs = [
            ("genomes", f"{s.verified + s.stored:,}"),
            ("FASTA", size_text(s.raw_bytes)),
            ("containers", size_text(s.bytes)),
            ("ratio", f"{s.ratio:.2f}" if s.ratio else "–"),
            ("bits a base, all counted", f"{s.bits_per_base:.4f}" if s.bits_per_base else "–"),
        ]
        page = snapshot.group_page(_number(request, "page", 1))
        return self._page(
            "home.html", pairs=pairs, summary=s, page=page, link=_pages(request)
        )

    def genomes(self, request: Request) -> Response:
        """List genomes: all, of a group, sorted."""
        sort = request.query_params.get("sort", "place")
        descending = request.query_params.get("order") == "down"
        group = _number(request, "group", None)
        page = self.catalogue.now().page(
            _number(request, "page", 1), sort, descending, group=group
        )
        heading = "Genomes" if group is None else "Genomes of one group"
        heads = list(_heads(request, sort, descending))
        return self._page(
            "genomes.html",
            heading=heading, page=page, heads=heads, link=_pages(request), records=[],
            more_records=False,
        )  # fmt: skip

    def search(self, request: Request) -> Response:
        """Show what has a name or a digest."""
        text = request.query_params.get("q", "")
        found = self.catalogue.now().search(text, _number(request, "page", 1))
        heads = [{"title": t, "kind": k, "link": "", "arrow": ""} for _, t, k in _HEADS]
        return self._page(
            "genomes.html",
            heading=f"Search: {text.strip()}", page=found.genomes, heads=heads, q=text,
            link=_pages(request), records=found.records, more_records=found.more_records,
        )  # fmt: skip

    def genome(self, request: Request) -> Response:
        """Show a genome and its records."""
        snapshot = self.catalogue.now()
        row = snapshot.genome(request.path_params["name"])
        name = row["genome"]
        page = snapshot.records(name, _number(request, "page", 1))
        with self.store.genome(row) as genome:
            lengths = [] if genome.stored else genome.table.lengths.tolist()
        coded = row["coded_bytes"]
        pairs = [
            ("residues", f"{row['residues']:,}"),
            ("FASTA", size_text(row["raw_bytes"])),
            ("coded, its own part", size_text(coded)),
            ("ratio", f"{row['raw_bytes'] / coded:.2f}" if coded else "–"),
            ("novel bases", _percent(row["novel_bases"], row["bases"])),
        ]
        return self._page(
            "genome.html",
            row=row, pairs=pairs, page=page, link=_pages(request), drawn=bool(row["bases"]),
            longest=max(range(len(lengths)), key=lengths.__getitem__, default=0),
            single=row["novel_bases"] == row["bases"],
            ring_link=f"/ring/{quote(name)}", fasta_link=fasta_link(name),
        )  # fmt: skip

    def ring(self, request: Request) -> Response:
        """Draw a whole genome."""
        row = self.catalogue.now().genome(request.path_params["name"])
        view = genome_view(self.store.track(row), _RING_BINS)
        lines = [
            row["genome"].rpartition("/")[2][:40],
            f"{row['bases']:,} bases, {row['records']:,} record{'s' * (row['records'] != 1)}",
            f"GC {100 * view.mean('gc'):.1f} %",
            f"{100 * (view.mean('forward') + view.mean('reverse')):.0f} % in genes",
            f"{view.mean('bits'):.3f} bits a base where stored",
            f"{view.mean('added'):.3f} bits a base added",
        ]
        picture = draw.ring(view, row["genome"], lines)
        headers = {"cache-control": "private, max-age=60"}
        return Response(picture, media_type="image/svg+xml", headers=headers)

    def record(self, request: Request) -> Response:
        """Show a record, or a region of it."""
        row, view, record = self._view(request)
        name, r, length = row["genome"], record.ordinal, len(record)
        start, stop = view.start, view.stop
        letters: list[tuple[int, str]] = []
        with self.store.genome(row) as genome:
            record = genome[r]
            header, title = record.header, record.name
            if stop - start <= _LETTERS:
                with self.store.decoding:
                    text = record[start:stop]
                letters = [(start + i + 1, text[i : i + 60]) for i in range(0, len(text), 60)]

        def link(a: int, b: int) -> str:
            return record_link(name, r, a, b)

        pairs = [
            ("residues shown", f"{stop - start:,} of {length:,}"),
            ("bits a base, stored", _figure(view, "bits", "{:.4f}")),
            ("bits a base, added", _figure(view, "added", "{:.4f}")),
            ("own", _figure(view, "own", "{:.1%}")),
            ("GC", _figure(view, "gc", "{:.1%}")),
        ]
        where = urlencode({"r": r, "from": start + 1, "to": stop})
        return self._page(
            "record.html",
            row=row, name=title or "(no name)", header=header, pairs=pairs, start=start, stop=stop,
            moves=_moves(start, stop, length, link), here=f"/record/{quote(name)}?r={r}",
            fasta_link=f"{fasta_link(name)}?{where}", table_link=f"/table/{quote(name)}?{where}",
            picture=draw.line(view, f"{title}: {start + 1} to {stop}", link),
            single=row["novel_bases"] == row["bases"], letters=letters, ordinal=r,
        )  # fmt: skip

    def _view(self, request: Request) -> tuple[Row, View, Record]:
        row = self.catalogue.now().genome(request.path_params["name"])
        with self.store.genome(row) as genome:
            record = _record(genome, request)
            start, stop = _region(record, request)
            if request.url.path.startswith("/record/"):
                start, stop = _widened(start, stop, len(record))
            track = self.store.track(row)
            return row, record_view(genome, track, record.ordinal, start, stop, _LINE_BINS), record

    def table(self, request: Request) -> Response:
        """Give the figures of a picture as text with tabs."""
        row, view, record = self._view(request)
        names = ("bases", "bits", "added", "own", "shared", "forward", "reverse", "gc", "skew")
        columns = [view.edges[:-1], view.edges[1:], *(getattr(view, n) for n in names)]
        lines = ["\t".join(["#record", "start", "stop", *names])]
        for values in zip(*(c.tolist() for c in columns), strict=True):
            cells = ["" if isnan(v) else f"{v:.6g}" for v in values[2:]]
            lines.append("\t".join([record.name, *map(str, values[:2]), *cells]))
        saved = f"{row['genome']}.r{record.ordinal}.{view.start + 1}-{view.stop}.tsv"
        return PlainTextResponse(
            "\n".join(lines) + "\n", headers={"content-disposition": disposition(saved)}
        )

    def fasta(self, request: Request) -> Response:
        """Send a file, a record or a region. What is sent has been decoded whole before."""
        row = self.catalogue.now().genome(request.path_params["name"])
        saved = row["genome"]
        out = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when sent
        try:
            with self.store.genome(row) as genome, self.store.decoding:
                if "r" in request.query_params:
                    record = _record(genome, request)
                    start, stop = _region(record, request)
                    whole = (start, stop) == (0, len(record))
                    write_region(out, Region(record, start, stop, whole), None)  # type: ignore[arg-type]
                    where = "" if whole else f"_{start + 1}-{stop}"
                    saved = f"{record.name or f'record{record.ordinal}'}{where}.fa".replace("/", "_")
                else:
                    out.write(genome.read())
        except BaseException:
            out.close()
            raise
        length = out.tell()
        out.seek(0)
        headers = {"content-disposition": disposition(saved), "content-length": str(length)}
        return StreamingResponse(_pieces(out), media_type="text/x-fasta", headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


def _number(request: Request, name: str, default: Any) -> Any:
    text = request.query_params.get(name, "")
    if not text:
        return default
    digits = text.replace(",", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 16):
        raise UsageError(f"{name}={text!r}: give a whole number")
    return int(digits)


def _record(genome: Genome, request: Request) -> Record:
    ordinal = _number(request, "r", 0)
    if ordinal >= len(genome):
        raise NotFoundError(f"{genome.name}: has {len(genome)} records; r counts from 0")
    return genome[ordinal]


def _region(record: Record, request: Request) -> tuple[int, int]:
    """Return the region asked for (0-based, half-open); the end is cut to the record's."""
    start = _number(request, "from", 1) - 1
    stop = min(_number(request, "to", len(record)), len(record))
    if not 0 <= start < max(stop, 1):
        raise UsageError(
            f"residues {start + 1} to {stop} are not within {record.name!r}, which has "
            f"{len(record)}"
        )
    return start, stop


def _widened(start: int, stop: int, length: int) -> tuple[int, int]:
    if stop - start >= _LEAST_VIEW:
        return start, stop
    start = max(0, min((start + stop - _LEAST_VIEW) // 2, length - _LEAST_VIEW))
    return start, min(start + _LEAST_VIEW, length)


def _moves(
    start: int, stop: int, length: int, link: Callable[[int, int], str]
) -> list[tuple[str, str]]:
    size = stop - start
    step = max(size // 2, 1)
    wide = min(length, 5 * size)
    left = min(max(0, (start + stop - wide) // 2), length - wide)
    narrow = max(size // 5, min(_LEAST_VIEW, size))
    middle = (start + stop - narrow) // 2
    return [
        ("← left", link(max(0, start - step), max(0, start - step) + size) if start else ""),
        (
            "right →",
            link(min(stop + step, length) - size, min(stop + step, length)) if stop < length else "",
        ),
        ("closer", link(middle, middle + narrow) if narrow < size else ""),
        ("further", link(left, left + wide) if size < length else ""),
        ("whole record", link(0, length) if size < length else ""),
    ]


def _figure(view: View, name: str, form: str) -> str:
    value = view.mean(name)
    return "–" if isnan(value) else form.format(value)


def _percent(part: int | None, whole: int | None) -> str:
    return f"{100 * part / whole:.1f} %" if part is not None and whole else "–"


def _pages(request: Request) -> Callable[[int], str]:
    def link(number: int) -> str:
        kept = {k: v for k, v in request.query_params.items() if k != "page"}
        return f"{quote(request.url.path)}?{urlencode({**kept, 'page': number})}"

    return link


def _heads(request: Request, sort: str, descending: bool) -> Iterator[dict[str, str]]:
    kept = {k: v for k, v in request.query_params.items() if k == "group"}
    for column, title, kind in _HEADS:
        link = arrow = ""
        if column:
            here = column == sort
            down = not descending if here else kind == "n"
            link = f"/genomes?{urlencode({**kept, 'sort': column, 'order': 'down' if down else 'up'})}"
            arrow = ("↓" if descending else "↑") if here and sort != "place" else ""
        yield {"title": title, "kind": kind, "link": link, "arrow": arrow}


def _status(error: SeqcoderError) -> int:
    if isinstance(error, NotFoundError):
        return 404
    return 400 if isinstance(error, UsageError) else 500


def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, SeqcoderError)
    return PlainTextResponse(f"{error}\n", _status(error))


def _not_found(request: Request, error: Exception) -> Response:
    return PlainTextResponse("no such page\n", 404)


def make_app(archive: Archive, hosts: Collection[str] = (), threads: int = 0) -> Starlette:
    """Return the application; ``hosts``: names it is reached by besides loopback.

    Raises:
        UsageError: there is no archive. InputError: its plan or manifest cannot be read.
    """
    store = Store(archive, threads)
    pages = Pages(Catalogue(archive), store)
    style = files("seqcoder_jobs.serve").joinpath("templates/style.css").read_text()

    def css(request: Request) -> Response:
        headers = {"cache-control": "max-age=3600"}
        return Response(style, media_type="text/css", headers=headers)

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
        ],
        middleware=[Middleware(Guard, hosts=hosts)],
        exception_handlers={SeqcoderError: _told, 404: _not_found},
        lifespan=lifespan,
    )
