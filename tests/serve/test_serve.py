"""``seqcoder-ray serve``: the pages over real HTTP, and in a real browser."""

from __future__ import annotations

import gzip
import http.client
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest

from genomes import coding_genome, fasta_bytes, letters, random_bases

pytest.importorskip("pyarrow")
pytest.importorskip("ray")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from local_runner import submit_here

from page_server import served
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.reading.serve.catalogue import Catalogue
from seqcoder_jobs.reading.serve.guard import disposition, host_of, is_loopback
from seqcoder_jobs.reading.serve.store import Store
from seqcoder_jobs.writing.planning import GivenParameters

ODD = 'odd "name" é?#&<b>%2e.fa'
FIRST = coding_genome(30_000, 1)
SHARED = random_bases(9_000, 5)
FILES = {
    "first.fa": FIRST,
    "relatives/one.fa": fasta_bytes(("one", letters(SHARED))),
    "relatives/two.fa": fasta_bytes(
        ("two", letters(SHARED)), ("plasmid x", b"NNNN" + letters(random_bases(700, 6)))
    ),
    ODD: fasta_bytes(("a/b;c", letters(random_bases(500, 7)))),
    "protein.faa": b">p\nMKLVWQERTY\n",
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("served")
    corpus = folder / "corpus"
    for name, data in FILES.items():
        (corpus / name).parent.mkdir(parents=True, exist_ok=True)
        (corpus / name).write_bytes(data)
    (corpus / "relatives/two.fa").unlink()
    (corpus / "relatives/two.fa.gz").write_bytes(gzip.compress(FILES["relatives/two.fa"]))
    (corpus / "broken.fa.gz").write_bytes(b"\x1f\x8b<script>")
    submit_here([corpus], folder / "archive", given=GivenParameters(level=1, latents=False))
    return Archive(folder / "archive")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Site:
    port: int

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def site(archive: Archive) -> Iterator[Site]:
    with served(archive) as port:
        yield Site(port)


def genome(name: str) -> str:
    return quote(name)


class Links(HTMLParser):
    """Checks that elements are closed, and that nothing runs or is fetched from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "iframe", "object")
        for name, value in attrs:
            assert not name.startswith("on")
            assert name != "style"
            if name in ("href", "src", "action"):
                assert (value or "").startswith("/")
                self.links.append(value or "")
        if tag not in ("meta", "link", "input", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_page_can_be_reached_and_is_whole(site: Site) -> None:
    """Follow links from the start: all answer, all is closed, nothing comes from elsewhere."""
    todo, seen = ["/"], {"/"}
    while todo:
        path = todo.pop()
        answer = site.get(path)
        failed = "broken.fa" in path
        assert answer.status == (404 if failed else 200), (path, answer.text)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        links = Links()
        links.feed(answer.text)
        assert not links.open
        # Of the columns to zoom by, a few will do.
        views = [link for link in links.links if link.startswith("/record/") and "from=" in link]
        for link in [link for link in links.links if link not in views] + views[::50]:
            target = urljoin(path, link)
            if target not in seen and len(seen) < 60:
                seen.add(target)
                todo.append(target)
    assert any(path.startswith("/ring/") for path in seen)
    assert any(path.startswith("/table/") for path in seen)


@pytest.mark.parametrize("name", sorted(FILES))
def test_files_come_back_bit_for_bit(site: Site, name: str) -> None:
    answer = site.get(f"/fasta/{genome(name)}")
    assert answer.status == 200
    assert answer.body == FILES[name]
    assert answer.headers["content-length"] == str(len(FILES[name]))
    header = answer.headers["content-disposition"]
    assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]+"; filename\*=UTF-8\S+', header)


def test_regions(site: Site) -> None:
    bases = letters(SHARED).decode()
    answer = site.get("/fasta/relatives/two.fa?r=0&from=101&to=220")
    assert answer.text == f">two:101-220\n{bases[100:160]}\n{bases[160:220]}\n"
    assert 'filename="two_101-220.fa"' in answer.headers["content-disposition"]
    plasmid = site.get("/fasta/relatives/two.fa?r=1").text
    assert plasmid.startswith(">plasmid x\nNNNN")
    page = site.get("/record/relatives/two.fa?r=0&from=1&to=600").text
    assert f"</span>{bases[:60]}" in page
    far = site.get("/fasta/relatives/two.fa?r=0&from=8991&to=99999999")
    assert far.text == f">two:8991-9000\n{bases[8990:]}\n"


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/genome/nope.fa", 404, "no genome 'nope.fa'"),
        ("/fasta/..%2f..%2f..%2fetc%2fpasswd", 404, "no genome"),
        ("/fasta//etc/passwd", 404, "no genome"),
        ("/genome/broken.fa", 404, "corrupt gzip data"),
        ("/fasta/first.fa?r=9", 404, "has 1 records"),
        ("/fasta/relatives/two.fa?from=1", 400, "say which"),
        ("/fasta/first.fa?r=0&from=0", 400, "not within"),
        ("/fasta/first.fa?r=0&from=30001", 400, "not within"),
        ("/fasta/first.fa?r=0&from=20&to=10", 400, "not within"),
        ("/fasta/first.fa?r=one", 400, "whole number"),
        ("/fasta/first.fa?r=99999999999999999999", 400, "whole number"),
        ("/ring/protein.faa", 404, "no bases to draw"),
        ("/record/protein.faa?r=0", 404, "records"),
        ("/genomes?page=999", 404, "page 999 of 1"),
        ("/genomes?page=0", 404, "page 0"),
        ("/genomes?sort=sha256", 400, "cannot sort"),
        ("/nothing", 404, "no such page"),
        ("/static/../app.py", 404, "no such page"),
    ],
)
def test_mistakes_are_told_plainly(site: Site, path: str, status: int, says: str) -> None:
    answer = site.get(path)
    assert answer.status == status
    assert says in answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    assert len(answer.text.splitlines()) == 1


def test_only_this_host_and_only_reading(site: Site) -> None:
    assert site.get("/", Host="evil.example").status == 400
    assert site.get("/", Host="127.0.0.1.evil.example:80").status == 400
    assert site.get("/", Host="").status == 400
    for host in ("localhost", f"localhost:{site.port}", "127.0.0.1:1", "[::1]:8765", "LOCALHOST"):
        assert site.get("/", Host=host).status == 200
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = site.get("/", method)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    head = site.get("/fasta/first.fa", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(FIRST))


def test_hosts_and_names() -> None:
    hosts = ["a:80", "a", "[::1]:80", "[::1]", "::1", "A.b:1"]
    assert [host_of(host) for host in hosts] == ["a", "a", "::1", "::1", "::1", "a.b"]
    assert [h for h in ("localhost", "127.9.9.9", "::1", "0.0.0.0", "10.0.0.1", "x", "")
            if is_loopback(h)] == ["localhost", "127.9.9.9", "::1"]  # fmt: skip
    assert disposition('x/é"\r\n;.fa') == (
        "attachment; filename=\"______.fa\"; filename*=UTF-8''%C3%A9%22%0D%0A%3B.fa"
    ).replace("______", "_" * 5)
    assert 'filename="genome"' in disposition("..")


def test_search(site: Site, archive: Archive) -> None:
    snapshot = Catalogue(archive).now()
    row = snapshot.genome("relatives/one.fa")
    for text in ("ONE.FA", row["sha256"][:8], row["sha256"].upper()):
        found = snapshot.search(text, 1)
        assert [r["genome"] for r in found.genomes.rows] == ["relatives/one.fa"]
    record = snapshot.records("relatives/two.fa", 1).rows[1]
    assert record["record"] == "plasmid"
    for text in ("plas", record["refget"], f"ga4gh:{record['refget']}"):
        assert [r["genome"] for r in snapshot.search(text, 1).records] == ["relatives/two.fa"]
    assert "Nothing is called that" in site.get("/search?q=zzz").text
    assert "&lt;script&gt;" in site.get("/search?q=%3Cscript%3E").text
    assert "<script>" not in site.get("/search?q=%3Cscript%3E").text


def test_thousands_of_genomes_have_pages(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa

    import seqcoder_jobs.reading.serve.catalogue as catalogue

    one = Catalogue(archive).now()
    rows = one.genome("first.fa")
    many = [{**rows, "genome": f"g{i:05d}.fa", "place": i, "bases": i % 7} for i in range(5000)]
    table = pa.Table.from_pylist(many, schema=one.genomes.schema)
    snapshot = catalogue.Snapshot(archive, one.summary, table, one.groups)
    page = snapshot.page(100)
    assert (page.pages, page.count, len(page.rows)) == (100, 5000, 50)
    assert page.rows[0]["genome"] == "g04950.fa"
    assert snapshot.page(1, "bases", descending=True).rows[0]["bases"] == 6
    assert snapshot.page(1, text="G0499").count == 10
    monkeypatch.setattr(catalogue, "PAGE_ROWS", 1000)
    assert [snapshot.page(n).rows[0]["place"] for n in (1, 3)] == [0, 2000]


def test_relatives_share(site: Site) -> None:
    lines = site.get("/table/relatives/two.fa?r=0").text.splitlines()
    header = lines[0].split("\t")
    rows = [dict(zip(header, line.split("\t"), strict=True)) for line in lines[1:]]
    assert sum(float(row["bases"]) for row in rows) == 9000
    own = dict.fromkeys(("relatives/one.fa", "relatives/two.fa"), 0.0)
    for name in own:
        text = site.get(f"/table/{name}?r=0").text.splitlines()
        own[name] = sum(float(line.split("\t")[6]) for line in text[1:]) / (len(text) - 1)
    assert sorted(own.values()) == [0.0, 1.0]


def test_a_run_that_goes_on_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import seqcoder_jobs.reading.serve.catalogue as catalogue

    monkeypatch.setattr(catalogue, "_LOOK_AGAIN_SECONDS", 0.0)
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.fa").write_bytes(fasta_bytes(("a", b"ACGT" * 50)))
    submit_here([corpus], tmp_path / "archive")
    found = Catalogue(Archive(tmp_path / "archive"))
    assert found.now().genomes.num_rows == 1
    assert found.now() is found.now()
    (corpus / "b.fa").write_bytes(fasta_bytes(("b", b"ACGT" * 60)))
    submit_here([corpus], tmp_path / "archive")
    assert found.now().genomes.num_rows == 2


def test_a_container_that_grows_while_it_is_open_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Appended genomes are found, and nothing kept of the container as it was is taken for it."""
    import seqcoder_jobs.reading.serve.catalogue as catalogue

    monkeypatch.setattr(catalogue, "_LOOK_AGAIN_SECONDS", 0.0)
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    given = GivenParameters(level=1, latents=False)
    (corpus / "one.fa").write_bytes(FILES["relatives/one.fa"])
    (corpus / "other.fa").write_bytes(FIRST)
    submit_here([corpus], tmp_path / "archive", given=given)
    found, store = Catalogue(Archive(tmp_path / "archive")), Store(Archive(tmp_path / "archive"), 1)
    one = found.now().genome("one.fa")
    assert store.track(one).shared.sum() == 0
    with store.genome(one) as still_open:
        (corpus / "two.fa").write_bytes(FILES["relatives/two.fa"])
        submit_here([corpus], tmp_path / "archive", given=given)
        two = found.now().genome("two.fa")
        assert two["container"] == one["container"]
        with store.genome(two) as genome:
            assert genome.read() == FILES["relatives/two.fa"]
        assert still_open.read() == FILES["relatives/one.fa"]
    assert store.track(one).shared.sum() > 8000
    assert store.track(two).own.sum() < 1000
    store.close()


CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")
def test_in_a_browser(site: Site, tmp_path: Path) -> None:
    """The style applies (nothing is refused by the policy), the ring loads, the lines are drawn."""

    def browse(path: str) -> tuple[str, bytes]:
        picture = tmp_path / "page.png"
        done = subprocess.run(
            [
                str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging",
                "--v=0", f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1200,1400",
                "--virtual-time-budget=8000", f"--screenshot={picture}", "--dump-dom",
                f"http://127.0.0.1:{site.port}{path}",
            ],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        assert "Content Security Policy" not in done.stderr
        return done.stdout, picture.read_bytes()

    dom, picture = browse("/genome/first.fa")
    assert 'class="ring"' in dom
    assert _colors(picture) & {(31, 111, 235)}  # a ring of own bases: the image was loaded
    dom, picture = browse("/record/first.fa?r=0")
    assert dom.count('class="zoom"') == 60
    assert (31, 111, 235) in _colors(picture)
    assert (245, 247, 249) in _colors(picture)  # the style sheet's


def _colors(png: bytes) -> set[tuple[int, ...]]:
    pillow = pytest.importorskip("PIL.Image")
    from io import BytesIO

    image = pillow.open(BytesIO(png)).convert("RGB")
    return {color for _, color in image.getcolors(1 << 24)}
