"""The one interface, on a folder, on three kinds of object stores, and on bad days."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from faulty_proxy import FAULTS, FaultyProxy, at_random
from object_servers import Server, free_port, start
from seqcoder.errors import MissingError, StorageError, UsageError
from seqcoder.storage import patience
from seqcoder.storage.counts import COUNTS
from seqcoder.storage.opening import open_parent, open_store
from seqcoder.storage.store import Store

KINDS = ("folder", "s3", "az")


@pytest.fixture(scope="module")
def gs() -> Iterator[Server]:
    with start("gs") as server:
        yield server


@pytest.fixture(scope="module")
def az() -> Iterator[Server]:
    with start("az") as server:
        yield server


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "folder":
        return open_store(tmp_path / "store")
    server: Server = request.getfixturevalue(request.param)
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return open_store(f"{server.new_bucket()}/some/prefix/")


def test_what_is_put_is_there(store: Store) -> None:
    assert store.files() == []
    store.put("b/x", b"one")
    store.put("a y+%é", b"two")
    store.put("b/.hidden", b"")
    assert [(s.name, s.size) for s in store.files()] == [("a y+%é", 3), ("b/x", 3)]
    assert [s.name for s in store.files("b")] == ["b/x"]
    data, stored = store.get("b/x")
    assert (data, stored.size) == (b"one", 3)
    assert store.find("b/x").identity == stored.identity
    assert store.get_range("b/x", 1, 2) == b"n"
    store.put("b/x", b"ONE!")
    assert store.find("b/x").identity != stored.identity
    store.delete(["b/x", "never"])
    for ask in (store.find, store.get, lambda name: store.get_range(name, 0, 1)):
        with pytest.raises(MissingError, match="b/x") as told:
            ask("b/x")
        assert "\n" not in str(told.value)


def test_conditions_hold(store: Store) -> None:
    assert store.put_new("claim", b"first")
    assert store.put_new("claim", b"first")  # its answer was lost, it is ours
    assert not store.put_new("claim", b"second")
    data, stored = store.get("claim")
    assert data == b"first"
    identity = store.replace("claim", b"third", stored.identity)
    assert identity == store.find("claim").identity
    assert not store.replace("claim", b"fourth", stored.identity)
    assert store.get("claim")[0] == b"third"
    assert not store.replace("never", b"fourth", stored.identity)


def test_files_arrive_whole(store: Store, tmp_path: Path) -> None:
    data = bytes(range(256)) * (80 << 10)  # two parts of a multipart upload
    path = tmp_path / "file"
    path.write_bytes(data)
    store.put_file("far/away", path, hashlib.sha256(data).hexdigest())
    assert store.find("far/away").size == len(data)
    assert store.get_range("far/away", 12345678, 12345690) == data[12345678:12345690]
    store.put_file("far/away", path, hashlib.sha256(data).hexdigest())
    path.write_bytes(b"another")
    with pytest.raises(StorageError, match="far/away"):
        store.put_file("far/away2", path, hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_weathered(s3: Server, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """The first try of each request fails; conditional puts are never done twice."""
    with FaultyProxy(s3.port) as proxy:
        for name, value in s3.environment(proxy.endpoint).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("SEQCODER_RETRY_SECONDS", "20")
        store = open_store(f"{s3.new_bucket()}/a")
        again = {"now": False}

        def every_other(method: str, path: str) -> str:
            again["now"] = not again["now"]
            return fault if again["now"] else ""

        proxy.decide = every_other
        assert store.put_new("x", b"mine")
        data, stored = store.get("x")
        assert data == b"mine"
        assert store.replace("x", b"mine too", stored.identity)
        assert store.get_range("x", 0, 4) == b"mine"
        assert [s.size for s in store.files()] == [8]
        assert not store.put_new("x", b"yours")
        assert proxy.counts[fault] > 3


def test_every_kind_of_refusal_is_one_line(s3: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SEQCODER_RETRY_SECONDS", "2")
    with pytest.raises(StorageError, match="s3://nosuchbucket/a/x: no such bucket"):
        open_store("s3://nosuchbucket/a").get("x")
    with pytest.raises(StorageError, match="s3://nosuchbucket/a/x: no such bucket"):
        open_store("s3://nosuchbucket/a").put_new("x", b"")
    with pytest.raises(StorageError, match="s3://nosuchbucket/a: no such bucket"):
        open_store("s3://nosuchbucket/a").files()
    with pytest.raises(StorageError, match=r"127.0.0.1:9 refuses connections.*tried for 2 s"):
        open_store("s3://bucket/a", endpoint="http://127.0.0.1:9").get("x")


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("zzz://bucket/a", "no store is called zzz://; these are: s3://"),
        ("s3://", "names no bucket, as s3://bucket/folder does"),
        ("s3://bucket/a?regoin=x", ".regoin.: has no option regoin; did you mean region"),
        ("s3://bucket/a?skip_signature=", "skip_signature.*boolean"),
        ("s3://bucket/a?timeout=30s", "a store has no option timeout"),
    ],
)
def test_what_makes_no_sense_is_usage(location: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        open_store(location)


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("127.0.0.1:9000", r"AWS_ENDPOINT_URL.*has no scheme; http://127.0.0.1:9000"),
        ("http://127.0.0.1:notaport", "is no URL of a server"),
        ("ftp://127.0.0.1:9000", "is no URL of a server"),
        ("http://", "is no URL of a server"),
    ],
)
def test_an_endpoint_that_is_none_is_usage(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, said: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(UsageError, match=said):
        open_store("s3://bucket/a")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")  # as if it were not set
    assert open_store("s3://bucket/a").url == "s3://bucket/a"
    monkeypatch.setenv("SEQCODER_RETRY_SECONDS", "-3")
    with pytest.raises(UsageError, match="SEQCODER_RETRY_SECONDS: '-3'"):
        open_store("s3://bucket/a")


def test_a_store_that_was_given_up_is_not_waited_for_as_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SEQCODER_RETRY_SECONDS", "2")
    monkeypatch.setattr("seqcoder.storage.patience._SHORT_SECONDS", 0.3)
    store = open_store("s3://givenup/a", endpoint="http://127.0.0.1:9", anonymous="true")
    with pytest.raises(StorageError, match="tried for 2 s"):
        store.get("x")
    started = time.monotonic()
    with pytest.raises(StorageError, match="tried for 0 s"):
        store.get("x")
    assert time.monotonic() - started < 2


def test_an_outage_is_remarked_on_and_outlasted(
    s3: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Connections are refused for longer than any client's own retries."""
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    url = f"{s3.new_bucket()}/a"
    open_store(url).put("x", b"there")
    port = free_port()
    for name, value in s3.environment(f"http://127.0.0.1:{port}").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("seqcoder.storage.patience._REMARK_SECONDS", 0.5)
    monkeypatch.setitem(patience._NEXT, "remark", 0.0)
    store = open_store(url)
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(store.find, "x"), pool.submit(store.get_range, "x", 0, 5)]
        time.sleep(2)
        with FaultyProxy(s3.port, at=port):
            assert [asked[0].result().size, asked[1].result()] == [5, b"there"]
    (remark,) = caplog.messages
    assert "refuses connections" in remark
    assert "up to 120 s" in remark


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "AccessDenied", "access denied"),
        (403, "InvalidAccessKeyId", "does not know this access key"),
        (403, "SignatureDoesNotMatch", "secret key does not fit"),
        (403, "RequestTimeTooSkewed", "clock is off"),
        (503, "SlowDown", "slow down"),
    ],
)
def test_what_stores_say(
    monkeypatch: pytest.MonkeyPatch, status: int, code: str, said: str
) -> None:
    with FaultyProxy(0, lambda method, path: "said") as proxy:
        answer = f"<Error><Code>{code}</Code><Message>No.</Message></Error>".encode()
        monkeypatch.setattr(proxy, "serve", lambda asked: proxy._answer(asked, status, {}, answer))
        monkeypatch.setenv("SEQCODER_RETRY_SECONDS", "1")
        store = open_store(
            "s3://bucket/a", endpoint=proxy.endpoint, access_key_id="k", secret_access_key="s"
        )
        started = time.monotonic()
        for ask in (lambda: store.get("x"), lambda: store.put_new("x", b"1"), store.files):
            with pytest.raises(StorageError, match=said) as told:
                ask()
            assert str(told.value).startswith("s3://bucket/a")
            assert "\n" not in str(told.value)
        assert time.monotonic() - started < 15


