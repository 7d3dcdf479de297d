"""Work in flight: bounds, order, lost work, and which errors come out."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcoder.errors import InputError, IntegrityError, UsageError
from seqcoder_cluster import ClusterError, ClusterOptions, connect, faults, map_tasks, session
from seqcoder_cluster.flight import in_flight

pytestmark = pytest.mark.ray


def late(item: int) -> int:
    """Take longer for some, so that results come out of order."""
    time.sleep(0.05 * (item % 4 == 0))
    return item * item


@pytest.mark.parametrize("ordered", [True, False])
def test_no_more_in_flight_than_allowed(ray_cluster: Any, ordered: bool) -> None:
    import ray

    task = ray.remote(late)
    taken = given = most = 0

    def items() -> Iterator[int]:
        nonlocal taken, most
        for item in range(40):
            taken += 1
            most = max(most, taken - given)
            yield item

    results = []
    for item, value in in_flight(
        items(), task.remote, running=3, waiting=5, describe=str, ordered=ordered
    ):
        given += 1
        assert value == item * item
        results.append(item)
    assert most == 5 if ordered else most <= 5
    assert (results if ordered else sorted(results)) == list(range(40))


def die_at_first(where: str) -> int:
    """Lose the worker process, the first time."""
    marker = Path(where)
    if not marker.exists():
        marker.write_text(str(os.getpid()))
        os._exit(1)
    return os.getpid()


def test_lost_workers_work_is_done_again(ray_cluster: Any, tmp_path: Path) -> None:
    places = [str(tmp_path / str(i)) for i in range(3)]
    results = dict(map_tasks(die_at_first, places, ClusterOptions(workers=2)))
    assert sorted(results) == places
    assert all(int(Path(place).read_text()) != pid for place, pid in results.items())


def die(where: str) -> None:
    """Lose the worker process, and count how often."""
    with Path(where).open("a") as file:
        file.write("x")
    os._exit(1)


def test_work_that_kills_its_workers_is_given_up(
    ray_cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(faults, "pause", pauses.append)
    place = str(tmp_path / "deaths")
    with pytest.raises(ClusterError, match=rf"deaths: lost {faults.MAX_TRIES} times.*memory"):
        list(map_tasks(die, [place], ClusterOptions()))
    assert len(Path(place).read_text()) == faults.MAX_TRIES
    assert pauses == [0.0, 2.0, 4.0]


def refuse(item: int) -> int:
    raise IntegrityError(f"chunk {item} is damaged")


def divide(item: int) -> float:
    return 1 / item


def test_errors_of_the_work_come_out_as_they_were_raised(ray_cluster: Any) -> None:
    with pytest.raises(IntegrityError) as caught:
        list(map_tasks(refuse, [7], ClusterOptions()))
    assert type(caught.value) is IntegrityError
    assert str(caught.value) == "chunk 7 is damaged"
    with pytest.raises(ZeroDivisionError):
        list(map_tasks(divide, [0], ClusterOptions()))


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nonsense"])
def test_no_cluster_at_the_address(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with (
        pytest.raises(UsageError, match="no Ray cluster answers"),
        connect(ClusterOptions(address)),
    ):
        pass


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (
            "the amount of memory on this node available for tasks and actors (-0.11 GB) is",
            "too lit",
        ),
        (
            "Failed to start GCS.\nMore of it.",
            "Ray does not start on this machine: Failed to start",
        ),
    ],
)
def test_a_ray_that_does_not_start(reason: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    def init(**_: object) -> None:
        raise ValueError(reason)

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "shutdown", lambda: None)  # the cluster of the other tests
    with pytest.raises(InputError, match=told) as caught, connect(ClusterOptions()):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (MemoryError(), True),
        (OSError("libx.so: failed to map segment: Cannot allocate memory"), True),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), True),
        (ImportError("x.so: Cannot allocate memory"), True),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), False),
        (ImportError("no such module"), False),
        (IntegrityError("chunk 7 is damaged"), False),
    ],
)
def test_what_is_tried_again(error: Exception, again: bool) -> None:
    pytest.importorskip("ray")
    assert faults.is_retriable(error) is again


def test_ray_does_not_keep_our_signals() -> None:
    """Neither afterwards nor while it starts, where its handler leaves by SystemExit."""
    told: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: told.append(number))
    try:
        with session._signals_kept():
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)
        assert told == [signal.SIGTERM]
        with pytest.raises(SystemExit), session._signals_kept():
            raise SystemExit(int(signal.SIGTERM))
        assert told == [signal.SIGTERM] * 2
    finally:
        signal.signal(signal.SIGTERM, before)
