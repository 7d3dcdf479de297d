"""Kind: outputs that cannot be written: what of the others, what is left, and what is said."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import seqcoder
from genomes import small_genome

FILES = {f"{i}.fa": small_genome(60_000, seed=i) for i in range(3)}
LEAST = b">a\nACGTACGTACGT\n"


def run(*words: str, most: int = -1) -> subprocess.CompletedProcess[str]:
    """Run ``seqcoder``; ``most``: bytes that its files may have, modules it compiles
    among them (-B).
    """

    def limit() -> None:
        if most >= 0:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    code = "import sys; sys.argv[0] = 'seqcoder'; from seqcoder.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-B", "-c", code, *words],
        capture_output=True,
        text=True,
        preexec_fn=limit,
        check=False,
        env=os.environ | {"TMPDIR": str(Path.cwd())},
    )


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "x.fa").write_bytes(LEAST)
    return tmp_path


def test_one_output_that_fails_does_not_end_the_others(there: Path) -> None:
    (there / "y.fa").write_bytes(LEAST)
    (there / "z.fa").write_bytes(LEAST)
    (there / "z.fa.sqc").write_bytes(b"of another")
    done = run("compress", "-1", "0.fa", "z.fa", "nosuch.fa", "x.fa", "y.fa", most=1000)
    assert done.returncode == 1
    *lines, last = done.stderr.splitlines()
    named = [line.removeprefix("seqcoder: error: ").split(": ")[0] for line in lines]
    assert named == ["0.fa.sqc", "z.fa.sqc", "nosuch.fa"]
    assert last.endswith("3 of 5 inputs failed; the others are done and verified")
    made = {path.name for path in there.glob("*.sqc")}
    assert made == {"x.fa.sqc", "y.fa.sqc", "z.fa.sqc"}
    assert (there / "z.fa.sqc").read_bytes() == b"of another"
    assert not list(there.glob(".*"))


@pytest.mark.parametrize("size", [10, 200_000])
def test_an_input_that_changes_while_it_is_read(
    there: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shorter or longer, it may be half of each: it fails, and the others are done."""
    fstat = os.fstat

    def change(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == "1.fa":
            os.truncate("1.fa", size)
        return status

    monkeypatch.setattr("seqcoder.writing.genome_source.os.fstat", change)
    report = seqcoder.compress(list(FILES), "all.sqc", settings=seqcoder.Settings(level=1))
    (failure,) = report.failures
    assert failure.error.startswith("1.fa: changed while it was read; ")
    monkeypatch.undo()


def test_what_fails_for_all_is_said_once(there: Path) -> None:
    done = run("compress", "0.fa", "1.fa", "--reference", "nosuch.sqc")
    assert done.returncode == 1
    assert done.stderr.startswith("seqcoder: error: nosuch.sqc: ")
    assert done.stderr.count("\n") == 1


def test_what_goes_to_a_pipe_begins_again(there: Path) -> None:
    """Nothing is said to go on that does not, and what lacks room is named."""
    done = run("compress", "-1", "-c", "0.fa", most=1000)
    assert done.returncode == 1
    assert done.stdout == ""
    told = f"seqcoder: error: temporary files in {there}: File too large; "
    assert done.stderr.startswith(told)
    assert "TMPDIR" in done.stderr
    assert "goes on" not in done.stderr
    assert {path.name for path in there.iterdir()} == {*FILES, "x.fa"}


def test_a_pipe_has_no_container_beside_it(there: Path) -> None:
    read, write = os.pipe()
    os.close(write)
    os.set_inheritable(read, True)
    code = "from seqcoder.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "compress", f"/dev/fd/{read}"],
        pass_fds=[read],
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(read)
    assert done.returncode == 2
    assert f"/dev/fd/{read}: is a pipe or device; name its container with -o FILE" in done.stderr


def test_a_copy_of_a_damaged_container_is_none(there: Path) -> None:
    """Not one of the genomes that are whole, under the name that was to hold all."""
    one = seqcoder.Settings(level=1, group=False, chunk_bases=20_000)
    seqcoder.compress(list(FILES), "all.sqc", settings=one)
    data = bytearray((there / "all.sqc").read_bytes())
    with seqcoder.open("all.sqc") as container:
        data[container.reader.index.chunks[4].residual_offset + 20] ^= 1
    (there / "all.sqc").write_bytes(data)
    before = sorted(path.name for path in there.iterdir())
    done = run("extract", "all.sqc", "-g", "*.fa", "-o", "copy.sqc")
    assert done.returncode == 3
    assert "all.sqc: chunk 4 at byte" in done.stderr
    assert sorted(path.name for path in there.iterdir()) == before
