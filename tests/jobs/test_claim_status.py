"""``status`` of an archive in an object store that someone claims."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from local_runner import Killed, dies_reading, submit_here
from test_jobs_cli import Run, run  # noqa: F401

from seqcoder.storage.opening import open_store
from seqcoder_jobs.archive import claim
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import CLAIM

ELSEWHERE = {
    "process": 4,
    "started": "1",
    "host": "elsewhere 1 2",
    "id": "x",
    "renewed": 1,
    "since": "2026-01-02T03:04:05+00:00",
}
WHO = "process 4 on elsewhere, since 2026-01-02 03:04:05 UTC"


@pytest.fixture
def url(bucket: str, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An archive of which a part is done; claims are renewed often."""
    monkeypatch.setenv("SEQCODER_SCRATCH", str(tmp_path / "scratch"))
    monkeypatch.setattr(claim, "RENEW_SECONDS", 0.5)
    with pytest.raises(Killed):
        submit_here([corpus], f"{bucket}/archive", runner=dies_reading("d.faa"))
    return f"{bucket}/archive"


def state(run: Run, url: str) -> str:  # noqa: F811
    code, out, _ = run("status", url)
    assert code == 0
    return next(line for line in out.splitlines() if line.startswith("  state"))


def test_a_claim_that_is_not_renewed(url: str, run: Run) -> None:  # noqa: F811
    store = open_store(url)
    store.put(CLAIM, json.dumps(ELSEWHERE).encode())
    told = state(run, url)
    assert f"claimed by {WHO}, but not renewed since 20" in told
    assert f"'seqcoder-ray submit -o {url}' goes on" in told
    holder = json.loads(run("status", url, "--json")[1])["holder"]
    assert (holder["alive"], holder["since"]) == (False, ELSEWHERE["since"])
    store.put(CLAIM, b"{}")  # nothing is known of that one
    assert "claimed by unknown process, but not renewed since" in state(run, url)


def test_a_claim_that_is_renewed(url: str, run: Run) -> None:  # noqa: F811
    store, over = open_store(url), threading.Event()

    def renew() -> None:
        count = 1
        while not over.wait(0.1):
            count += 1
            store.put(CLAIM, json.dumps(ELSEWHERE | {"renewed": count}).encode())

    store.put(CLAIM, json.dumps(ELSEWHERE).encode())
    other = threading.Thread(target=renew)
    other.start()
    try:
        assert f"running: {WHO}, claim renewed 20" in state(run, url)
    finally:
        over.set()
        other.join()


def test_a_run_on_this_machine_and_none(url: str, run: Run) -> None:  # noqa: F811
    with Archive(url).lock():
        holder = Archive(url).find_holder()
        assert holder is not None
        assert (holder.alive, holder.watched) == (True, 0.0)
        assert holder.since
        assert f"running: {holder.who}, since " in state(run, url)
    assert Archive(url).find_holder() is None
    assert "not complete; 'seqcoder-ray submit" in state(run, url)
