"""Two writers of one container exclude one another; nothing of another output is removed."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

import seqcoder
from genomes import fasta_bytes, letters, random_bases
from seqcoder import Settings, api
from seqcoder.errors import InputError, UsageError
from seqcoder.storage import output_lock as outlock
from seqcoder.storage.atomic import short_name, write_atomically
from seqcoder.storage.output_lock import hold_output, is_held, lock_path, remove_stale_locks
from seqcoder.writing.appending import Append, read_basis
from seqcoder.writing.chunk import ChunkCoder
from seqcoder.writing.executor import ThreadExecutor
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.partial import partial_path
from seqcoder.writing.pipeline import write_container

PLAIN = Settings(level=1, model=None)
OTHER = Settings(level=1, model=None, chunk_bases=5000)
FILES = {f"{i}.fa": fasta_bytes((f"g{i}", letters(random_bases(4000, i)))) for i in range(4)}


def read(source: GenomeSource) -> bytes:
    return FILES[source.name]


def source(name: str) -> GenomeSource:
    return GenomeSource(name, name, size=len(FILES[name]))


def compress(name: str, out: Path, settings: Settings = PLAIN, force: bool = False) -> None:
    seqcoder.compress([source(name)], out, settings=settings, force=force, threads=1, opener=read)


def append(name: str, out: Path, settings: Settings = PLAIN) -> None:
    seqcoder.append([source(name)], out, settings=settings, threads=1, opener=read)


def names(out: Path) -> list[str]:
    with seqcoder.open(out) as container:
        for name, genome in container.items():
            assert genome.read() == FILES[name]
        return list(container)


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


# It stops where all is written and the container has not its name yet.
SLOW_WRITER = """
import sys
import seqcoder
from seqcoder import Settings
from seqcoder.writing import pipeline
checked = pipeline.check_frames
def slowly(*arguments, **options):
    print("written", flush=True)
    sys.stdin.readline()
    return checked(*arguments, **options)
pipeline.check_frames = slowly
seqcoder.compress(sys.argv[1], sys.argv[2], settings=Settings(level=1, model=None), threads=1)
"""


def test_a_second_process_waits_until_the_container_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "0.fa").write_bytes(FILES["0.fa"])
    out = tmp_path / "out.sqc"
    command = [sys.executable, "-c", SLOW_WRITER, str(tmp_path / "0.fa"), str(out)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdin
        assert first.stdout
        try:
            assert first.stdout.readline() == "written\n"
            assert is_held(out)
            for settings in (PLAIN, OTHER):
                with pytest.raises(UsageError, match=r"out\.sqc: another process is writing it"):
                    compress("1.fa", out, settings, force=True)
        finally:
            first.stdin.close()
        assert first.wait(60) == 0
    assert names(out) == ["0.fa"]
    assert not hidden(tmp_path)
    with pytest.raises(UsageError, match="exists already"):
        compress("1.fa", out)
    compress("1.fa", out, force=True)
    assert names(out) == ["1.fa"]


def test_a_lock_file_that_went_while_it_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its holder removes it between another's opening and locking it: that lock is no lock."""
    out = tmp_path / "out.sqc"
    real, calls = fcntl.flock, []

    def late(file: int, operation: int) -> None:
        calls.append(file)
        if len(calls) == 1:
            lock_path(out).unlink()
        real(file, operation)

    monkeypatch.setattr(outlock.fcntl, "flock", late)
    with (
        hold_output(out),
        pytest.raises(UsageError, match="another process"),
        hold_output(out),
    ):
        pass
    assert not hidden(tmp_path)


def test_where_there_are_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(outlock.fcntl, "flock", none)
    compress("0.fa", tmp_path / "out.sqc")
    assert not is_held(tmp_path / "out.sqc")
    assert names(tmp_path / "out.sqc") == ["0.fa"]
    assert not hidden(tmp_path)


