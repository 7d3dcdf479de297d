"""GA4GH refget sequences and sequence collections over HTTP."""

from __future__ import annotations

import base64
import http.client
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from doc_runner import blocks, environment, matches
from genomes import fasta_bytes, letters, random_bases

pytest.importorskip("pyarrow")
pytest.importorskip("ray")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from local_runner import submit_here

from page_server import served
from seqcoder.fasta import digest
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.reading.serve.seqcol import LARGEST_BODY, compare
from seqcoder_jobs.writing.planning import GivenParameters

X, ONE, TWO = b"TTGGGGAA", b"GGAA", b"GCGC"
# The collections that the refget package's own suite asks for.
SUITE = {
    "base.fa": (("chrX", X), ("chr1", ONE), ("chr2", TWO)),
    "different_names.fa": (("X", X), ("1", ONE), ("2", TWO)),
    "different_order.fa": (("chr1", ONE), ("chr2", TWO), ("chrX", X)),
    "pair_swap.fa": (("chr2", X), ("chr1", ONE), ("chrX", TWO)),
    "subset.fa": (("chrX", X), ("chr1", ONE)),
    "swap_wo_coords.fa": (("chrX", X), ("chr2", ONE), ("chr1", TWO)),
}
LONG = letters(random_bases(2_500_000, 9))
GAPPED = b"acgtnn--AC*GT" * 50
FILES = {name: fasta_bytes(*records) for name, records in SUITE.items()}
FILES["long.fa"] = fasta_bytes(("long", LONG))
FILES["gaps.fa"] = fasta_bytes(("gaps", GAPPED), ("mixed", LONG[:500].lower()))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("ga4gh")
    corpus = folder / "corpus"
    corpus.mkdir()
    for name, data in FILES.items():
        (corpus / name).write_bytes(data)
    try:
        import compliance_suite

        for path in (Path(compliance_suite.__file__).parent / "sequences").glob("*.faa"):
            (corpus / f"{path.stem}.fa").write_bytes(path.read_bytes())
    except ImportError:
        pass
    submit_here([corpus], folder / "archive", given=GivenParameters(level=1, latents=False))
    return Archive(folder / "archive")


@pytest.fixture(scope="module")
def port(archive: Archive) -> Iterator[int]:
    with served(archive) as found:
        yield found