def test_an_endpoint_that_hangs_is_given_up(s3: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQCODER_RETRY_SECONDS", "1")
    with FaultyProxy(s3.port, lambda method, path: "hang") as proxy:
        for name, value in s3.environment(proxy.endpoint).items():
            monkeypatch.setenv(name, value)
        started = time.monotonic()
        with pytest.raises(StorageError, match=r"a/x: 127.0.0.1:.* does not answer in time"):
            open_store("s3://bucket/a").get("x")
        assert time.monotonic() - started < 8


def test_random_faults_lose_nothing(
    s3: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = bytes(range(256)) * 9000
    path = tmp_path / "file"
    path.write_bytes(data)
    with FaultyProxy(s3.port, at_random(0.3, seed=5)) as proxy:
        for name, value in s3.environment(proxy.endpoint).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("SEQCODER_RETRY_SECONDS", "30")
        store = open_store(f"{s3.new_bucket()}/a")
        store.put_file("file", path, hashlib.sha256(data).hexdigest())
        for number in range(10):
            assert store.put_new(f"part{number}", b"%d" % number)
        assert len(store.files()) == 11
        assert store.get("file")[0] == data
        assert sum(proxy.counts.values()) > 3


def test_requests_are_counted(store: Store, tmp_path: Path) -> None:
    store.put("x", b"1234")
    before, inside = sum(COUNTS.requests.values()), COUNTS.bytes_in
    assert store.get("x")[0] == b"1234"
    asked = sum(COUNTS.requests.values()) - before
    assert asked == (0 if store.url.startswith(str(tmp_path)) else 1)
    assert COUNTS.bytes_in - inside == 4 * asked


def test_locations(tmp_path: Path) -> None:
    store, name = open_parent("s3://bucket/a/b.sqc?region=eu-central-1")
    assert store.locate(name) == "s3://bucket/a/b.sqc?region=eu-central-1"
    store, name = open_parent(f"file://{tmp_path}/b.sqc")
    assert store.locate(name) == f"{tmp_path}/b.sqc"
