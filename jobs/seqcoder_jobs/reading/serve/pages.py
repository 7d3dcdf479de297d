"""The pages of an archive. Everything comes from the manifest by exact name: no paths are opened
that a request names."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from math import isnan
from typing import IO, Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)

from seqcoder.bench.page import size_text
from seqcoder.reading.record import Record
from seqcoder.reading.region import Region, write_region
from seqcoder.version import __version__
from seqcoder_jobs.reading.serve import draw
from seqcoder_jobs.reading.serve.catalogue import Catalogue, Row
from seqcoder_jobs.reading.serve.guard import disposition
from seqcoder_jobs.reading.serve.request import (
    HEADS,
    fasta_link,
    genome_link,
    moves,
    number,
    page_links,
    record_asked,
    record_link,
    region_asked,
    table_heads,
    widened,
)
from seqcoder_jobs.reading.serve.store import Store
from seqcoder_jobs.reading.serve.view import View, genome_view, record_view

_RING_BINS, _LINE_BINS = 720, 496
_LETTERS = 3000
_ASKS = {"r", "from", "to"}
_IN_MEMORY = 16 << 20
_PIECE = 256 << 10


class Pages:
    """What each address answers; all are plain functions that run on threads."""

    def __init__(self, catalogue: Catalogue, store: Store) -> None:
        """Pages of an archive."""
        self.catalogue, self.store = catalogue, store
        self._templates = Environment(
            loader=PackageLoader("seqcoder_jobs.reading.serve"),
            autoescape=True,
            undefined=StrictUndefined,
        )
        archive = catalogue.archive
        self._templates.globals |= {
            "archive": archive.title,
            "folder": str(archive),
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
            ("bits per base, all counted", f"{s.bits_per_base:.4f}" if s.bits_per_base else "–"),
        ]
        page = snapshot.group_page(number(request, "page", 1))
        return self._page("home.html", pairs=pairs, summary=s, page=page, link=page_links(request))

    def genomes(self, request: Request) -> Response:
        """List genomes: all, of a group, sorted."""
        sort = request.query_params.get("sort", "place")
        descending = request.query_params.get("order") == "down"
        group = number(request, "group", None)
        page = self.catalogue.now().page(number(request, "page", 1), sort, descending, group=group)
        heading = "Genomes" if group is None else "Genomes of one group"
        heads = list(table_heads(request, sort, descending))
        return self._page(
            "genomes.html",
            heading=heading, page=page, heads=heads, link=page_links(request), records=[],
            more_records=False,
        )  # fmt: skip

    def search(self, request: Request) -> Response:
        """Show what has a name or a digest."""
        text = request.query_params.get("q", "")
        found = self.catalogue.now().search(text, number(request, "page", 1))
        heads = [{"title": t, "kind": k, "link": "", "arrow": ""} for _, t, k in HEADS]
        return self._page(
            "genomes.html",
            heading=f"Search: {text.strip()}", page=found.genomes, heads=heads, q=text,
            link=page_links(request), records=found.records, more_records=found.more_records,
        )  # fmt: skip

    def genome(self, request: Request) -> Response:
        """Show a genome and its records."""
        snapshot = self.catalogue.now()
        row = snapshot.genome(request.path_params["name"])
        name = row["genome"]
        page = snapshot.records(name, number(request, "page", 1))
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
            row=row, pairs=pairs, page=page, link=page_links(request), drawn=bool(row["bases"]),
            longest=max(range(len(lengths)), key=lengths.__getitem__, default=0),
            single=row["novel_bases"] == row["bases"],
            ring_link=f"/ring/{quote(name)}", fasta_link=fasta_link(name),
        )  # fmt: skip

    def ring(self, request: Request) -> Response:
        """Draw a whole genome."""
        row = self.catalogue.now().genome(request.path_params["name"])
        view = genome_view(self.store.track(row), _RING_BINS)
        lines = [
            f"{row['bases']:,} bases",
            f"GC {100 * view.mean('gc'):.1f} %",
            f"{100 * (view.mean('forward') + view.mean('reverse')):.0f} % in genes",
            f"{view.mean('bits'):.3f} bits per base stored",
            f"{view.mean('added'):.3f} bits per base added",
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
            ("bits per base, stored", _figure(view, "bits", "{:.4f}")),
            ("bits per base, added", _figure(view, "added", "{:.4f}")),
            ("own", _figure(view, "own", "{:.1%}")),
            ("GC", _figure(view, "gc", "{:.1%}")),
        ]
        where = urlencode({"r": r, "from": start + 1, "to": stop})
        return self._page(
            "record.html",
            row=row, name=title or "(no name)", header=header, pairs=pairs, start=start, stop=stop,
            moves=moves(start, stop, length, link), here=f"/record/{quote(name)}?r={r}",
            fasta_link=f"{fasta_link(name)}?{where}", table_link=f"/table/{quote(name)}?{where}",
            picture=draw.line(view, f"{title}: {start + 1} to {stop}", link),
            single=row["novel_bases"] == row["bases"], letters=letters, ordinal=r,
        )  # fmt: skip

    def _view(self, request: Request) -> tuple[Row, View, Record]:
        row = self.catalogue.now().genome(request.path_params["name"])
        with self.store.genome(row) as genome:
            record = record_asked(genome, request)
            start, stop = region_asked(record, request)
            if request.url.path.startswith("/record/"):
                start, stop = widened(start, stop, len(record))
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
                if _ASKS & request.query_params.keys():
                    record = record_asked(genome, request)
                    start, stop = region_asked(record, request)
                    whole = (start, stop) == (0, len(record))
                    write_region(out, Region(record, start, stop, whole))  # type: ignore[arg-type]
                    where = "" if whole else f"_{start + 1}-{stop}"
                    saved = f"{record.name or f'record{record.ordinal}'}{where}.fa".replace(
                        "/", "_"
                    )
                else:
                    out.write(genome.read())
        except BaseException:
            out.close()
            raise
        length = out.tell()
        out.seek(0)
        headers = {"content-disposition": disposition(saved), "content-length": str(length)}
        if request.method == "HEAD":
            out.close()
            return Response(b"", media_type="text/x-fasta", headers=headers)
        return StreamingResponse(_pieces(out), media_type="text/x-fasta", headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


def _figure(view: View, name: str, form: str) -> str:
    value = view.mean(name)
    return "–" if isnan(value) else form.format(value)


def _percent(part: int | None, whole: int | None) -> str:
    return f"{100 * part / whole:.1f} %" if part is not None and whole else "–"