def ask(
    port: int, path: str, body: bytes | None = None, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST" if body is not None else method, path, body, headers)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return response.status, found, response.read()
    finally:
        connection.close()


def told(port: int, path: str, body: bytes | None = None) -> Any:
    status, _, answer = ask(port, path, body)
    assert status == 200, answer
    return json.loads(answer)


SQ, MD5 = digest.refget(LONG), digest.md5(LONG)


def test_a_sequence_by_all_spellings_of_its_digest(port: int) -> None:
    trunc512 = base64.urlsafe_b64decode(SQ[3:]).hex()
    spellings = [SQ, f"ga4gh:{SQ}", MD5, MD5.upper(), f"md5:{MD5}", trunc512, f"{SQ}/"]
    for spelling in spellings:
        status, headers, body = ask(port, f"/sequence/{spelling}")
        assert (status, body == LONG) == (200, True), spelling
        assert headers["content-type"] == ("text/vnd.ga4gh.refget.v2.0.0+plain; charset=us-ascii")
        assert headers["content-length"] == str(len(LONG))
    status, headers, body = ask(port, f"/sequence/{SQ}", method="HEAD")
    assert (status, headers["content-length"], body) == (200, "2500000", b"")
    about = told(port, f"/sequence/{MD5}/metadata")["metadata"]
    assert about == {
        "md5": MD5,
        "ga4gh": SQ,
        "trunc512": trunc512,
        "length": len(LONG),
        "aliases": [{"alias": "long", "naming_authority": "FASTA"}],
    }
    assert ask(port, "/sequence/none")[0] == ask(port, f"/sequence/{'0' * 32}")[0] == 404


@pytest.mark.parametrize(
    ("start", "end"), [(0, 0), (0, 10), (1_048_570, 1_048_580), (5, 2_500_000)]
)
def test_parts(port: int, start: int, end: int) -> None:
    status, _, body = ask(port, f"/sequence/{SQ}?start={start}&end={end}")
    assert (status, body == LONG[start:end]) == (200, True)
    if end > start:
        status, headers, body = ask(port, f"/sequence/{SQ}", range=f"bytes={start}-{end - 1}")
        assert (status, body == LONG[start:end]) == (206, True)
        assert headers["content-range"] == f"bytes {start}-{end - 1}/{len(LONG)}"


@pytest.mark.parametrize(
    ("query", "range_", "status"),
    [
        ("?start=a", None, 400),
        ("?start=-1", None, 400),
        ("?start=1&end=2", "bytes=1-2", 400),
        ("", "bytes=a-2", 400),
        ("", "bytes=-2", 400),
        ("", "lines=1-2", 400),
        ("", "bytes=5-2", 416),
        ("", "bytes=2500000-2500001", 416),
        ("?end=2500001", None, 416),
        ("?start=2500000", None, 416),
        ("?start=9&end=2", None, 501),
    ],
)
def test_parts_refused(port: int, query: str, range_: str | None, status: int) -> None:
    headers = {} if range_ is None else {"range": range_}
    assert ask(port, f"/sequence/{SQ}{query}", **headers)[0] == status


def test_what_is_accepted(port: int) -> None:
    old = "text/vnd.ga4gh.refget.v1.0.0+plain"
    status, headers, _ = ask(port, f"/sequence/{SQ}?end=5", accept=old)
    assert (status, headers["content-type"]) == (200, f"{old}; charset=us-ascii")
    for accept, status in (("text/html, */*;q=0.1", 200), ("text/*", 200), ("text/html", 406)):
        assert ask(port, f"/sequence/{SQ}?end=5", accept=accept)[0] == status
    assert ask(port, f"/sequence/{SQ}/metadata", accept="text/plain")[0] == 406


def test_gaps_and_case_are_no_part_of_a_sequence(port: int) -> None:
    sequence = GAPPED.upper().replace(b"-", b"").replace(b"*", b"")
    name = digest.refget(GAPPED)
    assert ask(port, f"/sequence/{name}")[2] == sequence
    assert ask(port, f"/sequence/{name}?start=7&end=30")[2] == sequence[7:30]
    assert told(port, f"/sequence/{name}/metadata")["metadata"]["length"] == len(sequence)
    assert ask(port, f"/sequence/{digest.md5(LONG[:500])}?end=20")[2] == LONG[:20]


BASE = "XZlrcEGi6mlopZ2uD8ObHkQB1d0oDwKk"


def test_a_collection(port: int) -> None:
    level1 = told(port, f"/collection/{BASE}?level=1")
    assert level1["names"] == "Fw1r9eRxfOZD98KKrhlYQNEdSRHoVxAG"
    level2 = told(port, f"/collection/{BASE}")
    assert level2 == told(port, f"/collection/{BASE}?level=2")
    assert level2["names"] == ["chrX", "chr1", "chr2"]
    for name, values in level2.items():
        assert told(port, f"/attribute/collection/{name}/{level1[name]}") == values
    pairs = level1["sorted_name_length_pairs"]
    assert ask(port, f"/attribute/collection/sorted_name_length_pairs/{pairs}")[0] == 404
    assert ask(port, f"/collection/{BASE}?level=3")[0] == 400
    assert ask(port, "/collection/none")[0] == 404


def test_lists(port: int, archive: Archive) -> None:
    everything = told(port, "/list/collection")
    total = everything["pagination"]["total"]
    assert total == len(list((archive.folder.parent / "corpus").iterdir()))
    seen = []
    for page in range(-(-total // 3)):
        one = told(port, f"/list/collection?page={page}&page_size=3")
        assert one["pagination"] == {"page": page, "page_size": 3, "total": total}
        seen += one["results"]
    assert seen == everything["results"]
    level1 = told(port, f"/collection/{BASE}?level=1")
    found = told(port, f"/list/collection?lengths={level1['lengths']}")
    assert found["pagination"]["total"] == 4
    both = f"lengths={level1['lengths']}&names={level1['names']}"
    assert told(port, f"/list/collection?{both}")["results"] == [BASE]
    names = told(port, "/list/attributes/names?page_size=2")
    assert len(names["results"]) == 2
    assert ask(port, "/list/collection?colour=red")[0] == 400
    assert ask(port, "/list/collection?page_size=1001")[0] == 400
    assert ask(port, "/list/attributes/colour")[0] == 404


def test_comparisons(port: int) -> None:
    other = json.loads(ask(port, f"/collection/{BASE}")[2])
    same = told(port, f"/comparison/{BASE}", json.dumps(other).encode())
    assert same == told(port, f"/comparison/{BASE}/{BASE}")
    assert set(same["array_elements"]["a_and_b_same_order"].values()) == {True}
    assert ask(port, f"/comparison/{BASE}", b"[1]")[0] == 400
    assert ask(port, f"/comparison/{BASE}", b"{")[0] == 400
    assert ask(port, f"/comparison/{BASE}", b" " * (LARGEST_BODY + 1))[0] == 413
    assert ask(port, f"/collection/{BASE}", b"{}")[0] == 405


def test_order_as_the_specification_has_it() -> None:
    def order(a: str, b: str) -> bool | None:
        found = compare({"names": list(a)}, {"names": list(b)}, None, None)
        value: bool | None = found["array_elements"]["a_and_b_same_order"]["names"]
        return value

    assert order("abc", "abc") is True
    assert order("abc", "xaybzc") is True
    assert order("abc", "acb") is False
    assert order("abc", "xyz") is None
    assert order("abc", "axy") is True  # as the reference implementation
    assert order("aab", "ab") is None
    assert order("aab", "aab") is True


def test_the_document_and_infos(port: int) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    described = told(port, "/openapi.json")
    assert described["openapi"].startswith("3.")
    for path, methods in described["paths"].items():
        filled = path.replace("{digest}", BASE).replace("{a}", BASE).replace("{b}", BASE)
        if "get" in methods and "sequence/{" not in path:
            assert ask(port, filled.replace("{attribute}", "names"))[0] in (200, 404), path
    info = told(port, "/service-info")
    assert info["type"] == {"group": "org.ga4gh", "artifact": "refget-seqcol", "version": "1.0.0"}
    schema = info["seqcol"]["schema"]
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(told(port, f"/collection/{BASE}"), schema)
    assert told(port, "/sequence/service-info")["refget"]["algorithms"][0] == "md5"


def test_a_token_and_other_origins(archive: Archive) -> None:
    with served(archive, token="s3cret", origins=["https://a.example"]) as port:
        assert ask(port, "/service-info")[0] == 401
        assert ask(port, "/service-info", authorization="Bearer s3creT")[0] == 401
        assert ask(port, "/service-info", authorization="Basic !")[0] == 401
        basic = base64.b64encode(b"me:s3cret").decode()
        for header in ("Bearer s3cret", f"Basic {basic}"):
            status, headers, _ = ask(
                port, "/service-info", authorization=header, origin="https://a.example"
            )
            assert status == 200
            assert headers["access-control-allow-origin"] == "https://a.example"
        headers = ask(port, "/", authorization="Bearer s3cret", origin="https://b.example")[1]
        assert "access-control-allow-origin" not in headers
        first = {
            "origin": "https://a.example",
            "access-control-request-method": "GET",
            "access-control-request-headers": "authorization",
        }
        status, headers, _ = ask(port, "/service-info", method="OPTIONS", **first)
        assert (status, headers["access-control-allow-origin"]) == (200, "https://a.example")
        assert "authorization" in headers["access-control-allow-headers"].lower()
        assert ask(port, "/service-info", method="OPTIONS")[0] == 405


def test_the_page_s_commands(port: int) -> None:
    page = (Path(__file__).parents[2] / "docs" / "ga4gh.md").read_text()
    shown = [command for _, commands in blocks(page) for command in commands]
    assert len(shown) > 5
    for command in shown:
        text = command.text.replace("localhost:8765", f"localhost:{port}")
        done = subprocess.run(
            ["bash", "-c", text], env=environment(), capture_output=True, text=True, check=True
        )
        assert matches(command, re.sub("\r\n", "\n", done.stdout).rstrip("\n")), done.stdout


def test_refget_compliance(port: int) -> None:
    runner = pytest.importorskip(
        "compliance_suite.test_runner", reason="pip install refget-compliance for GA4GH's suite"
    )
    suite = runner.TestRunner(f"http://localhost:{port}/")
    suite.run_tests()
    report = suite.generate_final_json()
    assert [r["name"] for r in report["test_results"] if r["result"] < 0] == []
    assert report["total_tests_passed"] >= 25


def test_refget_s_own_suite(port: int) -> None:
    suite = pytest.importorskip("refget.compliance", reason="pip install refget for its suite")
    report = suite.run_compliance(f"http://localhost:{port}")
    assert [(r["name"], r["error"]) for r in report["results"] if not r["passed"]] == []
    assert report["total"] > 50