def test_an_output_that_appeared_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.sqc"

    def while_loading(settings: Settings) -> ChunkCoder:
        out.write_bytes(b"another's")
        return ChunkCoder(settings)

    monkeypatch.setattr(api, "ChunkCoder", while_loading)
    with pytest.raises(UsageError, match="exists already"):
        compress("0.fa", out)
    assert out.read_bytes() == b"another's"


@pytest.mark.parametrize("settings", [PLAIN, OTHER])
def test_an_append_to_what_grew_meanwhile(tmp_path: Path, settings: Settings) -> None:
    out = tmp_path / "out.sqc"
    compress("0.fa", out)
    basis = read_basis(out)
    append("1.fa", out, settings)
    grown = out.read_bytes()
    for there in (True, False):
        if not there:
            out.unlink()
        with pytest.raises(UsageError, match=r"out\.sqc: changed since .* run the same command"):
            write_container(
                [source("2.fa")],
                PLAIN,
                [],
                ThreadExecutor(ChunkCoder(PLAIN), 1),
                out,
                opener=read,
                append=Append(basis),
            )
    assert not out.exists()
    out.write_bytes(grown)
    append("2.fa", out)
    assert names(out) == ["0.fa", "1.fa", "2.fa"]


def test_appends_exclude_one_another_whatever_their_settings(tmp_path: Path) -> None:
    out = tmp_path / "out.sqc"
    compress("0.fa", out)

    def meanwhile(source: GenomeSource) -> bytes:
        for settings in (PLAIN, OTHER):
            with pytest.raises(UsageError, match="another process is writing it"):
                append("2.fa", out, settings)
        return read(source)

    seqcoder.append([source("1.fa")], out, settings=PLAIN, threads=1, opener=meanwhile)
    append("2.fa", out, OTHER)
    assert names(out) == ["0.fa", "1.fa", "2.fa"]
    assert not hidden(tmp_path)


def test_only_what_is_its_own_is_removed(tmp_path: Path) -> None:
    """Names that are patterns, names that look like ours, and the locks of others."""
    others = [
        ".a1.sqc.12345678.partial",
        ".a[1].sqc.backup_1.partial",
        ".a[1].sqc.b.12345678.partial",
    ]
    for name in others:
        (tmp_path / name).write_bytes(b"")
    out = tmp_path / "a[1].sqc"
    for own in (partial_path(out, OTHER, []), lock_path(out)):
        own.write_bytes(b"left by one that was killed")
    with hold_output(tmp_path / "a[1].sqc.abc"):
        compress("0.fa", out)
        assert is_held(tmp_path / "a[1].sqc.abc")
    assert hidden(tmp_path) == sorted(others)


def test_stale_locks_go_and_held_ones_stay(tmp_path: Path) -> None:
    held, stale = tmp_path / "held.sqc", tmp_path / "stale.sqc"
    lock_path(stale).touch()
    with hold_output(held):
        remove_stale_locks(tmp_path)
        assert hidden(tmp_path) == [lock_path(held).name]
        assert is_held(held)


def test_links_planted_for_temporary_files(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    out = tmp_path / "out.sqc"
    for planted in (partial_path(out, PLAIN, []), lock_path(out)):
        planted.symlink_to(victim)
        with pytest.raises(InputError, match="symbolic links"):
            compress("0.fa", out)
        planted.unlink(missing_ok=True)
    assert victim.read_bytes() == b"precious"


def test_names_as_long_as_they_may_be(tmp_path: Path) -> None:
    one, two = (tmp_path / ("é" * 120 + f"{number:05}.sqc") for number in (1, 2))
    assert len(os.fsencode(one.name)) > 240
    assert short_name(one.name) != short_name(two.name)
    assert short_name("x.sqc") == "x.sqc"
    with hold_output(two):
        compress("0.fa", one)
    append("1.fa", one)
    assert names(one) == ["0.fa", "1.fa"]
    write_atomically(two, b"x")
    assert not hidden(tmp_path)
