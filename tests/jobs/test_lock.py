"""The lock of an archive: two writers, a killed one, one on another node, none to be had."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from local_runner import submit_here

from seqcoder.errors import UsageError
from seqcoder_jobs.archive import lock
from seqcoder_jobs.archive.archive import Archive

HOLDER = """
import sys, time
from pathlib import Path
from seqcoder_jobs.archive.lock import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(100)
"""


def test_a_second_writer_is_told_who_writes_and_goes_on_when_that_one_is_killed(
    corpus: Path, tmp_path: Path
) -> None:
    archive = Archive(tmp_path / "archive")
    archive.make()
    path = archive.folder / ".lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            assert archive.is_locked
            with pytest.raises(UsageError) as caught:
                submit_here([corpus], archive.folder)
            assert str(caught.value) == (
                f"{archive.folder}: another run is writing this archive (process {holder.pid} on "
                f"{socket.gethostname()}); wait for it or stop it"
            )
            assert not archive.exists
        finally:
            holder.send_signal(signal.SIGKILL)
    assert not archive.is_locked
    assert submit_here([corpus], archive.folder).error is None
    assert path.read_text() == ""


def test_of_many_at_once_one_gets_it(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    together, one_has_it = threading.Barrier(8), threading.Event()
    got: list[str] = []

    def take() -> None:
        together.wait()
        try:
            with lock.hold(path):
                got.append("lock")
                one_has_it.wait(20)
        except UsageError:
            got.append("refusal")
            if got.count("refusal") == 7:
                one_has_it.set()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(got) == ["lock"] + ["refusal"] * 7


@pytest.mark.parametrize("alive", [True, False])
def test_a_writer_on_another_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alive: bool
) -> None:
    """Its file lock does not reach here: it counts while it shows signs of life."""
    monkeypatch.setattr(lock, "_WATCH_SECONDS", 1.0)
    path = tmp_path / ".lock"
    path.write_text("process 17 on elsewhere\n")
    over = threading.Event()
    monkeypatch.setattr(lock, "_TOUCH_SECONDS", 0.1)
    other = threading.Thread(target=lock._touch, args=(path, over))
    if alive:
        other.start()
    try:
        if alive:
            with pytest.raises(UsageError, match="process 17 on elsewhere"), lock.hold(path):
                pass
        else:
            with lock.hold(path):
                assert path.read_text() == f"process {os.getpid()} on {socket.gethostname()}\n"
    finally:
        over.set()
        if alive:
            other.join()


def test_one_of_long_ago_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_WATCH_SECONDS", 1000.0)
    path = tmp_path / ".lock"
    path.write_text("process 17 on elsewhere\n")
    os.utime(path, (0, 0))
    with lock.hold(path):
        pass


def test_without_file_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    path = tmp_path / ".lock"
    with (
        lock.hold(path),
        pytest.raises(UsageError, match=f"process {os.getpid()} on"),
        lock.hold(path),
    ):
        pass
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1)
    path.write_text(f"process {int(ended.stdout)} on {socket.gethostname()}\n")
    with lock.hold(path):
        pass


def test_the_holder_shows_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_TOUCH_SECONDS", 0.05)
    path = tmp_path / ".lock"
    with lock.hold(path):
        os.utime(path, (0, 0))
        for _ in range(200):
            if path.stat().st_mtime > 0:
                return
            threading.Event().wait(0.02)
    pytest.fail("not touched")
