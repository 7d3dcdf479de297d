"""Names of genomes on the way out: nothing is written outside of the folder, whatever they say."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import seqcoder
from seqcoder import IntegrityError, Settings, UsageError
from seqcoder.container.rows import STORED
from seqcoder.container.writer import ContainerWriter, GenomeFrames
from seqcoder.reading.region import find_region
from seqcoder.storage.atomic import write_atomically
from seqcoder.storage.output_files import check_free
from test_hostile import FILE, ROW, container

EVIL = [
    "../x",
    "../../etc/x",
    "/etc/x",
    "a/../../x",
    "a/..",
    ".",
    "..",
    "",
    "a//b",
    "a/",
    "nul\0",
    "new\nline",
    "esc\x1b[2J",
    "back\\slash",
    "C:\\x",
    "\\\\server\\share",
    "a\u2028b",
]
ODD = ["C:x", "con", "-rf", "~root", "...", " ", "a b", "\u202eevil", "é", "x" * 255, "*"]


def command_line(which: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    code = f"from {which}.cli import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, errors="surrogateescape", check=False
    )


def below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("name", EVIL)
def test_evil_names_are_refused(name: str, tmp_path: Path) -> None:
    out = tmp_path / "in" / "out"
    out.mkdir(parents=True)
    with pytest.raises(IntegrityError, match="not a plain relative path"):
        seqcoder.decompress(container(replace(ROW, name=name)), out, force=True)
    assert below(tmp_path) == ["in", "in/out"]


@pytest.mark.parametrize("name", ODD)
def test_odd_names_stay_below(name: str, tmp_path: Path) -> None:
    data = container(replace(ROW, name=name))
    (written,) = seqcoder.decompress(data, tmp_path)
    assert below(tmp_path) == [name]
    assert written.read_bytes() == FILE


def test_names_that_the_file_system_refuses(tmp_path: Path) -> None:
    path = tmp_path / "x.sqc"
    for name in ("x" * 256, "d/" * 2100 + "x"):
        path.write_bytes(container(replace(ROW, name=name)))
        done = command_line("seqcoder", "decompress", path, "-o", f"{tmp_path}/out/")
        assert done.returncode == 1
        assert "File name too long" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        done = command_line("seqcoder", "extract", path, "-g", name)
        assert (done.returncode, done.stdout.encode()) == (0, FILE)


def test_names_in_one_another_s_way(tmp_path: Path) -> None:
    files = {"a": FILE, "a/b": FILE}
    data = seqcoder.compress_bytes(files, settings=Settings(level=1))
    with pytest.raises(UsageError, match="a file is in the way"):
        seqcoder.decompress(data, tmp_path, force=True)
    assert below(tmp_path) == ["a"]
    out = io.BytesIO()
    writer = ContainerWriter(out)
    row = replace(ROW, kind=STORED, size=0, n_records=0, n_residues=0, n_bases=0)
    for _ in range(2):
        writer.add_genome(GenomeFrames(row))
    writer.finish()
    with pytest.raises(IntegrityError, match="two genomes of one name"):
        seqcoder.open(out.getvalue())


def test_names_that_differ_in_case_only(tmp_path: Path) -> None:
    """Where the file system takes them for one, the second is not written over the first."""
    path = tmp_path / "a"
    path.write_bytes(FILE)
    status = path.stat()
    with pytest.raises(UsageError, match="does not tell upper from lower case"):
        check_free(path, True, {(status.st_dev, status.st_ino)})
    check_free(path, True, set())
    with pytest.raises(UsageError, match="exists already"):
        check_free(path, False, set())
    check_free(tmp_path / "b", False, set())


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A folder with links that lead out of it: to a folder, to a file, to nothing."""
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    (outside / "victim").write_bytes(b"precious")
    folder.mkdir()
    (folder / "sub").symlink_to(outside)
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "file").symlink_to(outside / "victim")
    (folder / "dangling").symlink_to(outside / "new")
    return folder


def test_planted_links(planted: Path) -> None:
    outside = planted.parent / "outside"
    for name in ("sub/x", "sub/deeper/x"):
        data = container(replace(ROW, name=name))
        for force in (False, True):
            with pytest.raises(UsageError, match="leads out of"):
                seqcoder.decompress(data, planted, force=force)
    data = container(replace(ROW, name="file"))
    with pytest.raises(UsageError, match="exists already"):
        seqcoder.decompress(data, planted)
    # With --force, and where a link leads nowhere, the link is replaced and not followed.
    seqcoder.decompress(data, planted, force=True)
    seqcoder.decompress(container(replace(ROW, name="dangling")), planted)
    assert not (planted / "file").is_symlink()
    assert (planted / "dangling").read_bytes() == FILE
    with pytest.raises((OSError, UsageError)):
        seqcoder.decompress(container(replace(ROW, name="loop/x")), planted, force=True)
    assert below(outside) == ["victim"]
    assert (outside / "victim").read_bytes() == b"precious"


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links can be followed here")
def test_a_link_planted_for_the_temporary_file(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / f".x.{os.getpid()}.partial").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        write_atomically(tmp_path / "x", b"evil")
    assert victim.read_bytes() == b"precious"


