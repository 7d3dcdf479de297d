"""How the installed commands end: with everything done, and at once."""

import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

PROGRAM = """
import atexit, os, sys, threading, time
from seqcoder.cli.leaving import run_and_leave
{before}
def main():
    atexit.register(lambda: os.write(1, b"at the end\\n"))
    threading.Thread(target=time.sleep, args=({sleep},)).start()
    sys.stdout.write("not flushed\\n")
    raise SystemExit({code})
run_and_leave(main)
"""


@pytest.mark.parametrize("code", [0, 3, 141])
def test_everything_is_done_but_threads_are_not_waited_for(code: int) -> None:
    program = PROGRAM.format(before="", sleep=60, code=code)
    started = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=50)
    assert ended.returncode == code
    assert sorted(ended.stdout.splitlines()) == [b"at the end", b"not flushed"]
    assert not ended.stderr
    assert time.monotonic() - started < 50


def test_with_ray_the_interpreter_ends_as_it_does() -> None:
    program = PROGRAM.format(before="sys.modules['ray'] = sys", sleep=0.5, code=2)
    program += "\n"
    started = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=50)
    assert ended.returncode == 2
    assert time.monotonic() - started > 0.5
    assert sorted(ended.stdout.splitlines()) == [b"at the end", b"not flushed"]


def test_a_full_device_is_told_all_the_same() -> None:
    """The command's own output is checked before: what leaves is only what nobody checks."""
    command = [str(Path(sys.executable).with_name("seqcoder")), "--version"]
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=50)
    assert ended.returncode == 1
    assert b"No space left" in ended.stderr


def test_both_programs_end_so() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    assert project["project"]["scripts"] == {
        "seqcoder": "seqcoder.cli:run",
        "seqcoder-ray": "seqcoder_jobs.cli:run",
    }
