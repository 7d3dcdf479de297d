"""An embedded Ray: on loopback only, silent, and gone afterwards. Options and bounds."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcoder.errors import UsageError
from seqcoder_cluster import session
from seqcoder_cluster.options import ClusterOptions, Window, count_actors, size_window

# Prints where the processes of the session listen, then what a task gives.
EMBEDDED = """
import os
from pathlib import Path
from seqcoder_cluster import ClusterOptions, connect, map_tasks

def listening():
    inodes = {}
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                inodes[fields[9]] = fields[1].rpartition(":")[0]
    for process in Path("/proc").iterdir():
        try:
            if not process.name.isdigit() or os.environ["TMPDIR"].encode() not in (
                process / "environ"
            ).read_bytes():
                continue
            for link in (process / "fd").iterdir():
                target = os.readlink(link)
                if target.startswith("socket:["):
                    yield from filter(None, [inodes.get(target[8:-1])])
        except OSError:
            continue

if __name__ == "__main__":
    with connect(ClusterOptions(workers=1)):
        assert list(map_tasks(abs, [-3], ClusterOptions())) == [(-3, 3)]
        places = list(listening())
        assert len(places) > 3, places
        outside = [p for p in places if not p.endswith("0100007F")]
        print("outside loopback:", outside)
        print("folders:", len(list(Path(os.environ["TMPDIR"]).glob("sqc-*"))))
"""


@pytest.mark.ray
def test_embedded_ray_is_on_loopback_silent_and_leaves_nothing(tmp_path: Path) -> None:
    script = tmp_path / "embedded.py"
    script.write_text(EMBEDDED)
    # Short, as a socket's path has to be; Ray's own environment does not reach in.
    folder = Path(f"/tmp/{tmp_path.parent.name[-3:]}{tmp_path.name[-8:]}")
    folder.mkdir(exist_ok=True)
    try:
        done = subprocess.run(
            [sys.executable, "-W", "error::ResourceWarning", str(script)],
            env={"PATH": "/usr/bin:/bin", "TMPDIR": str(folder)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stderr == ""
        assert done.stdout == "outside loopback: []\nfolders: 1\n"
        assert list(folder.glob("sqc-*")) == []
    finally:
        for left in folder.iterdir():
            left.unlink()
        folder.rmdir()


def test_folders_of_killed_runs_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(session, "_LONGEST_FOLDER", 1000)
    killed = tmp_path / "sqc-killed"
    killed.mkdir()
    (killed / "in-use").touch()
    with session.session_folder() as first:
        assert not killed.exists()
        with session.session_folder() as second:
            assert first.exists()
        assert not second.exists()
    assert list(tmp_path.iterdir()) == []


def test_importing_the_layer_does_not_import_ray() -> None:
    code = "import seqcoder_cluster, sys; sys.exit('ray' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"workers": 0},
        {"actors": -1},
        {"gpus_per_actor": -0.5},
        {"gpus_per_actor": 1.5},
        {"containers_in_flight": 0},
    ],
)
def test_options_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        ClusterOptions(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "cpus", "gpus", "expected"),
    [
        (ClusterOptions(), 2, 0, 1),
        (ClusterOptions(), 64, 8, 22),
        (ClusterOptions(workers=6), 64, 8, 2),
        (ClusterOptions(actors=5), 64, 8, 5),
        (ClusterOptions(actors=0), 64, 8, 0),
        (ClusterOptions(gpus_per_actor=1), 64, 8, 8),
        (ClusterOptions(gpus_per_actor=0.25), 64, 2, 8),
        (ClusterOptions(gpus_per_actor=1), 64, 0, 1),  # a cluster that has yet to grow
    ],
)
def test_how_many_model_actors(
    options: ClusterOptions, cpus: int, gpus: int, expected: int
) -> None:
    assert count_actors(options, cpus, gpus) == expected


@given(
    cpus=st.integers(1, 2000),
    workers=st.none() | st.integers(1, 2000),
    chunk=st.integers(1 << 18, 1 << 27),
    n_containers=st.integers(1, 500),
    grouped=st.booleans(),
)
def test_window(
    cpus: int, workers: int | None, chunk: int, n_containers: int, grouped: bool
) -> None:
    store = cpus * (200 << 20)
    options = ClusterOptions(workers=workers)
    window = size_window(options, n_containers, chunk, cpus, store, grouped)
    assert 1 <= window.containers <= n_containers
    assert 1 <= window.running <= window.waiting
    if window != Window(1, 1, 2):
        assert window.store_bytes(chunk) <= store / 2
    if workers is not None and workers < cpus:
        assert window.containers * window.running <= workers
    elif chunk < 1 << 21:  # memory is not what limits: all CPUs have work, and some to follow
        assert window.containers * window.running > min(cpus, 16)
        if n_containers == 500:
            assert window.containers * window.running > cpus
