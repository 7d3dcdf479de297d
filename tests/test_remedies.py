"""Kind: what is asked for cannot be; one line names it, the reason, and what helps."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

import seqcoder
from seqcoder.errors import InputError, UsageError

SMALL = b">a\nACGTACGTACGT\n"
TWICE = b">b\nACGGGTACGT\n>b\nTTTTACG\n"


def run(
    *words: str, package: str = "seqcoder", **variables: str
) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.argv[0] = 'seqcoder'; from {package}.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def told(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a command that failed gives."""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip().removeprefix("seqcoder: error: ")


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.fa").write_bytes(SMALL)
    seqcoder.compress("x.fa", "x.sqc")
    return tmp_path


def test_a_build_that_is_not_there(there: Path) -> None:
    done = run("decompress", "-c", "x.sqc", SEQCODER_CPU="zzz")
    assert done.returncode == 2
    assert "SEQCODER_CPU=zzz: no build for this processor; there are: portable" in told(done)
    assert run("decompress", "-c", "x.sqc", SEQCODER_CPU="").returncode == 0


@pytest.mark.parametrize(
    "words", [("compress", ""), ("list", ""), ("compress", "x.fa", "-o", "")], ids=repr
)
def test_an_empty_argument(there: Path, words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert told(done).startswith(f"argument {len(words)} is empty; ")


def test_two_records_of_a_name_in_one_genome(there: Path) -> None:
    (there / "y.fa").write_bytes(TWICE)
    seqcoder.compress("y.fa", "y.sqc")
    for asked in ("b", "b:1-3", "{b}:2-"):
        done = run("extract", "y.sqc", asked)
        assert (done.returncode, done.stdout) == (2, "")
        assert "2 records are called 'b' (in y.fa); take the genome whole with " in told(done)


def test_what_is_no_container_is_told_by_what_it_is(there: Path) -> None:
    kinds = {
        "empty.sqc": (b"", ", but empty; fetch or make it again"),
        "packed.sqc": (gzip.compress(Path("x.sqc").read_bytes()), ", but gzip data; "),
        "x.fa": (SMALL, ", but text such as FASTA; 'seqcoder compress' makes one of it"),
        "odd.sqc": (b"nothing of that kind", " (no SQC signature); was it fetched whole"),
    }
    for name, (data, what) in kinds.items():
        Path(name).write_bytes(data)
        with pytest.raises(InputError) as caught:
            seqcoder.open(name)
        assert str(caught.value).startswith(f"{name}: not a seqcoder container{what}")
        with pytest.raises(seqcoder.IntegrityError, match=r"; nothing to recover$") as lost:
            repaired(name)
        assert what in str(lost.value)


def repaired(name: str, out: str = "out.sqc") -> None:
    from seqcoder.reading.repair import repair

    repair(Path(name), Path(out))


def test_the_folder_of_a_repaired_container_is_made(there: Path) -> None:
    repaired("x.sqc", "new/folder/y.sqc")
    assert Path("new/folder/y.sqc").read_bytes() == Path("x.sqc").read_bytes()
    with pytest.raises(UsageError, match=r"x.fa/y.sqc: a file is in the way of its folder; "):
        repaired("x.sqc", "x.fa/y.sqc")


def test_a_model_is_not_trained_into_a_file(there: Path) -> None:
    pytest.importorskip("torch")
    from seqcoder_jobs.training.run import train_model

    with pytest.raises(UsageError, match=r"x.fa: is a file; name a folder for the model"):
        train_model(there, Path("x.fa"), "local-1")
    assert Path("x.fa").read_bytes() == SMALL


def test_an_address_that_cannot_be_listened_on() -> None:
    pytest.importorskip("uvicorn")
    from seqcoder_jobs.cli.listening import bound_socket

    with bound_socket("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"127.0.0.1 port {port}: .* choose another --port"):
            bound_socket("127.0.0.1", port)
    # Of TEST-NET-1 (RFC 5737), which no machine has.
    with pytest.raises(InputError, match=r"192.0.2.1 port 0: .*; --host is an address or name"):
        bound_socket("192.0.2.1", 0)


def test_any_strand_but_minus_is_forward(there: Path) -> None:
    for strand, bases in (("?", "AC"), (".", "AC"), ("+", "AC"), ("-", "GT")):
        Path("r.bed").write_text(f"a\t0\t2\tn\t0\t{strand}\n")
        assert run("extract", "x.sqc", "-r", "r.bed").stdout.splitlines()[1] == bases


def test_a_limit_under_which_ray_would_abort(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    from seqcoder_cluster import session

    monkeypatch.setattr(resource, "getrlimit", lambda what: (4 << 30, resource.RLIM_INFINITY))
    session._check_address_space(1 << 30)
    with pytest.raises(InputError, match=r"within 4096 MiB of address space .* takes 5120"):
        session._check_address_space(2 << 30)
