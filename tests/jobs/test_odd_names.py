"""Names of files and records that are odd: one spelling, from the folder to ``extract``."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from local_runner import submit_here
from test_jobs_cli import SMALL, Run, run  # noqa: F401

import seqcoder_jobs
from object_servers import Server
from seqcoder.storage.opening import open_store

FILES = {
    b"a\xd7b.fa": b">\xd7\nACGT\n",
    b"a%D7b.fa": b">%D7\nCCCC\n",
    b"a%20b.fa": b">x%20y\nGGGG\n",
    b"line\nfeed.fa": b">a\\b\nTTTT\n",
    b"\x1b[2J.fa": b">\x1b[2J\nACAC\n",
    "sep\u2028.fa".encode(): "\u2028".join([">u", "v\nGTGT\n"]).encode(),
}


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        path = tmp_path / "odd" / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "odd"


def lines(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.split("\n")[1:-1]]


def test_names_survive_an_archive(run: Run, odd: Path, tmp_path: Path) -> None:  # noqa: F811
    archive, out = tmp_path / "archive", tmp_path / "out"
    code, _, err = run("submit", odd, "-o", archive, *SMALL, "-q")
    assert (code, err) == (0, "")
    code, text, _ = run("list", archive)
    names = [row[0] for row in lines(text)]
    assert len(set(names)) == len(FILES)
    code, text, _ = run("list", archive, "--records")
    records = [row[1] for row in lines(text)]
    assert len(set(records)) == len(FILES)
    assert {"%D7", "%25D7", "x%20y", "a%5Cb", "%1B[2J", "u%E2%80%A8v"} == set(records)
    contents = set()
    for name in names:
        code, text, err = run("extract", archive, "-g", name)
        assert (code, err) == (0, "")
        contents.add(text.split("\n")[1])
    residues = {data.rsplit(b"\n")[-2].decode() for data in FILES.values()}
    assert contents == residues
    assert {run("extract", archive, name)[1].split("\n")[1] for name in records} == residues
    # A name as it is finds the record too, where no other is spelt so.
    for data in (b"\xd7", b"a\\b"):
        code, text, _ = run("extract", archive, os.fsdecode(data))
        assert text.split("\n")[1].encode() in next(f for f in FILES.values() if data in f)
    assert run("extract", archive, "--all", "-o", f"{out}/", "-q")[0] == 0
    assert {os.fsencode(path.name): path.read_bytes() for path in out.iterdir()} == FILES
    with seqcoder_jobs.open_archive(archive) as opened:
        assert [str(record) for record in opened.records_called("\udcd7")] == ["ACGT"]
        assert [str(record) for record in opened.records_called("%D7")] == ["CCCC"]
    code, text, _ = run("list", archive, "--json")
    assert "\\udc" not in text
    assert run("verify", archive)[0] == 0
    # The same again is nothing new.
    assert run("submit", odd, "-o", archive, *SMALL, "-q")[0] == 0
    assert [row[0] for row in lines(run("list", archive)[1])] == names


@pytest.mark.parametrize("key", ["in//odd.fa", "in/../odd.fa", "in/a/./odd.fa", "in/\x01odd.fa"])
def test_an_odd_key_in_a_bucket_fails_that_corpus_alone(
    s3: Server, bucket: str, tmp_path: Path, key: str
) -> None:
    open_store(f"{bucket}/other").put("b.fa", b">b\nACGTACGTAC\n")
    s3.put(f"{bucket}/{key}", b">x\nACGT\n")
    outcome = submit_here([f"{bucket}/in", f"{bucket}/other"], tmp_path / "archive")
    assert outcome.done == 1
    (problem,) = outcome.todo.problems
    assert problem.source == f"{bucket}/in"
    assert f'holds the key "{key}", which no path can have' in problem.error
    assert "\n" not in problem.error.replace(key, "")


def test_an_encrypted_member_fails_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        packed.writestr("open.fa", b">a\nACGTACGT\n")
        packed.writestr("secret.fa", b">b\nGGGGGGGG\n")
    data = bytearray((tmp_path / "x.zip").read_bytes())
    # The flag of both headers of the second member (APPNOTE 4.4.4).
    for signature, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rindex(signature) + flag] |= 1
    (tmp_path / "x.zip").write_bytes(data)
    outcome = submit_here([tmp_path / "x.zip"], tmp_path / "archive")
    problems = (*outcome.todo.problems, *outcome.failures)
    assert [problem.error.partition("::")[2] for problem in problems] == [
        "secret.fa: is encrypted; unpack it and give the file"
    ]
    with seqcoder_jobs.open_archive(tmp_path / "archive") as archive:
        assert list(archive) == ["open.fa"]
