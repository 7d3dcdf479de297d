"""Fixtures for the whole suite: one small Ray cluster, started when a test first asks for it."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import object_servers


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("seqcoder")
    group.addoption("--trials", type=int, default=200, help="of the long fault campaign")
    group.addoption("--seed", type=int, default=1, help="of the long fault campaign")
    group.addoption("--kinds", default="", help="only kinds of fault with this in their name")
    group.addoption("--corpus", default="", help="only this corpus: plain, relatives, ...")
    group.addoption("--report", default="faults.json", help="where the campaign's counts go")


def pytest_configure() -> None:
    """Programs that tests start start as users' do.

    They do not inherit that a shell or nohup has signals ignored, nor that bytecode is not kept,
    with which each would compile a hundred modules.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With ``-n 3``, a module stays in one process, and all that shares the Ray cluster does."""
    for item in items:
        shares = "ray_cluster" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("ray" if shares else item.path.stem))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell in which modules the time went, where it was more than a minute."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if hasattr(report, "duration"):
                seconds[report.nodeid.partition("::")[0]] += report.duration
    total = sum(seconds.values())
    if total > 60:
        terminalreporter.section(f"{total:.0f} s of tests, in all processes")
        for module, took in seconds.most_common(12):
            terminalreporter.line(f"{took:6.0f} s  {module}")


@pytest.fixture(scope="session")
def s3() -> Iterator[object_servers.Server]:
    """Start moto."""
    with object_servers.start("s3") as server:
        yield server


@pytest.fixture
def bucket(s3: object_servers.Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make an empty bucket on moto, which the environment leads to; its URL."""
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    return s3.new_bucket()


@pytest.fixture(scope="session")
def ray_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A ``ray.cluster_utils.Cluster`` of one node of 4 CPUs on loopback, connected to.

    Tests may kill workers, and add nodes and kill these.
    """
    pytest.importorskip("ray")
    from seqcoder_cluster import session

    os.environ.update(session.ENVIRONMENT)
    # Worker processes import what tests send them by name.
    here = Path(__file__).parent
    paths = [*map(str, [here, here / "cluster", here / "jobs"]), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    with session.session_folder() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ray
        from ray.cluster_utils import Cluster

        # The test cluster is not to be found by others: no /tmp/ray/ray_current_cluster.
        with session.loopback(), pytest.MonkeyPatch.context() as patch:
            patch.setattr("ray._private.utils.write_ray_address", lambda *_: None)
            cluster = Cluster(
                initialize_head=True,
                head_node_args={
                    "num_cpus": 4,
                    "object_store_memory": 200 << 20,
                    "memory": 8 << 30,
                    "include_dashboard": False,
                    "temp_dir": str(folder),
                    # A node that died is noticed after 5 seconds, not 30.
                    "_system_config": {
                        "health_check_initial_delay_ms": 2000,
                        "health_check_period_ms": 1000,
                        "health_check_timeout_ms": 2000,
                        "health_check_failure_threshold": 4,
                    },
                },
            )
            ray.init(address=cluster.address, **session.QUIET)
            with session.messages_to_log():
                yield cluster
            ray.shutdown()
            cluster.shutdown()
