"""Running a child and measuring it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from seqcoder.bench.measure import RunError, Usage, measure, middle


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code]


def test_times_and_memory_are_the_childs_own(tmp_path: Path) -> None:
    ballast = bytearray(300 << 20)  # the parent's memory must not count
    ballast[:: 1 << 12] = b"x" * len(ballast[:: 1 << 12])
    small = measure(python("pass"), tmp_path)
    large = measure(
        python("x = b'x' * (100 << 20); [sum(range(1000)) for _ in range(3000)]"), tmp_path
    )
    assert small.peak_bytes < 60 << 20
    assert 100 << 20 < large.peak_bytes < 200 << 20
    assert 0 <= small.cpu < large.cpu
    assert large.wall > 0
    assert ballast


def test_streams_go_to_files(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"some bytes")
    code = "import sys; sys.stdout.write(sys.stdin.read().upper())"
    measure(python(code), tmp_path, source=tmp_path / "in", target=tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"SOME BYTES"


def test_failures_say_why(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="ended with 3: no such option"):
        measure(
            python("import sys; print('no such option', file=sys.stderr); sys.exit(3)"), tmp_path
        )
    with pytest.raises(RunError, match="cannot be started"):
        measure(["no-such-program-anywhere"], tmp_path)
    with pytest.raises(RunError, match=r"not done after 0 s|not done after 1 s"):
        measure(python("import time; time.sleep(60)"), tmp_path, limit=0.5)


def test_middle_is_the_median_and_the_largest_peak() -> None:
    runs = [Usage(3.0, 1.0, 5), Usage(1.0, 2.0, 9), Usage(2.0, 9.0, 1)]
    assert middle(runs) == Usage(2.0, 2.0, 9)