@pytest.mark.parametrize("which", ["seqcoder", "seqcoder_jobs"])
def test_both_command_lines(which: str, planted: Path, tmp_path: Path) -> None:
    """Links and names that lead out, by ``decompress`` and by ``seqcoder-ray extract --all``."""
    jobs = which == "seqcoder_jobs"
    for name, code in (("sub/x", 2), ("../x", 3)):
        path = tmp_path / "x.sqc"
        path.write_bytes(container(replace(ROW, name=name)))
        if jobs:
            pytest.importorskip("pyarrow")
            from seqcoder_jobs.reading.extract import Restore, restore_genomes

            work = Restore("", "", str(path), (name,), str(planted), True, 1)
            (one,) = restore_genomes(work)
            failed, found = one.genome, one.code
            assert failed == name
        else:
            done = command_line(which, "decompress", path, "-o", planted, "--force")
            found = done.returncode
            assert len(done.stderr.splitlines()) == 1
        assert found == code
    assert below(tmp_path / "outside") == ["victim"]
    assert sorted(path.name for path in planted.iterdir()) == ["dangling", "file", "loop", "sub"]


ODD_FILES = [
    b"a\xd7b.fa",
    b"a%D7b.fa",
    b"a%25D7b.fa",
    b"a%20b.fa",
    b"line\nfeed.fa",
    b"back\\slash.fa",
    b"\x1b[2J.fa",
    b"tab\t.fa",
    b"cr\r.fa",
    "sep\u2028.fa".encode(),
    "nel\x85.fa".encode(),
    b"#1.fa",
    b" .fa",
]


def test_odd_file_names_go_in_and_come_out(tmp_path: Path) -> None:
    """Each has one name, which ``extract`` takes, and the file comes out under its own."""
    corpus, out = tmp_path / "in", tmp_path / "out"
    corpus.mkdir()
    files = {name: b">r%d\nACGT\n" % number for number, name in enumerate(ODD_FILES)}
    paths = []
    for name, data in files.items():
        paths.append(corpus / os.fsdecode(name))
        paths[-1].write_bytes(data)
    packed = tmp_path / "all.sqc"
    done = command_line("seqcoder", "compress", "-q", "-1", *paths, "-o", packed)
    assert (done.returncode, done.stderr) == (0, "")
    listed = command_line("seqcoder", "list", packed).stdout.splitlines()[1:]
    names = [line.split("\t")[0] for line in listed]
    assert len(set(names)) == len(files)
    with seqcoder.open(packed) as container:
        assert list(container) == names
    for name, data in list(zip(names, files.values(), strict=True))[:6]:
        assert command_line("seqcoder", "extract", packed, "-g", name).stdout.encode() == data
    for name in (b"a\xd7b.fa", b"line\nfeed.fa"):
        done = command_line("seqcoder", "extract", packed, "-g", os.fsdecode(name))
        assert done.stdout.encode() == files[name]
    assert command_line("seqcoder", "decompress", packed, "-o", f"{out}/").returncode == 0
    assert {os.fsencode(path.name): path.read_bytes() for path in out.iterdir()} == files
    sums = seqcoder_list_bytes(packed)
    checked = subprocess.run(
        ["sha256sum", "-c", "--quiet"], input=sums, cwd=out, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
    done = command_line("seqcoder", "compress", "-q", "-1", *paths)
    assert (done.returncode, done.stderr) == (0, "")
    for path in paths:
        assert path.with_name(path.name + ".sqc").exists()
    assert command_line("seqcoder", "decompress", f"{paths[0]}.sqc", "-f").returncode == 0
    assert {os.fsencode(path.name) for path in corpus.iterdir()} == {
        *files,
        *(name + b".sqc" for name in files),
    }


def seqcoder_list_bytes(packed: Path) -> bytes:
    code = "from seqcoder.cli import main; main()"
    command = [sys.executable, "-c", code, "list", "--sha256", str(packed)]
    return subprocess.run(command, capture_output=True, check=True).stdout


def test_odd_record_names_are_found_by_what_they_are_and_as_they_are_spelt(tmp_path: Path) -> None:
    records = {b"\xd7": b"ACGT", b"a\\b": b"CCCC", b"%D7x": b"GGGG", b"\xc2\x85": b"TTTT"}
    data = b"".join(b">%s\n%s\n" % record for record in records.items())
    packed = tmp_path / "x.sqc"
    packed.write_bytes(seqcoder.compress_bytes({"x.fa": data}, settings=Settings(level=1)))
    with seqcoder.open(packed) as container:
        genomes = list(container.values())
        for name, spelt in zip(records, ["%D7", "a%5Cb", "%25D7x", "%C2%85"], strict=True):
            for query in (os.fsdecode(name), spelt):
                found = find_region(f"{query}:2-3", genomes, "x")
                assert found.record.fetch(found.start, found.stop) == records[name][1:3]
