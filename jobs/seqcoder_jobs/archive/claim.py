"""The claim on an archive in an object store: who writes it, and that he is alive.

An object that is put only if there is none, with a number of its own in it (so that one whose
answer was lost is known as ours), and put again every few seconds, only over the one put before.
One who finds a claim watches whether it still changes: no clocks are compared. One whose claim was
taken over learns it before his next commit.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seqcoder.errors import MissingError, StorageError, UsageError
from seqcoder.storage.store import Store
from seqcoder.wording import without_secrets

RENEW_SECONDS = 10.0
WATCH_SECONDS = 45.0
"""A claim that does not change for so long is of one who is gone."""
_RELEASE_SECONDS = 10.0


@dataclass(frozen=True)
class Holder:
    """Who holds a claim, since when by his clock, and when it was last renewed by the store's.

    Times are ISO 8601 in UTC, "" where they are not known. ``alive``: his process is seen here, or
    the claim was renewed while it was watched, for ``watched`` seconds.
    """

    who: str
    since: str
    renewed: str
    alive: bool
    watched: float = 0.0


class Claim:
    """A claim, taken by ``held``."""

    def __init__(self, store: Store, name: str) -> None:
        """``name`` is that of the object."""
        self._store = store
        self._name = name
        self._lock = threading.Lock()
        since = _time(time.time())  # for people; nobody reckons with it
        self._facts = _ours() | {"since": since, "id": secrets.token_hex(8), "renewed": 0}
        self._identity = ""
        self._renewed = 0.0
        self._lost = False

    @contextlib.contextmanager
    def held(self) -> Iterator[Claim]:
        """Hold the claim within the block.

        Raises UsageError: another run holds it; StorageError: it cannot be written.
        """
        self._take()
        over = threading.Event()
        alive = threading.Thread(target=self._keep, args=(over,), daemon=True)
        alive.start()
        try:
            yield self
        finally:
            over.set()
            # A store that answers no more holds nobody up: others find out that we are gone.
            release = threading.Thread(target=self._release, args=(alive,), daemon=True)
            release.start()
            release.join(_RELEASE_SECONDS)

    def _release(self, alive: threading.Thread) -> None:
        alive.join()
        with contextlib.suppress(StorageError), self._lock:
            if self._renew():  # what is deleted is ours
                self._store.delete([self._name])

    def check(self) -> None:
        """Raise UsageError if the claim has been taken over; asks if it was not renewed lately."""
        with self._lock:
            if time.monotonic() - self._renewed > RENEW_SECONDS:
                self._renew()
            if self._lost:
                raise UsageError(
                    f"{self._store.url}: another run has taken the archive over, as this one did "
                    "not answer in time; leave it to that one"
                )

    def _data(self) -> bytes:
        return (json.dumps(self._facts) + "\n").encode()

    def _take(self) -> None:
        while not self._store.put_new(self._name, self._data()):
            try:
                data, there = self._store.get(self._name)
            except MissingError:
                continue
            if not _is_dead(data):
                self._watch(data)
            self._identity = there.identity
            if self._renew():
                return
            self._lost = False
        with contextlib.suppress(MissingError):
            self._identity = self._store.find(self._name).identity
        self._renewed = time.monotonic()

    def _watch(self, data: bytes) -> None:
        """Watch a claim; raises UsageError as soon as it changes."""
        logging.getLogger("seqcoder").warning(
            "%s: another run has claimed it; watching for up to %.0f s whether it is alive",
            without_secrets(self._store.url),
            WATCH_SECONDS,
        )
        until = time.monotonic() + WATCH_SECONDS
        while time.monotonic() < until:
            time.sleep(min(1.0, WATCH_SECONDS / 20))
            try:
                now = self._store.get(self._name)[0]
            except MissingError:
                return
            if now != data:
                raise _refusal(self._store, now)

    def _renew(self) -> bool:
        """Put the claim again; returns whether it is (still) ours."""
        self._facts["renewed"] += 1
        self._identity = self._store.replace(self._name, self._data(), self._identity)
        self._lost = self._lost or not self._identity
        self._renewed = time.monotonic()
        return not self._lost

    def _keep(self, over: threading.Event) -> None:
        while not over.wait(RENEW_SECONDS):
            with contextlib.suppress(StorageError), self._lock:  # ``check`` will tell
                if self._lost or not self._renew():
                    return


def is_claimed(store: Store, name: str) -> bool:
    """Whether there is a claim, of one that is not known to be gone."""
    try:
        return not _is_dead(store.get(name)[0])
    except MissingError:
        return False


def find_holder(store: Store, name: str) -> Holder | None:
    """Return who holds a claim, None if nobody does or he ended meanwhile.

    That of another machine is watched until it is renewed, somewhat longer than that takes at most.
    """
    try:
        data, there = store.get(name)
        if _is_dead(data):
            return None
        watched, alive = 0.0, _is_here(data)
        started = time.monotonic()
        while not alive and watched < 1.5 * RENEW_SECONDS:
            time.sleep(min(1.0, RENEW_SECONDS / 10))
            before = data
            data, there = store.get(name)
            alive, watched = data != before, time.monotonic() - started
    except MissingError:
        return None
    renewed = _time(there.mtime_ns / 1e9) if there.mtime_ns else ""
    return Holder(_who(data), _since(data), renewed, alive, watched)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _since(data: bytes) -> str:
    """Return since when a claim is held; earlier versions did not say."""
    try:
        return _time(datetime.fromisoformat(json.loads(data)["since"]).timestamp())
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return ""


def _ours() -> dict[str, Any]:
    return {"process": os.getpid(), "started": _started(os.getpid()), "host": _host()}


def _host() -> str:
    """Name this machine, since it was started, and its namespace of process numbers."""
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()} {boot} {Path('/proc/self/ns/pid').stat().st_ino}"
    return socket.gethostname()


def _started(process: int) -> str:
    """Return when a process was started (ticks), "" if there is none or it cannot be told."""
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


def _is_dead(data: bytes) -> bool:
    """Whether a claim is of a process of this machine that is gone."""
    return _lives(data) is False


def _is_here(data: bytes) -> bool:
    """Whether a claim is of a process of this machine that lives."""
    return _lives(data) is True


def _lives(data: bytes) -> bool | None:
    """Tell whether the process that a claim names lives, None if it is not of this machine."""
    try:
        facts = json.loads(data)
        if " " not in facts["host"] or facts["host"] != _host():
            return None
        return bool(_started(int(facts["process"])) == facts["started"])
    except (ValueError, KeyError, TypeError):
        return None


def _who(data: bytes) -> str:
    try:
        facts = json.loads(data)
        return f"process {facts['process']} on {facts['host'].partition(' ')[0]}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "unknown process"


def _refusal(store: Store, data: bytes) -> UsageError:
    return UsageError(
        f"{store.url}: another run is writing this archive ({_who(data)}); wait for it or stop it"
    )
