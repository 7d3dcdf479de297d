"""Standard output is written whole, or the program says that it was not."""

from __future__ import annotations

import fcntl
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import seqcoder
from genomes import small_genome

GENOME = small_genome(200_000, seed=5)
MAIN = "from {0}.cli import main; main()"
CUT = 10_240
SIZE = b"raise the limit (ulimit -f), or write to another file system\n"
FULL = b"free some, or write elsewhere\n"


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    (folder / "g.fa").write_bytes(GENOME)
    seqcoder.compress(folder / "g.fa", folder / "g.sqc", settings=seqcoder.Settings(level=1))
    return folder / "g.sqc"


def command(*arguments: str, package: str = "seqcoder") -> list[str]:
    code = f"import sys; sys.argv[0] = 'seqcoder'; {MAIN.format(package)}"
    return [sys.executable, "-c", code, *arguments]


def limited() -> None:
    """Files may have so many bytes: the last write takes fewer than it is given."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (CUT, CUT))
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


BINARY = [
    ("decompress", "-c"),
    ("extract", "-g", "g.fa"),
    ("extract", "--format", "fa.gz", "-g", "g.fa"),
]


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("words", BINARY, ids=" ".join)
def test_short_writes_are_told(
    container: Path, tmp_path: Path, words: tuple[str, ...], unbuffered: str
) -> None:
    out = tmp_path / "o"
    # Ends with "g.fa" or a flag: the container goes behind the verb.
    call = command(words[0], str(container), *words[1:])
    with out.open("wb") as file:
        done = subprocess.run(
            call,
            stdout=file,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            preexec_fn=limited,
            check=False,
        )
    assert done.returncode == 1, done.stderr
    assert done.stderr == b"seqcoder: error: standard output: File too large; " + SIZE


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize(
    "words", [("list",), ("info",), ("list", "--json"), ("decompress", "-c")], ids=" ".join
)
def test_a_full_disk_is_told_also_by_the_last_flush(
    container: Path, words: tuple[str, ...], unbuffered: str
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*words, str(container)),
            stdout=full,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b"seqcoder: error: standard output: No space left on device; " + FULL


def test_help_of_the_other_program_into_a_full_disk() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command("--help", package="seqcoder_jobs"),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.endswith(b"error: standard output: No space left on device; " + FULL)


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_pipe_that_does_not_block_gets_all(container: Path, unbuffered: str) -> None:
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETFL, os.O_NONBLOCK)
    got = bytearray()

    def slowly() -> None:
        while data := os.read(read, 1 << 14):
            got.extend(data)
            time.sleep(0.001)

    reader = threading.Thread(target=slowly)
    reader.start()
    done = subprocess.run(
        command("decompress", "-c", str(container)),
        stdout=write,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        check=False,
    )
    os.close(write)
    reader.join()
    os.close(read)
    assert (done.returncode, done.stderr) == (0, b"")
    assert bytes(got) == GENOME


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_reader_that_goes_ends_it_quietly(container: Path, unbuffered: str) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        command("decompress", "-c", str(container)),
        stdout=write,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")
